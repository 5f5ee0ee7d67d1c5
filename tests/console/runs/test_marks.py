"""Marking runs in the list, to compare two of a kind."""

from __future__ import annotations

import pytest

from console.screens.compare import CompareScreen
from console.screens.runs import RunsScreen
from console.start import StartRuns
from tests.console.pilots import console, until
from tests.console.runs.conftest import go_to, listed, notices, table

SMALL = (80, 24)


@pytest.mark.usefixtures("home")
async def test_two_marked_runs_are_compared() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "0002")
        await pilot.press("space", "down", "space")
        assert [run_id[-4:] for run_id in table(pilot).marked] == ["0002", "0001"]
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))


@pytest.mark.usefixtures("home")
async def test_marks_are_at_most_two_and_escape_takes_them_away() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await listed(pilot)
        await pilot.press("space", "down", "space", "down", "space")
        assert [run_id[-4:] for run_id in table(pilot).marked] == ["0004", "0003"]
        await pilot.press("space")
        assert [run_id[-4:] for run_id in table(pilot).marked] == ["0004"]
        await pilot.press("escape")
        assert table(pilot).marked == ()


@pytest.mark.usefixtures("home")
async def test_comparing_needs_two_runs_of_a_kind() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await listed(pilot)
        await pilot.press("c")
        assert "Comparing takes two runs" in notices(pilot)[-1]
        await pilot.press("space", "down", "c")
        assert "same kind" in notices(pilot)[-1]
        assert isinstance(pilot.app.screen, RunsScreen)
