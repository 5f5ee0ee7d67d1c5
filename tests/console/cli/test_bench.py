from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from core.bench.directory import RESULTS_FILE, list_benchmarks
from core.runs.lock import is_alive
from tests.console.cli.conftest import CommandLine
from tests.core.bench.factory import remember_calibrations


@pytest.fixture(autouse=True)
def _calibrated(isolated: Path) -> None:
    remember_calibrations()


def test_cells_and_summary(cli: CommandLine, trace: Path, tmp_path: Path) -> None:
    table, page = tmp_path / "cells.csv", tmp_path / "report.html"
    command = (
        *("bench", "--policies", "static:9,hpa", "--traces", trace, "--peak-rps", 300),
        *("--seeds", 2, "--jobs", 1, "--json", "--csv", table, "--html", page),
    )
    answer = cli(*command)
    assert answer.code == 0, answer.err
    content = answer.json
    cells = content["cells"]
    rivals = ("hpa calibrated", "rule calibrated")
    assert [(cell["policy"], cell["seed"]) for cell in cells] == [
        (policy, seed) for policy in ("static:9", "hpa", *rivals) for seed in (0, 1)
    ]
    for cell in cells:
        assert {"score", "pod_hours", "requests", "slo_violation_ratio", "churn"} <= cell.keys()
    assert all(cell["score_ratio_hpa"] == 1 for cell in cells if cell["policy"] == "hpa")
    row = content["summary"]["static:9"]
    assert row["cells"] == 2
    assert row["score_interval"]["low"] <= row["score"] <= row["score_interval"]["high"]
    assert "</html>" in page.read_text(encoding="utf-8")
    with table.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(cells)
    # The same again is known already.
    lines = (Path(content["directory"]) / RESULTS_FILE).read_bytes()
    assert cli(*command).json == content
    assert (Path(content["directory"]) / RESULTS_FILE).read_bytes() == lines
    resumed = cli("bench", "--resume", Path(content["directory"]).name, "--jobs", 1, "--json")
    assert resumed.json == content


def test_policies_are_shown_in_the_order_asked_for(cli: CommandLine, trace: Path) -> None:
    rest = ("--scenarios", trace, "--seeds", 1, "--jobs", 1, "--json")
    for order in ("static:9,hpa", "hpa,static:9"):
        summary = cli("bench", "--policies", order, *rest).json["summary"]
        assert list(summary)[:2] == order.split(",")


def test_an_episode_is_the_same_as_a_run(cli: CommandLine, trace: Path) -> None:
    bench = cli(
        *("bench", "--policies", "hpa", "--scenarios", trace, "--seeds", 1, "--jobs", 1, "--json")
    ).json["cells"][0]
    run = cli(
        *("run", "--policy", "hpa", "--scenario", trace, "--seed", 0, "--headless", "--json")
    ).json
    for key in ("steps", "requests", "slo_violation_ratio", "pod_hours", "churn", "score"):
        assert bench[key] == pytest.approx(run[key]), key
    assert bench["reward"] == pytest.approx(run["reward"])
    assert bench["latency_p95_ms"] == pytest.approx(run["latency_p95_ms"])


def test_for_people_there_are_tables_and_what_they_mean(cli: CommandLine, trace: Path) -> None:
    answer = cli(
        *("bench", "--policies", "static:9,threshold", "--scenarios", trace),
        *("--seeds", 2, "--jobs", 1),
    )
    assert answer.code == 0
    assert "1 workload, 2 seeds" in answer.out
    assert "95 % intervals of the means over seeds:" in answer.out
    assert "two seeds or more" not in answer.out
    assert "hpa 0.6:60, rule 75:0.7" in answer.out
    assert answer.out.count("static:9") == 3
    assert answer.out.count("rule calibrated") == 3
    assert "gap: share of the room" in answer.out
    assert max(len(line) for line in answer.out.splitlines()) <= 100
    assert "results: " in answer.err


def test_one_seed_gives_no_intervals(cli: CommandLine, trace: Path) -> None:
    command = ("bench", "--policies", "static:9", "--scenarios", trace, "--seeds", 1, "--jobs", 1)
    answer = cli(*command)
    assert answer.code == 0
    assert "No 95 % intervals: they need two seeds or more (--seeds)." in answer.out
    assert "worst at" not in answer.out
    assert answer.out.count("static:9") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--policies", "hpaa"), "hpa"),
        (("--scenarios", "nope"), "Known: heldout, training, trials, shipped, baseline-steady"),
        (("--scenarios", "heldot"), "Did you mean heldout?"),
        (("--policies", "hpa", "--scenarios", "flash-crwod"), "flash-crowd"),
        (("--policies", "hpa", "--peak-rps", "100"), "traces (.csv)"),
        (("--policies", "hpa", "--traces", "none.csv"), "none.csv"),
        (("--resume", "nothing"), "directory of a benchmark"),
        (("--resume", "x", "--policies", "hpa"), "--resume without policies"),
        (("--resume", "x", "--fresh"), "--fresh"),
        (("--policies", "hpa", "--csv", "missing/x.csv"), "missing"),
        (("--policies", "hpa", "--html", "/"), "directory /"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    cli: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    answer = cli("bench", *arguments)
    assert answer.code == 2
    assert words in answer.error
    assert list_benchmarks() == []


def test_ray_is_asked_for_where_it_is_not_installed(
    cli: CommandLine, trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    answer = cli("bench", "--policies", "hpa", "--scenarios", trace, "--ray")
    assert answer.code == 2
    assert "rlscale-console[ray]" in answer.error


def test_ctrl_c_leaves_what_is_finished_and_nobody_behind(isolated: Path) -> None:
    command = [sys.executable, "-m", "console.cli", "bench", "--policies", "threshold"]
    command += ["--scenarios", "bursty,flash-crowd,sudden-spike", "--seeds", "4", "--jobs", "2"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        deadline = Timer(100.0, process.kill)
        deadline.start()
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
            found = list_benchmarks()
            if found and sum(1 for _ in found[0].jobs()) > 2:
                # Only the parent hears of it, as when a supervisor stops it.
                os.kill(process.pid, signal.SIGINT)
                break
        _, errors = process.communicate()
        deadline.cancel()
    assert process.returncode == 130, errors
    assert "interrupted" in errors
    [benchmark] = list_benchmarks()
    assert not is_alive(benchmark.path)
    assert 2 < sum(1 for _ in benchmark.jobs()) < 3 * 6
    progress = json.loads((benchmark.path / "progress.json").read_text())
    assert progress["error"] == "interrupted"
