"""Moving through a run: by keys, by typing, on the timeline."""

from __future__ import annotations

from pathlib import Path

from tests.console.debug.opening import at, opened, told
from tests.console.pilots import shown, typed, until
from tests.core.debug.factory import STEPS

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
