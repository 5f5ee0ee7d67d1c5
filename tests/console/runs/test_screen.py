from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from console.app import RlscaleApp
from console.dialogs.confirm import ConfirmDialog
from console.dialogs.export import ExportDialog
from console.screens.compare import CompareScreen
from console.screens.runs import RunsScreen
from console.screens.setup import SetupScreen
from console.start import StartRuns
from console.widgets.chart import Chart
from console.widgets.field import Field
from console.widgets.run_table import RunTable
from core.locations import runs_directory
from core.runs.database import FILE_NAME
from core.runs.records import RunState
from tests.console.pilots import console, settled, shown, until
from tests.core.runs.factory import write_run

SMALL = (80, 24)
LARGE = (160, 50)
# From the newest to the oldest, which is how they are listed.
ORDER = ("0005", "0004", "0003", "0002", "0001", "oken")


def runs(pilot: Pilot[None]) -> RunsScreen:
    (screen,) = [s for s in pilot.app.screen_stack if isinstance(s, RunsScreen)]
    return screen


def table(pilot: Pilot[None]) -> RunTable:
    return runs(pilot).query_one(RunTable)


def notices(pilot: Pilot[None]) -> list[str]:
    return [notice.message for notice in pilot.app._notifications]


def note(pilot: Pilot[None]) -> str:
    return str(runs(pilot).query_one("#runs-note", Static).visual)


async def listed(pilot: Pilot[None]) -> None:
    await until(pilot, lambda: len(table(pilot).rows_shown) > 0, "runs are listed")
    await pilot.pause()


async def go_to(pilot: Pilot[None], ending: str) -> None:
    await listed(pilot)
    for _ in range(len(ORDER)):
        selected = table(pilot).selected
        if selected is not None and selected.run_id.endswith(ending):
            return
        await pilot.press("down")
    raise AssertionError(f"no run {ending}")


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
