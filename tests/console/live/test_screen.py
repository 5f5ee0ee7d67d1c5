"""The Live screen as a whole: what it shows at each size, its dialogs and its log."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.keys import KeyContext, entries
from console.screens.help import HelpScreen
from console.screens.live import LiveScreen
from console.settings import Settings
from console.start import StartAttach
from core.runs.records import RunState
from tests.console.live.opening import cursor, opened
from tests.console.pilots import console, shown, typed, until
from tests.core.runs.factory import write_run


async def test_shows_everything_at_80x24(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, _):
        text = shown(pilot)
        for part in (
            "flash-crowd",
            "FINISHED",
            "AUTO",
            "01:39:45",
            "latency",
            "replicas",
            "traffic",
            "reward",
            "250",
            "actions",
            "policy",
            "D debug",
            "? help",
        ):
            assert part in text


async def test_shows_decision_and_log_at_160x50(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (160, 50)) as (pilot, screen):
        text = shown(pilot)
        for part in ("Probabilities", "Reward", "Observation", "log", "charts show 10 min"):
            assert part in text
        assert screen.scene.log_rows >= 50 // 3 - 2


async def test_uses_the_space_at_200x60(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (200, 60)) as (pilot, _):
        await until(pilot, lambda: "utilisation" in shown(pilot))
        assert "queue" in shown(pilot)


async def test_decision_takes_the_place_of_the_charts_at_80x24(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, _):
        await pilot.press("d")
        await until(pilot, lambda: "Observation" in shown(pilot))
        assert "p99" not in shown(pilot)
        await pilot.press("left")
        await until(pilot, lambda: "decision 398" in shown(pilot))
        await pilot.press("d")
        await until(pilot, lambda: "p99" in shown(pilot))


async def test_decision_goes_and_comes_beside_the_charts(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (160, 50)) as (pilot, _):
        await pilot.press("d")
        await until(pilot, lambda: "Observation" not in shown(pilot))
        await pilot.press("d")
        await until(pilot, lambda: "Observation" in shown(pilot))


async def test_log_filter(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (160, 50)) as (pilot, screen):
        await pilot.press("slash")
        await typed(pilot, "pinned")
        await pilot.press("enter")
        await until(pilot, lambda: "log /pinned" in shown(pilot))
        log = screen.body.query_one("#live-log")
        assert "pinned" in str(getattr(log, "text", ""))
        assert "cover the" not in str(getattr(log, "text", ""))
        await pilot.press("escape")
        await until(pilot, lambda: "log /pinned" not in shown(pilot))


async def test_escape_closes_one_thing_at_a_time(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, screen):
        await pilot.press("left", "d", "slash", "x")
        await until(pilot, lambda: screen.scene.pattern == "x")
        await pilot.press("escape")
        assert screen.scene.pattern == ""
        assert screen.scene.decision_instead
        await pilot.press("escape")
        assert not screen.scene.decision_instead
        await until(pilot, lambda: cursor(screen) is not None)
        await pilot.press("escape")
        await until(pilot, lambda: cursor(screen) is None)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, LiveScreen)


async def test_help_lists_every_key_of_the_screen(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (100, 300)) as (pilot, _):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await until(pilot, lambda: "Words in the header" in shown(pilot))
        words = " ".join(shown(pilot).replace("│", " ").split())
        for entry in entries(KeyContext.LIVE, KeyContext.CONTROL):
            assert entry.help.split(":")[0][:40] in words
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, LiveScreen)


@pytest.mark.parametrize("size", [(40, 10), (59, 40), (120, 15)])
async def test_too_small_is_one_line(finished_run: Path, size: tuple[int, int]) -> None:
    app = console(StartAttach(finished_run), settings=Settings())
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await until(pilot, lambda: screen.scene.snapshot is not None)
        await until(pilot, lambda: f"is {size[0]}x{size[1]}" in shown(pilot))
        assert "latency" not in shown(pilot)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "p99" in shown(pilot))


async def test_smallest_size_shows_all_parts(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (60, 16)) as (pilot, _):
        for part in ("latency", "replicas", "traffic", "reward", "actions", "debug"):
            assert part in shown(pilot)


async def test_ascii_shows_nothing_else(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (120, 40), ascii_only=True) as (pilot, _):
        assert shown(pilot).isascii()


async def test_lost_engine_says_what_to_do(isolated: Path) -> None:
    run = write_run(isolated / "lost", 40, state=RunState.RUNNING)
    async with opened(StartAttach(run), (120, 40)) as (pilot, _):
        assert "ENGINE LOST" in shown(pilot)
        assert "Restart it" in " ".join(shown(pilot).split())


async def test_a_missing_run_is_said_on_the_screen(isolated: Path) -> None:
    app = console(StartAttach(isolated / "nothing"), settings=Settings())
    async with app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: "found none" in " ".join(shown(pilot).split()))
