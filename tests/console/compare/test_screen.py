from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.screens.compare import CHARTS, CompareScreen
from console.screens.runs import RunsScreen
from console.start import StartRuns
from console.widgets.chart import Chart
from core.locations import runs_directory
from core.runs.records import RunKind
from tests.console.pilots import console, settled, shown, until
from tests.core.runs.factory import write_run

SMALL = (80, 24)


def screen(pilot: Pilot[None]) -> CompareScreen:
    assert isinstance(pilot.app.screen, CompareScreen)
    return pilot.app.screen


async def compared(pilot: Pilot[None], *, kind: RunKind = RunKind.INFERENCE) -> None:
    home = runs_directory()
    first = write_run(home / "20260101-000001-a", 200, kind=kind)
    second = write_run(home / "20260101-000002-b", 160, kind=kind, policy="hpa", seed=2)
    await pilot.app.push_screen(CompareScreen(first, second))
    await until(pilot, lambda: pilot.app.screen.query_one(f"#{CHARTS[0]}", Chart).data is not None)
    await settled(pilot)


@pytest.mark.parametrize("size", [SMALL, (200, 60)])
async def test_charts_and_totals_fit(size: tuple[int, int]) -> None:
    async with console(StartRuns()).run_test(size=size) as pilot:
        await compared(pilot)
        text = shown(pilot)
        for words in ("A ppo (shipped)", "B hpa", "SLO violations %", "pod-hours", "better"):
            assert words in text
        assert "Different seeds" in text
        for chart in screen(pilot).query(Chart):
            assert chart.region.height >= 6
            assert chart.region.bottom <= size[1]


async def test_the_cursor_inspects_the_same_moment_on_all_charts() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await compared(pilot)
        assert screen(pilot).viewport.cursor is None
        await pilot.press("left")
        end = screen(pilot).viewport.last
        assert screen(pilot).viewport.cursor == pytest.approx(end * (1 - 1 / 120))
        await pilot.press("home")
        assert screen(pilot).viewport.cursor == 0.0
        await pilot.press("left")
        assert screen(pilot).viewport.cursor == 0.0
        await pilot.press("right", "end")
        assert screen(pilot).viewport.cursor == end
        await pilot.press("escape")
        assert screen(pilot).viewport.cursor is None
        assert shown(pilot).count("00:49:45") == 4


async def test_zoom_narrows_around_the_cursor_and_widens_again() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await compared(pilot)
        whole = screen(pilot).viewport
        await pilot.press("home", "Z", "Z")
        near = screen(pilot).viewport
        assert near.first == 0.0
        assert near.span == pytest.approx(whole.span / 4)
        await pilot.press("z", "z", "z", "z")
        assert screen(pilot).viewport.span == pytest.approx(whole.span)
        await pilot.press(*["Z"] * 8)
        assert screen(pilot).viewport.span == pytest.approx(whole.span / 64)


async def test_the_latency_can_be_logarithmic() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await compared(pilot)
        latency = screen(pilot).query_one(f"#{CHARTS[0]}", Chart)
        await pilot.press("l")
        assert latency.logarithmic
        await pilot.press("l")
        assert not latency.logarithmic


async def test_the_runs_change_places() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await compared(pilot)
        await pilot.press("x")
        await until(pilot, lambda: "A hpa" in shown(pilot))


async def test_a_click_inspects() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await compared(pilot)
        await pilot.click(f"#{CHARTS[1]}", offset=(20, 5))
        await pilot.pause()
        assert screen(pilot).viewport.cursor is not None


async def test_trainings_are_compared_over_their_steps() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await compared(pilot, kind=RunKind.TRAINING)
        assert "best score" in shown(pilot)
        assert not screen(pilot).viewport.in_time


async def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await pilot.app.push_screen(CompareScreen(tmp_path / "none", tmp_path / "none"))
        await until(pilot, lambda: "expected a run" in " ".join(shown(pilot).split()))
        await pilot.press("left", "z", "l", "home", "escape", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))


async def test_ascii_mode_is_ascii_alone() -> None:
    async with console(StartRuns(), ascii_only=True).run_test(size=SMALL) as pilot:
        await compared(pilot)
        await pilot.press("left")
        await pilot.pause()
        text = shown(pilot)
        assert text.isascii(), {sign for sign in text if not sign.isascii()}


async def test_another_theme_draws_anew() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await compared(pilot)
        before = pilot.app.export_screenshot()
        pilot.app.theme = "colour-blind"
        await pilot.pause()
        assert pilot.app.export_screenshot() != before
