"""The Benchmark screen, driven by keys."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.bench.table import BenchTable
from console.dialogs.bench import NewBenchDialog
from console.dialogs.confirm import ConfirmDialog
from console.dialogs.export import ExportDialog
from console.dialogs.pick import PickDialog
from console.screens.bench import BenchScreen
from console.screens.live import LiveScreen
from console.start import StartRuns
from console.widgets.chart import Chart
from console.widgets.field import Field
from core.bench.directory import BenchDirectory, BenchProgress, BenchState, list_benchmarks
from core.bench.request import MOST_SEEDS
from core.runs.catalogue import list_runs
from tests.console.pilots import console, settled, shown, typed, until
from tests.core.bench.factory import (
    CALM,
    OURS,
    WILD,
    made_up_request,
    remember_calibrations,
    write_finished,
    write_trace,
)

SMALL = (80, 24)


def screen(pilot: Pilot[None]) -> BenchScreen:
    found = pilot.app.screen
    assert isinstance(found, BenchScreen)
    return found


def notices(pilot: Pilot[None]) -> str:
    return "; ".join(notice.message for notice in pilot.app._notifications)


async def opened(pilot: Pilot[None], words: str) -> None:
    await settled(pilot)
    await pilot.press("B")
    await until(pilot, lambda: words in shown(pilot), words)


def test_nothing_is_imported_for_it_before_it_is_opened() -> None:
    script = "import console.app, console.commands, sys; print('core.bench' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.parametrize("size", [SMALL, (160, 50)])
async def test_from_policies_to_workloads_to_seeds_and_back(size: tuple[int, int]) -> None:
    write_finished()
    async with console(StartRuns()).run_test(size=size) as pilot:
        await opened(pilot, "rule calibrated")
        text = shown(pilot)
        assert "2 workloads × 2 seeds" in text
        assert "0.76/0.88" in text
        assert f"front of {CALM}" in text
        assert pilot.app.screen.query_one(Chart).region.height >= 8
        await pilot.press("enter")
        await settled(pilot)
        assert f"{OURS}, workload by workload" in shown(pilot)
        await pilot.press("down")
        await settled(pilot)
        assert f"front of {WILD}" in shown(pilot)
        assert "0.67*" in shown(pilot)
        assert "every HPA violates more" in shown(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert f"{OURS} on {WILD}, seed by seed" in shown(pilot)
        assert [line.key for line in screen(pilot).table.lines] == ["0", "1"]
        await pilot.press("escape", "escape")
        await settled(pilot)
        line = screen(pilot).table.selected
        assert line is not None
        assert line.key == OURS
        await pilot.press("escape")
        await settled(pilot)
        assert not isinstance(pilot.app.screen, BenchScreen)


async def test_the_front_follows_the_workload_and_fills_the_screen() -> None:
    write_finished()
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await opened(pilot, f"front of {CALM}")
        await pilot.press("w")
        await settled(pilot)
        assert f"front of {WILD}" in shown(pilot)
        await pilot.press("W", "W")
        await settled(pilot)
        assert f"front of {WILD}" in shown(pilot)
        before = pilot.app.screen.query_one(Chart).region.height
        await pilot.press("f")
        await settled(pilot)
        assert pilot.app.screen.query_one(Chart).region.height > before + 4
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.screen.query_one(Chart).region.height == before
        assert isinstance(pilot.app.screen, BenchScreen)


async def test_a_cell_opens_as_a_run_which_is_made_once() -> None:
    directory = write_finished()
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await opened(pilot, "rule calibrated")
        for times in (1, 2):
            await pilot.press(*(("enter", "enter", "enter") if times == 1 else ("enter",)))
            await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen), "the run")
            assert [entry.info.policy for entry in list_runs() if entry.info] == [OURS]
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, BenchScreen))
    run = directory.run_of(OURS, CALM, 0)
    assert run is not None
    assert run == list_runs()[0].directory


async def test_a_new_one_starts_in_a_process_of_its_own(tmp_path: Path) -> None:
    remember_calibrations()
    trace = write_trace(tmp_path / "short.csv")
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await opened(pilot, "No benchmarks yet")
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewBenchDialog))
        dialog = pilot.app.screen
        fields = {field.label: field for field in dialog.query(Field)}
        fields["policies"].text = "static:5"
        fields["workloads"].text = str(trace)
        fields["seeds"].text = "0"
        await pilot.press("enter")
        await settled(pilot)
        assert f"seeds: expected 1 to {MOST_SEEDS:,}" in shown(pilot)
        fields["seeds"].text = "1"
        fields["peak rps"].text = "300"
        fields["policies"].query_one(Input).focus()
        await pilot.press("enter")
        await until(pilot, lambda: "finished" in shown(pilot), "finished")
        await until(pilot, lambda: "static:5" in shown(pilot), "the table")
    [benchmark] = list_benchmarks()
    assert benchmark.state() is BenchState.FINISHED
    assert benchmark.request.workloads[0].peak_rps == 300.0


async def test_what_cannot_be_used_is_said_beside_what_was_typed_and_nothing_starts() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await opened(pilot, "No benchmarks yet")
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, NewBenchDialog))
        field = next(iter(pilot.app.screen.query(Field)))
        field.text = "hppa"
        await pilot.press("enter")
        await until(pilot, lambda: "you mean hpa" in shown(pilot), "why")
        assert isinstance(pilot.app.screen, NewBenchDialog)
        [field, *_] = pilot.app.screen.query(Field)
        assert field.text == "hppa"
    assert list_benchmarks() == []


async def test_a_running_one_shows_how_far_it_is_and_can_be_stopped() -> None:
    directory = BenchDirectory.make(made_up_request(), "running")
    with directory.lock():
        directory.tell(BenchProgress(0.25, 60.0, 180.0, "3 of 12 jobs"))
        async with console(StartRuns()).run_test(size=SMALL) as pilot:
            await opened(pilot, "25 %, 3 min left, 3 of 12 jobs")
            directory.tell(BenchProgress(0.5, 120.0, 120.0, "6 of 12 jobs"))
            await until(pilot, lambda: "6 of 12 jobs" in shown(pilot))
            await pilot.press("x")
            await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog))
            assert not directory.is_asked_to_stop
            await pilot.press("y")
            await until(pilot, lambda: directory.is_asked_to_stop)


async def test_a_stopped_one_says_why_and_goes_on() -> None:
    directory = BenchDirectory.make(made_up_request(), "stopped")
    directory.tell(BenchProgress(0.25, 60.0, None, "stopped", "the disk was full"))
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await opened(pilot, "the disk was full")
        assert "u lets it go on" in shown(pilot)
        await pilot.press("u")
        # Its identity is made up, so the process refuses it, and says so.
        await until(pilot, lambda: "found them changed" in shown(pilot), "the refusal")


async def test_another_one_can_be_picked(tmp_path: Path) -> None:
    finished = write_finished()
    other = BenchDirectory.make(made_up_request(), "other")
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await opened(pilot, "Nobody works on it")
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickDialog))
        await settled(pilot)
        assert "stopped" in shown(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "rule calibrated" in shown(pilot))
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExportDialog))
        target = pilot.app.screen.query_one("#target", Field)
        target.text = str(tmp_path / "cells.csv")
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "cells.csv").exists())
    assert other.path != finished.path


async def test_keys_that_make_no_sense_say_so() -> None:
    write_finished()
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await opened(pilot, "rule calibrated")
        await pilot.press("x", "u")
        await until(pilot, lambda: "Nobody works on" in notices(pilot))
        await until(pilot, lambda: "no stopped benchmark" in notices(pilot))


async def test_in_ascii_nothing_else_is_drawn() -> None:
    write_finished()
    async with console(StartRuns(), ascii_only=True).run_test(size=SMALL) as pilot:
        await opened(pilot, "rule calibrated")
        await settled(pilot)
        assert shown(pilot).isascii()


async def test_the_palette_offers_it() -> None:
    write_finished()
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("colon")
        await typed(pilot, "benchmarks")
        await until(pilot, lambda: "Go to the benchmarks" in shown(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, BenchScreen))
        await until(pilot, lambda: bool(pilot.app.screen.query_one(BenchTable).lines))
