from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.dialogs.export import ExportDialog, ExportRequest, new_file
from console.start import StartRuns
from console.widgets.field import Field
from core.errors import InputError
from tests.console.pilots import console, shown


async def opened(pilot: Pilot[None], directory: Path) -> list[ExportRequest | None]:
    answers: list[ExportRequest | None] = []
    await pilot.app.push_screen(ExportDialog("run-1", directory), answers.append)
    await pilot.pause()
    return answers


def target(pilot: Pilot[None]) -> Field:
    return pilot.app.screen.query_one("#target", Field)


async def test_enter_exports_as_csv_beside_the_operator(tmp_path: Path) -> None:
    async with console(StartRuns()).run_test(size=(80, 24)) as pilot:
        answers = await opened(pilot, tmp_path)
        await pilot.press("enter")
        assert answers == [ExportRequest("csv", tmp_path / "run-1.csv")]


async def test_the_offered_name_follows_the_format(tmp_path: Path) -> None:
    async with console(StartRuns()).run_test(size=(80, 24)) as pilot:
        answers = await opened(pilot, tmp_path)
        await pilot.press("right")
        assert target(pilot).text == str(tmp_path / "run-1.json")
        target(pilot).text = str(tmp_path / "mine.txt")
        await pilot.press("right")
        assert target(pilot).text == str(tmp_path / "mine.txt")
        await pilot.press("enter")
        assert answers == [ExportRequest("db", tmp_path / "mine.txt")]


async def test_recordings_are_offered_with_their_own_endings(tmp_path: Path) -> None:
    async with console(StartRuns()).run_test(size=(80, 24)) as pilot:
        answers = await opened(pilot, tmp_path)
        for ending in ("json", "db", "cast", "svg", "html"):
            await pilot.press("right")
            assert target(pilot).text == str(tmp_path / f"run-1.{ending}")
        assert "HTML" in shown(pilot)
        await pilot.press("left", "left", "enter")
        assert answers == [ExportRequest("asciicast", tmp_path / "run-1.cast")]


async def test_a_wrong_file_says_so_and_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "run-1.csv").touch()
    async with console(StartRuns()).run_test(size=(80, 24)) as pilot:
        answers = await opened(pilot, tmp_path)
        await pilot.pause()
        assert "! exists already" in shown(pilot)
        await pilot.press("enter")
        assert answers == []
        assert pilot.app.focused is target(pilot).input
        await pilot.press("escape")
        assert answers == [None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "file name"),
        ("/no/such/place/run.csv", "no directory"),
        ("/tmp/", "file name"),
        ("~nobody-of-that-name/run.csv", "no directory ~nobody-of-that-name"),
        ("/tmp/" + "x" * 300, "at most 255 bytes"),
        ("/" + "x" * 300 + "/run.csv", "no directory"),
    ],
)
def test_names_that_cannot_be_written_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        new_file(text)
