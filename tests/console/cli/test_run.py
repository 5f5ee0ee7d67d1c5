from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.locations import runs_directory
from core.runs.catalogue import list_runs
from core.runs.records import RunState
from tests.console.cli.conftest import CommandLine
from tests.core.runs.factory import write_run

_KEYS = {
    "run",
    "policy",
    "scenario",
    "seed",
    "steps",
    "requests",
    "slo_violation_ratio",
    "error_ratio",
    "pod_hours",
    "churn",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "reward",
    "needed_pod_hours",
    "score",
}
_REAL_TRACE = Path(__file__).parents[4] / "shared/traces/cilantro_twitter_24h_10s.csv"


def test_a_run_prints_every_promised_key(cli: CommandLine, trace: Path) -> None:
    answer = cli("run", "--policy", "static:8", "--scenario", trace, "--headless", "--json")
    assert answer.code == 0
    assert answer.err == ""
    content = answer.json
    assert content.keys() >= _KEYS
    assert content["steps"] == 20
    assert content["pod_hours"] == pytest.approx(8 * 300 / 3600)
    assert content["churn"] == 8 - 3
    expected = content["pod_hours"] / content["needed_pod_hours"]
    expected += 30 * content["slo_violation_ratio"]
    assert content["score"] == pytest.approx(expected)


def test_the_seed_alone_decides(cli: CommandLine, trace: Path) -> None:
    def run(seed: int) -> dict[str, object]:
        command = ("run", "--policy", "hpa", "--scenario", trace, "--headless", "--json")
        content = cli(*command, "--seed", seed).json
        content.pop("run")
        return content

    assert run(3) == run(3)
    assert run(3)["requests"] != run(4)["requests"]


def test_the_peak_scales_a_trace(cli: CommandLine, trace: Path) -> None:
    command = ("run", "--policy", "static:30", "--scenario", trace, "--headless", "--json")
    plain = cli(*command).json
    scaled = cli(*command, "--peak-rps", 1000).json
    assert scaled["requests"] > 2 * plain["requests"]
    assert scaled["steps"] == plain["steps"]


def test_for_people_the_figures_have_units(cli: CommandLine, trace: Path) -> None:
    answer = cli("run", "--policy", "static:8", "--scenario", trace, "--headless")
    assert answer.code == 0
    for words in ("SLO violations", " %", " ms", "pod·h", "needed", "score"):
        assert words in answer.out


def test_in_hold_nothing_is_scaled(cli: CommandLine, trace: Path) -> None:
    command = ("run", "--policy", "static:20", "--scenario", trace, "--headless", "--json")
    held = cli(*command, "--mode", "HOLD").json
    assert (held["mode"], held["churn"]) == ("HOLD", 0)
    pinned = cli(*command, "--mode", "MANUAL", "--replicas", 5).json
    assert pinned["churn"] == 5 - 3


@pytest.mark.skipif(not _REAL_TRACE.exists(), reason="the recorded traces are not here")
def test_a_day_of_real_traffic(cli: CommandLine) -> None:
    scaled = ("--scenario", _REAL_TRACE, "--peak-rps", "400")
    answer = cli("run", "--policy", "ppo", *scaled, "--headless", "--json")
    assert answer.code == 0
    content = answer.json
    assert content.keys() >= _KEYS
    assert content["steps"] > 5800
    assert content["requests"] > 3_000_000
    assert 0 <= content["slo_violation_ratio"] < 0.05
    assert content["latency_p50_ms"] < content["latency_p95_ms"] < content["latency_p99_ms"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--policy", "hpaa"), "hpa"),
        (("--policy", "static:-3"), "static:-3"),
        (("--policy", "hpa:9999"), "hpa:9999"),
        (("--scenario", "flash-crwod"), "flash-crowd"),
        (("--scenario", "none.csv"), "none.csv"),
        (("--scenario", "none.yaml"), "none.yaml"),
        (("--peak-rps", "-5"), "--peak-rps"),
        (("--peak-rps", "200"), "flash-crowd"),
        (("--seed", "-1"), "--seed"),
        (("--speed", "fast"), "--speed"),
        (("--mode", "fast"), "--mode"),
        (("--replicas", "4"), "--mode MANUAL"),
        (("--mode", "MANUAL"), "--replicas"),
        (("--speed", "1e7"), "speed"),
        (("--bogus",), "--bogus"),
    ],
)
def test_what_is_wrong_is_one_line(
    cli: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    answer = cli("run", "--policy", "hpa", "--headless", *arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert words in answer.error
    assert not runs_directory().exists()


def test_a_bad_trace_is_named_with_its_lines(cli: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("t_seconds,rps\n0,10\n5,-2\n9,many\n20,4\n15,4\n", encoding="utf-8")
    answer = cli("run", "--policy", "hpa", "--scenario", path, "--headless")
    assert answer.code == 2
    for line in (3, 4, 6):
        assert f"line {line}" in answer.error


@pytest.mark.parametrize(
    ("command", "instead"),
    [((), "rlscale-console --help"), (("demo",), "--headless"), (("run",), "--headless")],
)
def test_without_a_terminal_the_console_does_not_open(
    cli: CommandLine, command: tuple[str, ...], instead: str
) -> None:
    answer = cli(*command)
    assert answer.code == 2
    assert "expected a terminal" in answer.error
    assert instead in answer.error
    assert not runs_directory().exists()


@pytest.mark.parametrize(
    ("command", "instead"), [("attach", "runs show"), ("replay", "runs show"), ("debug", "--print")]
)
def test_without_a_terminal_runs_are_told_of_in_other_ways(
    cli: CommandLine, tmp_path: Path, command: str, instead: str
) -> None:
    run = write_run(tmp_path / "run", 3)
    answer = cli(command, run)
    assert answer.code == 2
    assert "expected a terminal" in answer.error
    assert instead in answer.error
    assert "--headless" not in answer.error
    missing = cli(command, "nosuch")
    assert missing.code == 2
    assert "'nosuch'" in missing.error


def test_json_belongs_to_headless(cli: CommandLine) -> None:
    for command in ("run", "demo"):
        answer = cli(command, "--json")
        assert answer.code == 2
        assert "--headless" in answer.error


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "console.cli", *arguments],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_stopped_in_order(trace: Path, number: signal.Signals) -> None:
    process = _start(
        *("run", "--policy", "hpa", "--scenario", str(trace), "--headless", "--speed", "10")
    )
    deadline = time.monotonic() + 60
    while True:
        states = [entry.status.state for entry in list_runs() if entry.status]
        if states == [RunState.RUNNING]:
            break
        assert time.monotonic() < deadline, states
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines() == ["interrupted"]
    [entry] = list_runs()
    assert entry.status is not None
    assert entry.status.state is RunState.STOPPED
    assert entry.status.step >= 0


def test_a_reader_that_leaves_early_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "console.cli", "scenario", "list"],
            cwd=Path(__file__).parents[3],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writing)
    assert done.returncode == 0
    assert done.stderr == b""


@pytest.mark.parametrize("how", ["--headless", "--detach"])
def test_a_home_that_cannot_be_written_is_named_with_what_to_do(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    (tmp_path / "file").write_text("no directory", encoding="utf-8")
    monkeypatch.setenv("RLSCALE_DATA_DIR", str(tmp_path / "file" / "home"))
    answer = cli("run", "--policy", "hpa", how)
    assert answer.code == 2
    assert "expected to write" in answer.error
    assert "Not a directory. Set RLSCALE_DATA_DIR" in answer.error
