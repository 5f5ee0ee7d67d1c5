"""Every key of the debugger, on real runs."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from textual.widgets import Input

from console.dialogs.branch import BranchDialog
from console.keys import KeyContext, entries
from console.screens.debug import DebugScreen
from console.screens.live import LiveScreen
from console.screens.runs import RunsScreen
from console.settings import Settings
from console.start import StartAttach, StartDebug, StartRuns
from core.debug.breakpoints import FILE_NAME
from core.debug.search import RunSearch
from core.runs.config import InferenceConfig
from core.runs.launch import launch
from core.runs.lock import is_alive
from core.runs.reader import RunReader
from core.runs.records import RunKind, RunState
from tests.console.debug.opening import at, futures, opened, told
from tests.console.pilots import console, shown, typed, until
from tests.core.debug.factory import STEPS
from tests.core.runs.conftest import engines
from tests.core.runs.factory import write_run

__all__ = ["engines"]

SMALL, LARGE = (80, 24), (160, 50)


def hits(run: Path, text: str) -> list[int]:
    search = RunSearch(RunReader(run))
    return [int(step) for step in search.hits(search.condition(text))]


def test_every_key_has_its_action() -> None:
    for entry in entries(KeyContext.DEBUG):
        name = entry.action.partition("(")[0]
        assert hasattr(DebugScreen, f"action_{name}"), entry.action


# -- moving -------------------------------------------------------------------------------------


async def test_moving_through_the_run(run: Path) -> None:
    async with opened(run) as (pilot, screen):
        await at(pilot, screen, STEPS)
        for keys, step in (
            (("b",), STEPS - 1),
            (("left", "left"), STEPS - 3),
            (("n",), STEPS - 2),
            (("shift+left",), STEPS - 12),
            (("shift+right", "right"), STEPS - 1),
            (("home",), 0),
            (("b",), 0),
            (("n", "n", "n"), 3),
            (("end",), STEPS),
        ):
            await pilot.press(*keys)
            await at(pilot, screen, step)
        await pilot.press("n")
        await until(pilot, lambda: "newest decision" in told(pilot))


async def test_going_to_a_step_or_a_time(run: Path) -> None:
    async with opened(run, 5) as (pilot, screen):
        for text, step in (("40", 40), ("+3", 43), ("-13", 30), ("10:00", 40), ("90 s", 6)):
            await pilot.press("t")
            await typed(pilot, text.replace("+", "")) if "+" not in text else None
            if "+" in text:
                await pilot.press("plus", *text[1:])
            await pilot.press("enter")
            await at(pilot, screen, step)
        await pilot.press("t", "x")
        await until(pilot, lambda: "expected a step such as 120" in shown(pilot))
        await pilot.press("enter")
        assert screen.prompt.is_open
        await pilot.press("escape")
        assert not screen.prompt.is_open
        await at(pilot, screen, 6)


async def test_the_timeline_is_clicked_and_dragged(run: Path) -> None:
    async with opened(run, 40, size=LARGE) as (pilot, screen):
        await pilot.click("#debug-timeline", offset=(10, 1))
        await until(pilot, lambda: screen.picture is not None and screen.picture.index < 5)
        await pilot.mouse_down("#debug-timeline", offset=(60, 1))
        await until(pilot, lambda: screen.picture is not None and screen.picture.index > 30)
        before = screen.picture
        assert before is not None
        await pilot.hover("#debug-timeline", offset=(80, 1))
        await until(pilot, lambda: screen.present > before.index)
        await pilot.mouse_up("#debug-timeline", offset=(80, 1))
        stands = screen.present
        await pilot.hover("#debug-timeline", offset=(20, 1))
        await pilot.pause()
        assert screen.present == stands


async def test_zooming_the_timeline(run: Path) -> None:
    async with opened(run, 40) as (pilot, _):
        assert "30 min" in shown(pilot)
        await pilot.press("Z")
        await until(pilot, lambda: "10 min" in shown(pilot))
        await pilot.press("z", "z")
        await until(pilot, lambda: "2 h" in shown(pilot))


# -- breakpoints --------------------------------------------------------------------------------


async def test_breakpoints_are_added_used_and_kept(run: Path) -> None:
    wanted = hits(run, "p95 > slo")
    async with opened(run, 0) as (pilot, screen):
        await pilot.press("c")
        await until(pilot, lambda: "No breakpoint is on" in told(pilot))
        await pilot.press("p")
        await typed(pilot, "p95 > sl")
        await pilot.press("enter")
        await until(pilot, lambda: "found 'sl'" in shown(pilot))
        await typed(pilot, "o")
        await pilot.press("enter")
        await until(pilot, lambda: f"{len(wanted)} decisions so far" in told(pilot))
        await pilot.press("c")
        await at(pilot, screen, wanted[0])
        await pilot.press("c", "c")
        await at(pilot, screen, wanted[2])
        await pilot.press("C")
        await at(pilot, screen, wanted[1])
        assert "[x] p95 > slo" in shown(pilot)
        await pilot.press("1")
        await until(pilot, lambda: "stops at p95 > slo" in shown(pilot))
        assert json.loads((run / FILE_NAME).read_text())["breakpoints"][0]["enabled"]
        await pilot.press("5", "space")
        await until(pilot, lambda: "[ ] p95 > slo" in shown(pilot))
        await pilot.press("space", "s")
        await until(pilot, lambda: "starts" in shown(pilot))
        await pilot.press("end", "c")
        await until(pilot, lambda: "No further stop" in told(pilot))
        await pilot.press("home", "C")
        await until(pilot, lambda: "No stop before" in told(pilot))
        await pilot.press("x")
        await until(pilot, lambda: "None yet." in shown(pilot))


async def test_who_only_looks_keeps_no_breakpoints(run: Path) -> None:
    async with opened(run, 0, read_only=True) as (pilot, screen):
        assert "READ-ONLY" in shown(pilot)
        await pilot.press("p")
        await typed(pilot, "guardrail")
        await pilot.press("enter")
        await until(pilot, lambda: "[x] guardrail" in shown(pilot))
        await pilot.press("c")
        await at(pilot, screen, hits(run, "guardrail")[0])
        assert not (run / FILE_NAME).exists()


# -- panels -------------------------------------------------------------------------------------


async def test_everything_is_visible_at_once_where_there_is_room(run: Path) -> None:
    async with opened(run, 33, size=LARGE) as (pilot, screen):
        await futures(pilot, screen)
        text = shown(pilot)
        for words in (
            "decision 33 of 80",
            "exact",
            "policy wants",
            "latency p95",
            "Reward",
            "Probabilities",
            "entropy",
            "runner-up",
            "logit of",
            "exact to 1e-09",
            "as decided",
            "hpa from here",
            "p95 to come",
            "ready to come",
            "None yet.",
            "for the same action",
            "1 moment",
            "6 alike",
        ):
            assert words in text, words


async def test_one_panel_at_a_time_where_there_is_not(run: Path) -> None:
    async with opened(run, 33) as (pilot, screen):
        await futures(pilot, screen)
        words = (
            "policy wants",
            "Probabilities",
            "exact to",
            "as decided",
            "None yet.",
            "for the same action",
        )
        for number, expected in enumerate(words, start=1):
            await pilot.press(str(number))
            await until(pilot, lambda expected=expected: expected in shown(pilot), expected)  # type: ignore[misc]
            assert sum(one in shown(pilot) for one in words) == 1
        await pilot.press("tab")
        await until(pilot, lambda: "policy wants" in shown(pilot))
        await pilot.press("shift+tab")
        await until(pilot, lambda: "for the same action" in shown(pilot))


async def test_the_moment_stands_beside_another_panel_at_120_columns(run: Path) -> None:
    async with opened(run, 33, size=(120, 36)) as (pilot, _):
        assert "policy wants" in shown(pilot)
        assert "logit of" in shown(pilot)
        await pilot.press("2")
        await until(pilot, lambda: "Probabilities" in shown(pilot))
        assert "policy wants" in shown(pilot)


async def test_a_click_selects_a_panel(run: Path) -> None:
    async with opened(run, 33, size=LARGE) as (pilot, screen):
        await pilot.click("#panel-values", offset=(5, 5))
        await until(pilot, lambda: screen.scene.panel.value == "values")


async def test_questions_and_baselines(run: Path) -> None:
    async with opened(run, 33) as (pilot, screen):
        await pilot.press("3")
        await until(pilot, lambda: "at the mean of 81 observations" in shown(pilot))
        await pilot.press("m")
        await until(pilot, lambda: "the decision before" in shown(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "logarithm of the mean target" in shown(pilot))
        await pilot.press("y", "m")
        await until(pilot, lambda: "logit of" in shown(pilot))
        await pilot.press("2", "down", "down", "down", "enter", "3")
        assert screen.picture is not None
        found = screen.picture.explanation
        assert found is not None
        assert found.weighing is not None
        rival = found.weighing.options[3]
        await until(pilot, lambda: screen._view.inquiry.rival == rival.action)
        about = f"minus that of {rival.label.replace('-minute', ' min')}"
        await until(pilot, lambda: about in shown(pilot), about)
        await pilot.press("2", "up", "up", "up", "enter")
        await until(pilot, lambda: screen._view.inquiry.rival is None)


async def test_futures_further_nearer_and_of_others(run: Path) -> None:
    async with opened(run, 33) as (pilot, screen):
        await pilot.press("4")
        await futures(pilot, screen)
        assert "Next 20 decisions" in shown(pilot)
        await pilot.press("minus")
        await until(pilot, lambda: "Next 10 decisions" in shown(pilot))
        await pilot.press("plus", "plus")
        await until(pilot, lambda: "Next 40 decisions" in shown(pilot))
        await pilot.press("o")
        screen.query_one(Input).value = "static:5, nobody"
        await until(pilot, lambda: "found 'nobody'" in shown(pilot))
        screen.query_one(Input).value = "static:5"
        await pilot.press("enter")
        await until(pilot, lambda: "static:5 from here" in shown(pilot))
        assert "hpa from here" not in shown(pilot)
        await pilot.press("f")
        await until(pilot, lambda: "p95 to come" in shown(pilot))
        await pilot.press("f")
        await until(pilot, lambda: "as decided" in shown(pilot))


async def test_the_alike_lead_to_their_decision(run: Path) -> None:
    async with opened(run, 70) as (pilot, screen):
        assert screen.picture is not None
        found = screen.picture.explanation
        assert found is not None
        assert len(found.neighbours) > 1
        await pilot.press("6", "down", "enter")
        await at(pilot, screen, found.neighbours[1].step)


async def test_a_baseline_has_a_debugger_too(hpa_run: Path) -> None:
    async with opened(hpa_run, 40) as (pilot, screen):
        await pilot.press("2")
        await until(pilot, lambda: "decides by a rule" in shown(pilot))
        await pilot.press("enter", "3")
        await until(pilot, lambda: "No contributions" in shown(pilot))
        await pilot.press("4")
        await futures(pilot, screen)
        for words in ("as decided", "×1.25", "rule from here"):
            assert words in shown(pilot)


# -- away from here -----------------------------------------------------------------------------


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


@pytest.mark.usefixtures("engines")
async def test_a_new_run_goes_on_from_here(run: Path) -> None:
    async with opened(run, 33) as (pilot, screen):
        await pilot.press("4")
        await futures(pilot, screen)
        played = screen.scene.played
        assert played is not None
        assert played.found is not None
        outcomes = played.found.outcomes
        row = next(place for place, one in enumerate(outcomes) if place and not one.takes_over)
        await pilot.press(*["down"] * row, "B")
        await until(pilot, lambda: isinstance(pilot.app.screen, BranchDialog))
        assert pilot.app.screen.query(Input)[0].value == str(outcomes[row].wanted)
        await pilot.press("escape", "B")
        await until(pilot, lambda: isinstance(pilot.app.screen, BranchDialog))
        fields = pilot.app.screen.query(Input)
        fields[0].value = "99"
        await until(pilot, lambda: "expected 2 to 60" in shown(pilot))
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, BranchDialog)
        fields[0].value = "9"
        fields[1].value = "hpa"
        await pilot.press("tab", "tab", "right", "right")
        await until(pilot, lambda: "Waits at this decision" in shown(pilot))
        await pilot.press("shift+tab", "enter")
        await until(
            pilot,
            lambda: isinstance(pilot.app.screen, DebugScreen) and pilot.app.screen is not screen,
            "an engine of its own",
            within_s=60.0,
        )
        branch = pilot.app.screen
        assert isinstance(branch, DebugScreen)
        await at(pilot, branch, 33)
        reader = RunReader(branch.directory)
        assert reader.info().parent == run.name
        step = reader.step(33)
        assert step.decision.target == 9
        assert step.state == RunReader(run).step(33).state
        # It is a living run: the next decision is taken by the engine, and `c` runs on.
        await pilot.press("n")
        await at(pilot, branch, 34)
        assert "CPU" in reader.step(34).decision.reason
        await pilot.press("p")
        await typed(pilot, "step == 39")
        await pilot.press("enter", "c")
        await at(pilot, branch, 39)
        await until(pilot, lambda: "Stopped at step == 39" in told(pilot))
        assert reader.last_step() == 39
        await pilot.press("t")
        await typed(pilot, "44")
        await pilot.press("enter")
        await at(pilot, branch, 44)
        await pilot.press("x", "p")
        await typed(pilot, "rps < 0")
        await pilot.press("enter", "c")
        await until(pilot, lambda: "TO STOP" in shown(pilot))
        await pilot.press("b")
        await until(pilot, lambda: "TO STOP" not in shown(pilot))
        assert reader.status().state is RunState.PAUSED
        await pilot.press("escape")
        assert screen in pilot.app.screen_stack
        assert branch not in pilot.app.screen_stack
        assert is_alive(branch.directory)


@pytest.mark.usefixtures("engines")
async def test_who_may_not_drive_waits_for_the_next_stop(isolated: Path) -> None:
    directory = launch(InferenceConfig(policy="hpa", scenario="daily-pattern", speed=300.0))
    async with opened(directory, read_only=True) as (pilot, screen):
        await pilot.press("p")
        await typed(pilot, "rps > 0 and step % 40 == 39")
        await pilot.press("enter", "c")
        await until(pilot, lambda: screen.picture is not None and screen.picture.index % 40 == 39)
        await pilot.press("x", "p")
        await typed(pilot, "rps < 0")
        await pilot.press("enter", "c")
        await until(pilot, lambda: "TO STOP" in shown(pilot))
        await pilot.press("b")
        await until(pilot, lambda: "TO STOP" not in shown(pilot))
        assert is_alive(directory)


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


# -- limits -------------------------------------------------------------------------------------


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
