"""Opening a run from the list: attached, only looked at, or replayed."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.app import RlscaleApp
from console.screens.runs import RunsScreen
from console.start import StartRuns
from tests.console.pilots import console
from tests.console.runs.conftest import go_to, note, notices

SMALL = (80, 24)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Which runs were opened, and how."""
    found: list[tuple[str, str]] = []

    def live(self: RlscaleApp, directory: Path, *, read_only: bool = False) -> None:
        found.append((directory.name[-4:], "look" if read_only else "attach"))

    def replay(self: RlscaleApp, directory: Path) -> None:
        found.append((directory.name[-4:], "replay"))

    monkeypatch.setattr(RlscaleApp, "open_live", live)
    monkeypatch.setattr(RlscaleApp, "open_replay", replay)
    return found


@pytest.mark.usefixtures("home")
async def test_enter_attaches_o_looks_and_p_replays(opened: list[tuple[str, str]]) -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "0005")
        await pilot.press("enter", "o")
        await go_to(pilot, "0001")
        await pilot.press("p")
        assert opened == [("0005", "attach"), ("0005", "look"), ("0001", "replay")]


@pytest.mark.usefixtures("home")
async def test_a_training_is_not_replayed(opened: list[tuple[str, str]]) -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "0003")
        await pilot.press("p")
        assert opened == []
        assert "A training has no single course" in notices(pilot)[-1]


@pytest.mark.usefixtures("home")
async def test_a_broken_run_says_so_and_is_not_opened(opened: list[tuple[str, str]]) -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "oken")
        assert "not a database" in note(pilot) or "run" in note(pilot)
        await pilot.press("enter", "o", "p", "e")
        assert opened == []
        assert all("cannot be read" in text for text in notices(pilot))
        assert isinstance(pilot.app.screen, RunsScreen)
