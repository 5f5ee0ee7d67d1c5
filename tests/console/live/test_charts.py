"""Charts of the Live screen: one cursor, zoom, one at a time, logarithms, those of a training."""

from __future__ import annotations

from pathlib import Path

from console.start import StartAttach
from console.widgets.chart import Chart
from tests.console.live.opening import cursor, opened
from tests.console.pilots import shown, until


async def test_cursor_keys_inspect_one_moment_everywhere(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (160, 50)) as (pilot, screen):
        await pilot.press("left", "left")
        await until(pilot, lambda: cursor(screen) == 397)
        await pilot.press("right")
        await until(pilot, lambda: cursor(screen) == 398)
        await pilot.press("shift+left")
        await until(pilot, lambda: cursor(screen) == 388)
        await until(pilot, lambda: "▴01:37:00" in shown(pilot))
        assert shown(pilot).count("▴01:37:00") == 4
        assert "decision 388" in shown(pilot)
        await pilot.press("shift+right")
        await until(pilot, lambda: cursor(screen) == 398)
        await pilot.press("home")
        await until(pilot, lambda: cursor(screen) == 0)
        await pilot.press("end")
        await until(pilot, lambda: cursor(screen) is None)


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
        await until(pilot, lambda: cursor(screen) is not None)
        assert screen.body.selected_chart is screen.body.chart("traffic")


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


async def test_charts_rest_while_nothing_changes(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, screen):
        chart = screen.body.chart("latency")
        assert chart is not None
        await pilot.pause(0.6)
        before = (chart.data, chart._lines)
        await pilot.pause(1.2)
        assert (chart.data, chart._lines) == before
        assert all(one._drawn for one in screen.query(Chart))
