"""The Runs screen as a whole: what is listed at each size, filtered and kept up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from console.screens.runs import RunsScreen
from console.screens.setup import SetupScreen
from console.start import StartRuns
from console.widgets.chart import Chart
from core.locations import runs_directory
from core.runs.database import FILE_NAME
from core.runs.records import RunState
from tests.console.pilots import console, settled, shown, until
from tests.console.runs.conftest import ORDER, go_to, listed, runs, table
from tests.core.runs.factory import write_run

SMALL = (80, 24)
LARGE = (160, 50)


async def test_without_runs_the_screen_teaches() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "No runs yet" in shown(pilot))
        assert "S sets one up" in shown(pilot)
        await pilot.press("enter", "p", "space", "c", "e", "x", "u", "D", "slash", "escape")
        await pilot.press("S")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))


@pytest.mark.usefixtures("home")
async def test_all_runs_are_listed_newest_first_with_their_state() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await listed(pilot)
        assert tuple(row.run_id[-4:] for row in table(pilot).rows_shown) == ORDER
        text = shown(pilot)
        for word in ("running", "lost", "finished", "stopped", "broken", "train dqn"):
            assert word in text
        assert "6 runs, 1 live" in text


async def test_a_small_terminal_cuts_neither_policy_nor_progress() -> None:
    write_run(runs_directory() / "20260101-100000-ppo-0001")
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await listed(pilot)
        (row,) = table(pilot).rows_shown
        line = next(line for line in shown(pilot).splitlines() if "finished" in line)
        assert f" {row.policy} " in line
        assert f" {row.progress} " in line


@pytest.mark.usefixtures("home")
async def test_a_wider_terminal_says_more() -> None:
    async with console(StartRuns()).run_test(size=LARGE) as pilot:
        await listed(pilot)
        text = shown(pilot)
        for word in ("pods·h", "churn", "score", "20260101-140000-ppo-bursty-0005"):
            assert word in text
        selected = table(pilot).selected
        await pilot.resize_terminal(*SMALL)
        await pilot.pause()
        assert "churn" not in shown(pilot)
        assert table(pilot).selected == selected


@pytest.mark.usefixtures("home")
async def test_a_tall_terminal_shows_the_selected_run_at_a_glance() -> None:
    async with console(StartRuns()).run_test(size=LARGE) as pilot:
        await go_to(pilot, "0001")
        await settled(pilot)
        titles = [chart.data.title for chart in runs(pilot).query(Chart) if chart.data]
        assert titles == ["latency p95", "replicas"]
        await go_to(pilot, "oken")
        await until(pilot, lambda: not any(chart.display for chart in runs(pilot).query(Chart)))
        await pilot.press("home", "down", "down")
        await until(pilot, lambda: "score" in shown(pilot) and "episode reward" in shown(pilot))


@pytest.mark.usefixtures("home")
async def test_a_filter_thins_the_list_out() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await listed(pilot)
        await pilot.press("slash", *"lost")
        await pilot.pause()
        assert [row.run_id[-4:] for row in table(pilot).rows_shown] == ["0004"]
        assert "1 shown" in shown(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.focused is table(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert len(table(pilot).rows_shown) == 6


async def test_the_list_keeps_itself_up_to_date(home: Path) -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "0002")
        write_run(home / "20260102-000000-new-0006", 5, state=RunState.FAILED, message="no memory")
        await until(pilot, lambda: len(table(pilot).rows_shown) == 7)
        selected = table(pilot).selected
        assert selected is not None
        assert selected.run_id.endswith("0002")
        connection = sqlite3.connect(home / "20260101-140000-ppo-bursty-0005" / FILE_NAME)
        connection.execute("UPDATE status SET paused = 1")
        connection.commit()
        connection.close()
        await until(pilot, lambda: "paused" in shown(pilot))


@pytest.mark.usefixtures("home")
async def test_escape_leaves_where_there_is_somewhere_to_go() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await listed(pilot)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, RunsScreen)
        await pilot.press("S")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))


@pytest.mark.usefixtures("home")
async def test_ascii_mode_is_ascii_alone() -> None:
    async with console(StartRuns(), ascii_only=True).run_test(size=LARGE) as pilot:
        await listed(pilot)
        await settled(pilot)
        for keys in (("space",), ("e",), ("escape", "down", "D")):
            await pilot.press(*keys)
            await pilot.pause()
            text = shown(pilot)
            assert text.isascii(), {sign for sign in text if not sign.isascii()}


@pytest.mark.usefixtures("home")
async def test_another_theme_colours_the_states_anew() -> None:
    async with console(StartRuns()).run_test(size=LARGE) as pilot:
        await go_to(pilot, "0005")
        before = table(pilot).get_cell("20260101-140000-ppo-bursty-0005", "state").style
        pilot.app.theme = "light"
        await pilot.pause()
        after = table(pilot).get_cell("20260101-140000-ppo-bursty-0005", "state").style
        assert before != after
