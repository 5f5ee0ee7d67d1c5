"""A story on the real console, with real engines: it steers, gives way, and comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from console.app import RlscaleApp
from console.dialogs.override import OverrideDialog
from console.screens.compare import CompareScreen
from console.screens.debug import DebugScreen
from console.screens.live import LiveScreen
from console.screens.setup import SetupScreen
from console.screens.versus import VersusScreen
from console.settings import Settings
from console.start import StartDemo
from console.story.bar import StoryBar, StoryState
from console.story.director import Director
from console.story.opening import Opening
from core.runs.catalogue import list_runs, stop_run
from core.runs.records import RunStatus
from core.state import ControlMode
from tests.console.pilots import console, shown, until
from tests.core.runs.conftest import engines

__all__ = ["engines"]

pytestmark = [pytest.mark.usefixtures("engines"), pytest.mark.timeout(120)]

RUNS = """
runs:
  demo: {policy: hpa, scenario: flash-crowd, speed: 60}
  other: {policy: ppo, scenario: flash-crowd, speed: max}
"""


def scenes(folder: Path, lines: str, pace: float = 1.0) -> RlscaleApp:
    """The console on a story with the scenes of these lines."""
    path = folder / "story.yaml"
    path.write_text(f"{RUNS}scenes:\n{lines}", encoding="utf-8")
    return console(StartDemo(script=path, pace=pace), settings=Settings())


def story(folder: Path, *steps: str, pace: float = 1.0) -> RlscaleApp:
    """The console on a story with these steps after the first."""
    lines = "".join(f"      - {step}\n" for step in ("live: demo", *steps))
    return scenes(folder, f"  - title: one\n    steps:\n{lines}", pace)


def director(app: RlscaleApp) -> Director:
    assert app.story is not None
    return app.story


def status_of(app: RlscaleApp) -> RunStatus:
    live = app.screen_stack[0]
    assert isinstance(live, LiveScreen)
    assert live.scene.snapshot is not None
    return live.scene.snapshot.status


def words_on(pilot: Pilot[None]) -> str:
    """What stands on the screen, which may have been opened this moment and be empty still."""
    lines = pilot.app.screen._compositor.render_strips()
    return " ".join("".join(segment.text for strip in lines for segment in strip).split())


async def says(pilot: Pilot[None], words: str) -> None:
    await until(pilot, lambda: words in words_on(pilot), words)


async def test_every_screen_and_the_end(isolated: Path) -> None:
    app = story(
        isolated,
        "start: other",
        'say: "At {demo.time} under {demo.policy}"',
        "until: 02:00",
        "pause",
        "compare: [demo, other]",
        "{say: side by side, for: 0.3}",
        "{versus: [demo, other], at: 01:00}",
        "{say: in step, for: 0.3}",
        "{debug: demo, at: 01:00}",
        'press: "2"',
        "{say: in the debugger, for: 0.3}",
        "live: demo",
        "resume",
        "{say: the end, for: 0.1}",
    )
    async with app.run_test(size=(80, 24)) as pilot:
        assert len(app.screen.query(StoryBar)) <= 1
        await says(pilot, "under hpa 1/1 one")
        await says(pilot, "side by side 1/1")
        assert isinstance(app.screen, CompareScreen)
        assert next(one.status for one in list_runs() if one.run_id.count("hpa")).paused  # type: ignore[union-attr]
        await says(pilot, "in step 1/1")
        assert isinstance(app.screen, VersusScreen)
        assert app.screen.present == 4
        await says(pilot, "in the debugger 1/1")
        assert isinstance(app.screen, DebugScreen)
        assert app.screen.present == 4
        assert app.screen.scene.panel.value == "values"
        await says(pilot, "the end the story is over")
        assert isinstance(app.screen, LiveScreen)
        await until(pilot, lambda: not status_of(app).paused)
        # A key that means nothing leaves the last words alone; one that does takes the bar away.
        await pilot.press("Q")
        assert app.story is not None
        await pilot.press("z")
        await until(pilot, lambda: app.story is None and not app.screen.query(StoryBar))
        assert "1/1" not in shown(pilot)


async def test_the_override_is_typed_into_the_dialog(isolated: Path) -> None:
    app = story(
        isolated,
        "until: 00:30",
        "{override: 9, for: 3 min}",
        "{say: pinned, for: 1}",
        "release",
        "{say: released, for: 30}",
        pace=4.0,
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, OverrideDialog), "the dialog")
        await until(pilot, lambda: bool(app.screen.query(StoryBar)), "the caption stays beside it")
        await says(pilot, "pinned 1/1")
        await until(pilot, lambda: status_of(app).override_target == 9)
        assert status_of(app).override_remaining_s is not None
        await says(pilot, "released 1/1")
        await until(pilot, lambda: status_of(app).mode is ControlMode.AUTO)
        log = "\n".join(line.text for line in app.screen_stack[0].scene.log)  # type: ignore[attr-defined]
        assert "pinned 9 replicas for 180 s" in log
        assert "released" in log


async def test_a_key_takes_over_and_another_gives_back(isolated: Path) -> None:
    app = story(
        isolated,
        "speed: 30",
        "{debug: demo, at: 00:15}",
        "{say: first words, for: 60}",
        "{say: second words, for: 60}",
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await says(pilot, "first words 1/1")
        # Nothing happens on its own while the presenter is elsewhere.
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        assert director(app).state is StoryState.WAITING
        await says(pilot, "You steer, the story waits at 1/1 one")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DebugScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, LiveScreen))
        await until(pilot, lambda: status_of(app).speed == 30.0)
        await pilot.press("m", "plus")
        await until(pilot, lambda: status_of(app).mode is ControlMode.SHADOW)
        await until(pilot, lambda: status_of(app).speed == 60.0)
        await pilot.press("space")
        await until(pilot, lambda: status_of(app).paused)
        assert director(app).state is StoryState.WAITING
        await pilot.press("G")
        await says(pilot, "first words 1/1")
        assert isinstance(app.screen, DebugScreen)
        # The run is again as the story left it.
        await until(pilot, lambda: director(app).state is StoryState.PLAYING)
        entry = next(one for one in list_runs() if one.status is not None)
        assert entry.status is not None
        assert (entry.status.mode, entry.status.speed) == (ControlMode.AUTO, 30.0)
        assert not entry.status.paused
        await pilot.press("n")
        assert director(app).state is StoryState.WAITING
        await pilot.press("X")
        await until(pilot, lambda: app.story is None and not app.screen.query(StoryBar))


async def test_space_lets_everything_stand_still(isolated: Path) -> None:
    app = story(isolated, "{say: words, for: 0.6}", "{say: later, for: 60}")
    async with app.run_test(size=(100, 30)) as pilot:
        await says(pilot, "words 1/1 one")
        await pilot.press("space")
        await says(pilot, "1/1 one PAUSED space goes on")
        await until(pilot, lambda: status_of(app).paused)
        await pilot.pause(0.8)
        assert "words" in shown(pilot), "the story goes no further"
        await pilot.press("space")
        await says(pilot, "later 1/1")
        await until(pilot, lambda: not status_of(app).paused)


async def test_what_stood_still_goes_on_when_another_steered_or_the_story_is_ended(
    isolated: Path,
) -> None:
    runs = RUNS.replace("speed: max", "speed: 30")
    path = isolated / "story.yaml"
    steps = "[{live: other}, {live: demo}, {say: words, for: 60}]"
    path.write_text(f"{runs}scenes: [{{title: one, steps: {steps}}}]\n", encoding="utf-8")
    app = console(StartDemo(script=path), settings=Settings())

    def paused() -> list[bool]:
        return [one.status is not None and one.status.paused for one in list_runs()]

    async with app.run_test(size=(100, 30)) as pilot:
        await says(pilot, "words 1/1 one")
        await pilot.press("space")
        await until(pilot, lambda: paused() == [True, True], "both stand still")
        await pilot.press("z")
        await until(pilot, lambda: director(app).state is StoryState.WAITING)
        await pilot.press("G")
        await until(pilot, lambda: paused() == [False, False], "both go on")
        await pilot.press("space")
        await until(pilot, lambda: paused() == [True, True], "both stand still again")
        await pilot.press("X")
        await until(pilot, lambda: paused() == [False, False], "both go on without the story")
        await until(pilot, lambda: app.story is None)


async def test_a_console_that_is_left_before_anything_began(isolated: Path) -> None:
    opening = Opening(StartDemo())
    waiting = asyncio.create_task(asyncio.to_thread(opening.wait))
    opening.give_up()
    assert await asyncio.wait_for(waiting, 10.0) is None


async def test_a_mouse_takes_over_too(isolated: Path) -> None:
    app = story(isolated, "{say: words, for: 60}")
    async with app.run_test(size=(80, 24)) as pilot:
        await says(pilot, "words 1/1")
        await pilot.click(StoryBar)
        await until(pilot, lambda: director(app).state is StoryState.PAUSED)
        # As a driver hands it in; the pilot's own clicks go past the application.
        app.post_message(events.MouseDown(None, 12, 8, 0, 0, 1, False, False, False, 12, 8))
        await until(pilot, lambda: director(app).state is StoryState.WAITING)
        await pilot.click(StoryBar)
        await until(pilot, lambda: director(app).state is StoryState.PLAYING)


async def test_a_scene_whose_run_has_ended_is_left_out(isolated: Path) -> None:
    app = scenes(
        isolated,
        "  - {title: one, steps: [{live: other}, {wait: 3}]}\n"
        "  - {title: two, steps: [{override: 9}, {say: never}]}\n"
        "  - {title: three, steps: [{say: at last, for: 60}]}\n",
    )
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await says(pilot, "at last 3/3 three")
        assert any("Two is left out" in one.message for one in app._notifications)


async def test_a_scene_whose_run_ends_while_somebody_else_steers_is_left_out(
    isolated: Path,
) -> None:
    app = scenes(
        isolated,
        "  - {title: one, steps: [{live: demo}, {say: the live log, for: 60}]}\n"
        "  - {title: two, steps: [{say: at last, for: 60}]}\n",
    )
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await says(pilot, "the live log 1/2 one")
        await pilot.press("z")
        await until(pilot, lambda: director(app).state is StoryState.WAITING)
        [run] = [one for one in list_runs() if one.status is not None]
        await asyncio.to_thread(stop_run, run.directory)
        await pilot.press("G")
        await says(pilot, "at last 2/2 two")
        assert any("One is left out" in one.message for one in app._notifications)


async def test_its_timer_may_ring_once_more_while_the_console_closes(isolated: Path) -> None:
    app = story(isolated, "{say: hello, for: 60}")
    async with app.run_test(size=(80, 24)) as pilot:
        await says(pilot, "hello")
        director = app.story
        assert director is not None
    assert not app.screen_stack
    director._show_bar()


async def test_a_story_whose_engine_does_not_start_ends_in_order(
    isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (isolated / "data").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("RLSCALE_DATA_DIR", str(isolated / "data"))
    app = story(isolated)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.story is None)
        await until(pilot, lambda: "data" in shown(pilot), "why")
        assert app.is_running
