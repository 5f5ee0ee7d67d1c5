"""What the keys of the list do to a run: export, delete, stop, resume, or say why not."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.dialogs.confirm import ConfirmDialog
from console.dialogs.export import ExportDialog
from console.screens.runs import RunsScreen
from console.start import StartRuns
from console.widgets.field import Field
from tests.console.pilots import console, shown, until
from tests.console.runs.conftest import go_to, notices, table

SMALL = (80, 24)


async def test_a_run_is_exported_as_the_file_itself(home: Path, tmp_path: Path) -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "0001")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExportDialog))
        await pilot.press("right", "right")
        pilot.app.screen.query_one("#target", Field).text = str(tmp_path / "copy.db")
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: any("Exported" in text for text in notices(pilot)))
    connection = sqlite3.connect(tmp_path / "copy.db")
    assert connection.execute("SELECT count(*) FROM steps").fetchone() == (120,)
    connection.close()


async def export(pilot: Pilot[None], rights: int, path: Path) -> None:
    """Ask for an export of the selected run, in the format so many places to the right."""
    await pilot.press("e")
    await until(pilot, lambda: isinstance(pilot.app.screen, ExportDialog))
    await pilot.press(*["right"] * rights)
    pilot.app.screen.query_one("#target", Field).text = str(path)
    await pilot.pause()
    await pilot.press("enter")


async def test_a_run_is_recorded_in_a_process_of_its_own(home: Path, tmp_path: Path) -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "0001")
        await export(pilot, 5, tmp_path / "end.html")
        await until(pilot, lambda: any("Exported" in text for text in notices(pilot)))
        assert "REPLAY" in (tmp_path / "end.html").read_text(encoding="utf-8")
        await export(pilot, 3, tmp_path / "run.cast")
        await until(pilot, lambda: any(tmp_path.glob(".run.cast.*")), "it is being written")
    # Leaving the console in the middle leaves nothing half-written behind.
    deadline = time.monotonic() + 15.0
    while any(tmp_path.glob(".run.cast.*")) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert [one.name for one in tmp_path.iterdir()] == ["end.html"]


async def test_deleting_asks_first(home: Path) -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "0002")
        await pilot.press("D")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        assert "no way back" in shown(pilot)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        await pilot.press("escape")
        await pilot.pause()
        assert len(list(home.glob("*-0002"))) == 1
        await pilot.press("D")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: not list(home.glob("*-0002")))
        await until(pilot, lambda: len(table(pilot).rows_shown) == 5)


async def test_a_live_run_is_not_deleted(home: Path) -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "0005")
        await pilot.press("D")
        await pilot.pause()
        assert isinstance(pilot.app.screen, RunsScreen)
        assert "stop it first" in notices(pilot)[-1]
        assert list(home.glob("*-0005"))


@pytest.mark.usefixtures("home")
async def test_stopping_asks_first_and_asks_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "core.runs.catalogue.stop_run", lambda directory, timeout_s: asked.append(directory.name)
    )
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "0005")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: len(asked) == 1)
        await until(pilot, lambda: any("is stopping" in text for text in notices(pilot)))
        await go_to(pilot, "0001")
        await pilot.press("x")
        assert "No engine works on this run" in notices(pilot)[-1]
    assert asked[0].endswith("0005")


@pytest.mark.usefixtures("home")
async def test_resuming_a_training_and_starting_a_run_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    called: list[tuple[str, str]] = []

    def resume(directory: Path) -> Path:
        called.append(("resume", directory.name[-4:]))
        return directory

    def restart(directory: Path) -> Path:
        called.append(("restart", directory.name[-4:]))
        return tmp_path / "again"

    monkeypatch.setattr("core.runs.launch.resume", resume)
    monkeypatch.setattr("core.runs.launch.restart", restart)
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "0004")
        await pilot.press("u")
        await until(pilot, lambda: len(called) == 1)
        await go_to(pilot, "0002")
        await pilot.press("u")
        await until(pilot, lambda: any("Started over as again" in t for t in notices(pilot)))
        await pilot.press("home", "u")
        assert "works on this run already" in notices(pilot)[-1]
        await pilot.press("down", "down", "u")
        assert "finished" in notices(pilot)[-1]
    assert called == [("resume", "0004"), ("restart", "0002")]


@pytest.mark.usefixtures("home")
async def test_what_fails_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(directory: Path) -> None:
        raise OSError("disk is read-only")

    monkeypatch.setattr("core.runs.catalogue.delete_run", refuse)
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await go_to(pilot, "0001")
        await pilot.press("D", "y")
        await until(pilot, lambda: "disk is read-only" in notices(pilot))
