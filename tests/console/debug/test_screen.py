"""The debugger as a whole: its keys, the ways in and out, and its limits."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from textual.widgets import Input

from console.keys import KeyContext, entries
from console.screens.debug import DebugScreen
from console.screens.live import LiveScreen
from console.screens.runs import RunsScreen
from console.settings import Settings
from console.start import StartAttach, StartDebug, StartRuns
from core.runs.records import RunKind
from tests.console.debug.opening import at, futures, opened, told
from tests.console.pilots import console, shown, typed, until
from tests.core.debug.factory import STEPS
from tests.core.runs.factory import write_run

SMALL, LARGE = (80, 24), (160, 50)


def test_every_key_has_its_action() -> None:
    for entry in entries(KeyContext.DEBUG):
        name = entry.action.partition("(")[0]
        assert hasattr(DebugScreen, f"action_{name}"), entry.action


async def test_a_decision_is_exported(run: Path, tmp_path: Path) -> None:
    async with opened(run, 33) as (pilot, screen):
        await futures(pilot, screen)
        await pilot.press("e")
        field = screen.query_one(Input)
        assert field.value.endswith("ppo-eventful-3f2a-33.md")
        field.value = str(tmp_path / "one.txt")
        await until(pilot, lambda: "expected a name that ends in" in shown(pilot))
        field.value = str(tmp_path / "one.md")
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "one.md").exists())
        text = (tmp_path / "one.md").read_text()
        assert "# Decision 33" in text
        assert "## What if" in text


async def test_escape_leaves_to_where_it_came_from(run: Path) -> None:
    app = console(StartAttach(run), settings=Settings())
    async with app.run_test(size=SMALL) as pilot:
        live = app.screen
        assert isinstance(live, LiveScreen)
        await until(pilot, lambda: live.scene.snapshot is not None)
        await pilot.press("left", "left")
        await until(pilot, lambda: _inspected(live) == STEPS - 2)
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, DebugScreen))
        screen = app.screen
        assert isinstance(screen, DebugScreen)
        await at(pilot, screen, STEPS - 2)
        await pilot.press("escape")
        assert app.screen is live
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DebugScreen))


def _inspected(live: LiveScreen) -> int | None:
    snapshot = live.scene.snapshot
    return None if snapshot is None or snapshot.inspected is None else snapshot.inspected.index


async def test_it_opens_from_the_list_of_runs(run: Path) -> None:
    write_run(run.parent / "20261122-150000-ppo-broad-77aa", 50, kind=RunKind.TRAINING)
    app = console(StartRuns(), settings=Settings())
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        await until(pilot, lambda: len(screen.table.rows_shown) == 2)
        await pilot.press("d")
        await until(
            pilot, lambda: isinstance(app.screen, DebugScreen) or "no one course" in told(pilot)
        )
        if not isinstance(app.screen, DebugScreen):
            await pilot.press("down", "d")
            await until(pilot, lambda: isinstance(app.screen, DebugScreen))


async def test_what_cannot_be_debugged_says_so(tmp_path: Path) -> None:
    app = console(StartDebug(tmp_path / "none"), settings=Settings())
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "expected a run" in shown(pilot))
        await pilot.press("n", "c", "p", "t", "escape", "4", "down", "enter", "B", "e", "y", "home")


async def test_a_terminal_may_be_too_small(run: Path) -> None:
    async with opened(run, 33, size=(50, 12)) as (pilot, _):
        assert "Needs 60x16, is 50x12" in shown(pilot)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "policy wants" in shown(pilot))


@pytest.mark.parametrize(("size", "panels"), [(SMALL, "123456"), (LARGE, "1")])
async def test_ascii_is_ascii_alone(run: Path, size: tuple[int, int], panels: str) -> None:
    async with opened(run, 70, size=size, ascii_only=True) as (pilot, screen):
        await futures(pilot, screen)
        await pilot.press("p")
        await typed(pilot, "guardrail")
        await pilot.press("enter")
        for number in panels:
            await pilot.press(number)
            await pilot.pause()
            text = shown(pilot)
            assert text.isascii(), {sign for sign in text if not sign.isascii()}


async def test_no_line_is_cut_in_the_middle_of_a_number(run: Path) -> None:
    async with opened(run, 33) as (pilot, screen):
        await futures(pilot, screen)
        for panel in (2, 3, 4):
            await pilot.press(str(panel))
            await pilot.pause()
            assert "…" not in shown(pilot)


async def test_another_past_is_warned_of(run: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(run, tmp_path / "copy"))
    connection = sqlite3.connect(copied / "run.db")
    with connection:
        connection.execute("UPDATE steps SET latency_p95_ms = 1.5 WHERE step = 12")
    connection.close()
    async with opened(copied, 33) as (pilot, screen):
        await futures(pilot, screen)
        await until(pilot, lambda: "Not the recorded run" in shown(pilot))
        assert "exact" not in shown(pilot).splitlines()[0]
