"""Every key of the Live screen, on synthetic runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot

from console.app import RlscaleApp
from console.dialogs.leave import LeaveDialog
from console.dialogs.override import OverrideDialog
from console.keys import KeyContext, entries
from console.live.override import OverridePreview
from console.screens.help import HelpScreen
from console.screens.live import LiveScreen
from console.settings import Settings
from console.start import StartAttach, StartReplay, StartRequest
from console.widgets.chart import Chart
from core.clock import SystemClock
from core.runs.lock import EngineLock
from core.runs.records import RunState
from tests.console.pilots import console, shown, typed, until
from tests.core.runs.factory import write_run


@asynccontextmanager
async def opened(
    start: StartRequest, size: tuple[int, int] = (80, 24), *, ascii_only: bool = False
) -> AsyncIterator[tuple[Pilot[None], LiveScreen]]:
    """The Live screen with the first picture drawn."""
    app: RlscaleApp = console(start, settings=Settings(), ascii_only=ascii_only)
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await until(pilot, lambda: screen.scene.snapshot is not None, "first picture")
        await until(pilot, lambda: "p99" in shown(pilot) or "score" in shown(pilot), "charts")
        yield pilot, screen


def _cursor(screen: LiveScreen) -> int | None:
    inspected = screen.scene.snapshot.inspected if screen.scene.snapshot is not None else None
    return None if inspected is None else inspected.index


def _newest(screen: LiveScreen) -> int:
    assert screen.scene.snapshot is not None
    return screen.scene.snapshot.newest


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


async def test_cursor_keys_inspect_one_moment_everywhere(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (160, 50)) as (pilot, screen):
        await pilot.press("left", "left")
        await until(pilot, lambda: _cursor(screen) == 397)
        await pilot.press("right")
        await until(pilot, lambda: _cursor(screen) == 398)
        await pilot.press("shift+left")
        await until(pilot, lambda: _cursor(screen) == 388)
        await until(pilot, lambda: "▴01:37:00" in shown(pilot))
        assert shown(pilot).count("▴01:37:00") == 4
        assert "decision 388" in shown(pilot)
        await pilot.press("shift+right")
        await until(pilot, lambda: _cursor(screen) == 398)
        await pilot.press("home")
        await until(pilot, lambda: _cursor(screen) == 0)
        await pilot.press("end")
        await until(pilot, lambda: _cursor(screen) is None)


async def test_zoom_keys(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (160, 50)) as (pilot, _):
        for key, span in (
            ("z", "30 min"),
            ("right_square_bracket", "2 h"),
            ("z", "all"),
            ("Z", "2 h"),
            ("left_square_bracket", "30 min"),
        ):
            await pilot.press(key)
            await until(pilot, lambda span=span: f"charts show {span}" in shown(pilot), span)  # type: ignore[misc]


async def test_charts_are_selected_enlarged_and_made_logarithmic(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, screen):
        await pilot.press("tab")
        assert screen.body.selected_chart is screen.body.chart("replicas")
        await pilot.press("shift+tab", "l")
        await until(pilot, lambda: "log" in shown(pilot).splitlines()[1])
        await pilot.press("f")
        await until(pilot, lambda: "traffic" not in shown(pilot))
        latency = screen.body.chart("latency")
        assert latency is not None
        assert latency.size.width == 80
        await pilot.press("f", "l")
        await until(pilot, lambda: "traffic" in shown(pilot))
        assert not latency.logarithmic


async def test_no_logarithm_of_what_is_negative(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, screen):
        await pilot.press("tab", "tab", "tab", "l")
        await until(pilot, lambda: "No logarithmic scale" in shown(pilot))
        reward = screen.body.chart("reward")
        assert reward is not None
        assert not reward.logarithmic


async def test_a_click_selects_a_chart_and_a_moment(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, screen):
        await pilot.click("#chart-traffic", offset=(20, 4))
        await until(pilot, lambda: _cursor(screen) is not None)
        assert screen.body.selected_chart is screen.body.chart("traffic")


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
        await until(pilot, lambda: _cursor(screen) is not None)
        await pilot.press("escape")
        await until(pilot, lambda: _cursor(screen) is None)
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


async def test_training_shows_its_own_charts_and_those_of_the_traffic(training_run: Path) -> None:
    async with opened(StartAttach(training_run)) as (pilot, _):
        text = shown(pilot)
        for part in ("score", "hpa", "episode", "loss", "exploration", "50 %", "31 s left"):
            assert part in text
        assert "beats it" in text
        await pilot.press("v")
        await until(pilot, lambda: "p99" in shown(pilot))
        await pilot.press("v")
        await until(pilot, lambda: "episode" in shown(pilot))


async def test_training_shows_all_charts_where_there_is_room(training_run: Path) -> None:
    async with opened(StartAttach(training_run), (200, 60)) as (pilot, _):
        await until(pilot, lambda: "latency" in shown(pilot) and "episode" in shown(pilot))


async def test_only_a_training_has_other_charts(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, _):
        await pilot.press("v")
        await until(pilot, lambda: "Only a training" in shown(pilot))


async def test_commands_to_an_ended_run_are_refused_in_words(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (120, 40)) as (pilot, screen):
        for count, key in enumerate(("space", "n", "plus", "minus", "m", "r"), start=1):
            await pilot.press(key)
            await until(pilot, lambda count=count: len(screen.scene.refusals) == count, key)  # type: ignore[misc]
            assert "expected a running engine" in screen.scene.refusals[-1].text
        await until(pilot, lambda: "refused" in shown(pilot))


async def test_read_only_refuses_where_it_is_sent(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run, read_only=True), (120, 40)) as (pilot, screen):
        assert "READ-ONLY" in shown(pilot)
        await pilot.press("m")
        await until(pilot, lambda: len(screen.scene.refusals) == 1)
        assert "read-only" in screen.scene.refusals[0].text


async def test_pins_say_what_to_press_outside_of_manual(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, _):
        await pilot.press("up")
        await until(pilot, lambda: "press o to pin" in shown(pilot))


async def test_replay_plays_halts_steps_and_seeks(finished_run: Path) -> None:
    async with opened(StartReplay(finished_run), (120, 40)) as (pilot, screen):
        assert "REPLAY" in shown(pilot)
        await until(pilot, lambda: _newest(screen) > 0, "the play head moves by itself")
        await pilot.press("space")
        await until(pilot, lambda: "PAUSED" in shown(pilot))
        await pilot.press("home")
        await until(pilot, lambda: _newest(screen) == 0)
        await pilot.press("n", "n", "right")
        await until(pilot, lambda: _newest(screen) == 3)
        await pilot.press("left")
        await until(pilot, lambda: _newest(screen) == 2)
        await pilot.press("shift+right")
        await until(pilot, lambda: _newest(screen) == 12)
        await pilot.press("end")
        await until(pilot, lambda: _newest(screen) == 399)
        await pilot.press("minus")
        await until(pilot, lambda: " 1×" in shown(pilot))
        await pilot.press("plus", "plus")
        await until(pilot, lambda: "60×" in shown(pilot))


async def test_replay_commands_nothing(finished_run: Path) -> None:
    async with opened(StartReplay(finished_run), (120, 40)) as (pilot, screen):
        await pilot.press("m")
        await until(pilot, lambda: len(screen.scene.refusals) == 1)
        assert "read-only" in screen.scene.refusals[0].text


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


async def test_quitting_an_ended_run_asks_nothing(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, _):
        await pilot.press("q")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_quitting_a_running_one_asks_unless_read_only(isolated: Path) -> None:
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        async with opened(StartAttach(run)) as (pilot, _):
            await pilot.press("q")
            await until(pilot, lambda: "goes on without a console" in shown(pilot))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
            assert pilot.app.is_running
            await pilot.press("q", "l")
            await until(pilot, lambda: not pilot.app.is_running)
        async with opened(StartAttach(run, read_only=True)) as (pilot, _):
            await pilot.press("q")
            await until(pilot, lambda: not pilot.app.is_running)


async def test_keys_typed_ahead_of_leaving_are_not_taken(isolated: Path) -> None:
    """What is typed for the shell behind must not open dialogs in a console that is closing."""
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        async with opened(StartAttach(run)) as (pilot, _):
            await pilot.press("q")
            await until(pilot, lambda: isinstance(pilot.app.screen, LeaveDialog))
            for key in ("l", "o", "l", "enter"):
                pilot.app.post_message(Key(key, "\r" if key == "enter" else key))
            await until(pilot, lambda: not pilot.app.is_running)


async def test_override_dialog_judges_while_typing(isolated: Path) -> None:
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        async with opened(StartAttach(run), (100, 30)) as (pilot, _):
            await pilot.press("o")
            await until(pilot, lambda: isinstance(pilot.app.screen, OverrideDialog))
            await until(pilot, lambda: "est. cost" in shown(pilot))
            await typed(pilot, "99")
            await until(pilot, lambda: "expected 2 to 60 replicas, found 99" in shown(pilot))
            await pilot.press("enter")
            assert isinstance(pilot.app.screen, OverrideDialog)
            await pilot.press("up")
            await until(pilot, lambda: "→ 60" in shown(pilot))
            await pilot.press("tab", "end")
            await typed(pilot, "x")
            await until(pilot, lambda: "expected such as 15 min" in shown(pilot))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))


async def test_a_run_that_has_ended_is_not_overridden(isolated: Path) -> None:
    run = write_run(isolated / "ended", 40, state=RunState.FINISHED)
    async with opened(StartAttach(run), (100, 30)) as (pilot, _):
        await pilot.press("o")
        await until(pilot, lambda: "The run has ended" in shown(pilot))
        assert isinstance(pilot.app.screen, LiveScreen)


@pytest.mark.parametrize("read_only", [True, False])
async def test_control_is_offered_only_to_who_has_it(isolated: Path, read_only: bool) -> None:
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        async with opened(StartAttach(run, read_only=read_only)) as (pilot, _):
            footer = shown(pilot).splitlines()[-1]
            assert ("override" in footer) is not read_only
            assert "debug" in footer


async def test_enter_applies_what_was_typed_in_the_same_breath(isolated: Path) -> None:
    """Keys that arrive together, as from a fast hand or a paste, are taken in their order."""
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        async with opened(StartAttach(run), (100, 30)) as (pilot, _):
            await pilot.press("o")
            await until(pilot, lambda: isinstance(pilot.app.screen, OverrideDialog))
            dialog = pilot.app.screen
            assert isinstance(dialog, OverrideDialog)
            found: list[OverridePreview | None] = []
            dialog.dismiss = found.append  # type: ignore[method-assign, assignment]
            for key in (Key("3", "3"), Key("enter", "\r")):
                pilot.app.post_message(key)
            await until(pilot, lambda: bool(found))
            assert found[0] is not None
            assert found[0].replicas == 3


async def test_charts_rest_while_nothing_changes(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, screen):
        chart = screen.body.chart("latency")
        assert chart is not None
        await pilot.pause(0.6)
        before = (chart.data, chart._lines)
        await pilot.pause(1.2)
        assert (chart.data, chart._lines) == before
        assert all(one._drawn for one in screen.query(Chart))
