"""Moving through a replay: by keys, by typing, by pointing, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.cli.moments import moment_of
from console.debug.moments import step_of
from console.live.playhead import PlayHead
from console.live.replay_strip import replay_strip, step_under
from console.live.signs import ASCII, UNICODE
from console.screens.live import LiveScreen
from console.settings import Settings
from console.start import StartAttach, StartReplay
from console.themes import palette_for
from core.errors import InputError
from tests.console.cli.conftest import CommandLine, cli
from tests.console.live.opening import opened
from tests.console.live.pictures import picture
from tests.console.pilots import console, shown, typed, until
from tests.core.runs.uneven import paused

__all__ = ["cli"]


def head(pilot: Pilot[None]) -> int | None:
    screen = pilot.app.screen
    assert isinstance(screen, LiveScreen)
    return screen.shown_head


def _newest(screen: LiveScreen) -> int:
    assert screen.scene.snapshot is not None
    return screen.scene.snapshot.newest


@pytest.mark.parametrize("key", ["m", "r", "o", "up", "down"])
async def test_a_replay_says_that_nothing_can_be_commanded(finished_run: Path, key: str) -> None:
    async with opened(StartReplay(finished_run), (120, 40)) as (pilot, screen):
        await pilot.press(key)
        await until(pilot, lambda: "This is a replay" in shown(pilot))
        assert "read-only" not in shown(pilot)
        assert screen.scene.refusals == ()


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


async def test_typed_moments_and_the_mouse(finished_run: Path) -> None:
    app = console(StartReplay(finished_run, begin_s=600.0, speed=1.0), settings=Settings())
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: head(pilot) == 40, "--from")
        await until(pilot, lambda: " replay " in shown(pilot))
        assert "t to" in shown(pilot)
        await pilot.press("t")
        await until(pilot, lambda: " to " in shown(pilot).splitlines()[-2])
        await typed(pilot, "20:00")
        await pilot.press("enter")
        await until(pilot, lambda: head(pilot) == 80, "a time")
        await pilot.press("t")
        await until(pilot, lambda: " to " in shown(pilot).splitlines()[-2])
        await pilot.press(*"+10", "enter")
        await until(pilot, lambda: head(pilot) == 90, "a decision relative to this one")
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        assert screen.scene.context.playing, "it goes on playing from there"
        width = screen.query_one("#live-timeline").size.width
        await pilot.click("#live-timeline", offset=(10, 0))
        await until(pilot, lambda: head(pilot) in (2, 3), "the start of the timeline")
        await pilot.click("#live-timeline", offset=(width - 2, 0))
        await until(pilot, lambda: head(pilot) is not None and head(pilot) > 390)  # type: ignore[operator]
        await pilot.press("space", "home")
        await until(pilot, lambda: head(pilot) == 0)
        assert "PAUSED" in shown(pilot)


def test_a_time_to_come_is_no_step(finished_run: Path) -> None:
    assert step_of(finished_run, 1200.0) == 80
    with pytest.raises(InputError, match="expected a time up to"):
        step_of(finished_run, 9e5)


async def test_typed_times_after_a_pause(finished_run: Path) -> None:
    paused(finished_run, 10)
    app = console(StartReplay(finished_run, speed=1.0), settings=Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: " replay " in shown(pilot))
        await pilot.press("space", "t")
        await until(pilot, lambda: " to " in shown(pilot).splitlines()[-2])
        await typed(pilot, "13:00")
        await pilot.press("enter")
        await until(pilot, lambda: head(pilot) == 12, "the decision at 13:00")


async def test_on_a_living_run_the_key_trains(finished_run: Path) -> None:
    from console.screens.setup import SetupScreen

    app = console(StartAttach(finished_run), settings=Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "p99" in shown(pilot))
        assert " replay " not in shown(pilot)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))


@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_strip_shows_the_whole_run(finished_run: Path, width: int) -> None:
    snapshot = picture(finished_run, head=200)
    for signs in (UNICODE, ASCII):
        [line] = replay_strip(snapshot, signs, palette_for("dark"), width)
        assert line.cell_length <= width
        assert "reverse" in str(line.spans)
        assert line.plain.isascii() is (signs is ASCII)
    last = width - 12
    assert step_under(snapshot, -5, width) <= snapshot.length // (width - 12)
    assert step_under(snapshot, last, width) >= snapshot.length - snapshot.length // last - 1
    assert step_under(snapshot, 10_000, width) <= snapshot.length


def test_seeking_goes_on_playing() -> None:
    assert PlayHead().sought(7, 15.0, 100).playing
    assert not PlayHead(playing=False).sought(7, 15.0, 100).playing
    assert PlayHead().sought(700, 15.0, 100).step(15.0, 100) == 100


def test_moments_on_the_command_line(cli: CommandLine, finished_run: Path) -> None:
    assert moment_of(finished_run, "20:00") == (80, 1200.0)
    assert moment_of(finished_run, "80") == (80, 1200.0)
    with pytest.raises(InputError, match="expected a moment up to decision 399"):
        moment_of(finished_run, "99:00:00")
    with pytest.raises(InputError, match="expected a step such as"):
        moment_of(finished_run, "soon")
    assert cli("replay", "latest", "--speed", "0").code == 2


def test_times_on_the_command_line_after_a_pause(finished_run: Path) -> None:
    paused(finished_run, 10)
    assert moment_of(finished_run, "13:00") == (12, 180.0)
    assert moment_of(finished_run, "10:00") == (9, 135.0)
    with pytest.raises(InputError, match=r"up to decision 399 \(01:49:45\)"):
        moment_of(finished_run, "2 h")
    assert moment_of(finished_run, "01:49:45")[0] == 399
