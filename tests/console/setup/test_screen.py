"""The Setup screen as a whole: its parts, and going between them with keys and clicks."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from console.app import RlscaleApp
from console.screens.runs import RunsScreen
from console.start import StartRuns, StartSetup
from console.widgets.field import Field
from core.runs.config import RunConfig
from tests.console.pilots import console, settled, shown, typed, until
from tests.console.setup.conftest import setup

SMALL = (80, 24)
LARGE = (160, 50)
pytestmark = pytest.mark.usefixtures("scenarios", "policies")


async def test_a_part_at_a_time_on_a_small_terminal() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        parts = [
            setup(pilot).query_one(f"#{part}") for part in ("environment", "traffic", "decider")
        ]

        def visible() -> list[bool]:
            return [part.display and part.region.area > 0 for part in parts]

        assert visible() == [False, True, False]
        for key, expected in (
            ("1", [True, False, False]),
            ("3", [False, False, True]),
            ("2", [False, True, False]),
            ("left", [True, False, False]),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert visible() == expected, key


async def test_right_goes_on_from_a_list() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("right")
        await pilot.pause()
        assert pilot.app.focused is setup(pilot).query_one("#policies")
        await pilot.press("right")
        await pilot.pause()
        assert pilot.app.focused is setup(pilot).query_one("#policies")


async def test_keys_work_in_a_part_that_has_nothing_but_a_field(launched: list[RunConfig]) -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await pilot.press("t")
        await settled(pilot)
        await pilot.press("1")
        await settled(pilot)
        seed = setup(pilot).query_one("#seed", Field)
        assert seed.input.region.area > 0
        await pilot.press("tab", "4", "escape", "2")
        await settled(pilot)
        assert seed.text == "4"
        assert pilot.app.focused is setup(pilot).query_one("#scenarios")
        await pilot.press("1", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
    assert launched == []


async def test_all_parts_side_by_side_where_there_is_room() -> None:
    async with console(StartSetup()).run_test(size=LARGE) as pilot:
        await settled(pilot)
        regions = [
            setup(pilot).query_one(f"#{part}").region
            for part in ("environment", "traffic", "decider")
        ]
        assert [region.y for region in regions] == [regions[0].y] * 3
        assert sum(region.width for region in regions) == LARGE[0]


async def test_tab_reaches_every_field_and_comes_round() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        seen = []
        for _ in range(13):
            await pilot.press("tab")
            await pilot.pause()
            focused = pilot.app.focused
            assert focused is not None
            assert focused.region.area > 0
            seen.append(focused.id or (focused.parent.id if focused.parent else ""))
        assert seen[:6] == ["kind", "policies", "mode", "where", "speed", "seed"]
        assert seen[6:13] == ["scenarios", *seen[:6]]
        await pilot.press("shift+tab")
        await pilot.pause()
        await pilot.press("shift+tab")
        await pilot.pause()
        focused = pilot.app.focused
        assert focused is not None
        assert focused.region.area > 0


async def test_letters_reach_the_field_that_is_typed_into() -> None:
    async with console(StartSetup(training=True)).run_test(size=SMALL) as pilot:
        await settled(pilot)
        field = setup(pilot).query_one("#policy-name", Field)
        field.input.focus()
        field.text = ""
        await typed(pilot, "t1pfqS")
        assert field.text == "t1pfqS"
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(pilot.app.focused, Input)
        assert field.text == "t1pfqS"


async def test_ascii_mode_is_ascii_alone() -> None:
    app: RlscaleApp = console(StartSetup(), ascii_only=True)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        for key in ("1", "2", "3", "t", "f"):
            await pilot.press(key)
            await pilot.pause()
            text = shown(pilot)
            assert text.isascii(), {sign for sign in text if not sign.isascii()}


async def test_a_click_on_a_part_goes_there() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.click("#setup-heading", offset=(48, 0))
        await until(pilot, lambda: pilot.app.focused is setup(pilot).query_one("#policies"))
