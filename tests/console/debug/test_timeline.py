"""Moving through a run: by keys, by typing, on the timeline."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from console.debug.timeline import canvas_of, step_under
from console.debug.timeline_widget import LABEL
from console.screens.debug import DebugScreen
from console.settings import Settings
from console.start import StartDebug
from tests.console.debug.opening import at, opened, told
from tests.console.pilots import console, shown, typed, until
from tests.core.debug.factory import STEPS
from tests.core.runs.uneven import paused

LARGE = (160, 50)


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
        await pilot.press("t")
        await typed(pilot, "5h")
        await pilot.press("enter")
        await until(pilot, lambda: "Expected a time up to" in told(pilot))
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


async def test_times_and_clicks_after_a_pause(run: Path) -> None:
    paused(run, 10)
    async with opened(run, 5, size=LARGE) as (pilot, screen):
        for text, step in (("13:00", 12), ("10:00", 9)):
            await pilot.press("t")
            await typed(pilot, text)
            await pilot.press("enter")
            await at(pilot, screen, step)
        await pilot.press("p")
        await typed(pilot, "step == 12")
        await pilot.press("enter")
        picture = screen.picture
        assert picture is not None
        width = screen.query_one("#debug-timeline").size.width
        canvas = canvas_of(picture, width)
        for step in (9, 10, 12, 40):
            column = canvas.column(step * 15.0 + (600.0 if step >= 10 else 0.0))
            assert step_under(picture, column, width) == step
        column = canvas.column(780.0)
        await until(pilot, lambda: _stops(pilot) == [column])
        await pilot.click("#debug-timeline", offset=(LABEL + column, 1))
        await at(pilot, screen, 12)
        assert step_under(picture, canvas.column(500.0), width) == 9


def _stops(pilot: Pilot[None]) -> list[int]:
    line = next(line for line in shown(pilot).splitlines() if line.startswith(" stops"))
    return [place - LABEL for place, sign in enumerate(line) if sign == "●"]


async def test_it_opens_at_a_time(run: Path) -> None:
    paused(run, 10)
    app = console(StartDebug(run, time_s=120.0), settings=Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = app.screen
        assert isinstance(screen, DebugScreen)
        await until(pilot, lambda: screen.is_ready)
        await at(pilot, screen, 8)


async def test_zooming_the_timeline(run: Path) -> None:
    async with opened(run, 40) as (pilot, _):
        assert "30 min" in shown(pilot)
        await pilot.press("Z")
        await until(pilot, lambda: "10 min" in shown(pilot))
        await pilot.press("z", "z")
        await until(pilot, lambda: "2 h" in shown(pilot))
