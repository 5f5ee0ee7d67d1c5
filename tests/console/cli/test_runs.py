from __future__ import annotations

import csv
import io
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.locations import runs_directory
from core.runs.catalogue import list_runs, stop_run
from core.runs.records import RunKind, RunState
from tests.console.cli.conftest import Answer, CommandLine
from tests.core.runs.factory import write_run


@pytest.fixture
def finished(cli: CommandLine, trace: Path) -> str:
    """A run that came to its end; its name."""
    command = ("run", "--policy", "hpa", "--scenario", trace, "--headless", "--json")
    return str(cli(*command).json["run"])


@pytest.fixture
def live(cli: CommandLine) -> Iterator[str]:
    """A run that an engine is at work on; its name."""
    command = ("run", "--policy", "hpa", "--scenario", "flash-crowd", "--speed", "1")
    name = str(cli(*command, "--detach", "--json").json["run"])
    yield name
    for entry in list_runs():
        if entry.status is not None and entry.status.state.is_live:
            stop_run(entry.directory, timeout_s=30)


def _await_state(cli: CommandLine, name: str, state: RunState) -> Answer:
    deadline = time.monotonic() + 30
    while True:
        answer = cli("runs", "show", name, "--json")
        if answer.json["state"] == state:
            return answer
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)


def test_without_runs_the_list_says_how_to_make_one(cli: CommandLine) -> None:
    answer = cli("runs", "list")
    assert answer.code == 0
    assert "demo" in answer.out
    assert cli("runs", "list", "--json").json == {"runs": []}


def test_a_finished_run_is_listed_and_shown(cli: CommandLine, finished: str) -> None:
    assert finished in cli("runs", "list").out
    [row] = cli("runs", "list", "--json").json["runs"]
    assert (row["run"], row["state"], row["kind"]) == (finished, "finished", "inference")
    shown = cli("runs", "show", finished, "--json").json
    assert shown["state"] == "finished"
    assert shown["steps"] == 20
    assert shown["score"] > 1
    assert cli("runs", "show", "latest", "--json").json == shown
    assert "SLO" not in cli("runs", "show", finished).err


def test_the_list_fits_a_terminal_and_stays_whole_in_a_pipe(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = runs_directory()
    tested = "20261122-164753-oracle-metrics-outage-and-more-4783"
    write_run(home / tested, 30)
    trained = "20261122-232120-ppo-random-cd79"
    write_run(home / trained, 30, kind=RunKind.TRAINING, total_timesteps=2_000_000)
    piped = cli("runs", "list").out
    assert tested in piped
    assert "% of 2,000,000" in piped
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    _, rule, *lines = cli("runs", "list").out.splitlines()
    assert max(len(line) for line in (rule, *lines)) <= 80
    assert any(line.startswith(trained) and "% of 2M" in line for line in lines)
    assert any(line.split()[0].endswith("-4783") for line in lines)


def test_figures_are_rounded_as_run_prints_them(cli: CommandLine, trace: Path) -> None:
    printed = cli("run", "--policy", "hpa", "--scenario", trace, "--headless").out
    ran = dict(line.split("  ", 1) for line in printed.splitlines())
    shown = cli("runs", "show", "latest").out
    rows = dict(line.split("  ", 1) for line in shown.splitlines())
    for name in ("requests", "churn", "SLO violations", "errors", "reward"):
        assert rows[name].strip() == ran[name].strip(), name


def test_two_runs_stand_beside_each_other(cli: CommandLine, trace: Path, finished: str) -> None:
    command = ("run", "--policy", "static:9", "--scenario", trace, "--headless", "--json")
    other = str(cli(*command).json["run"])
    answer = cli("runs", "show", finished, other)
    assert answer.code == 0
    [pods] = [line for line in answer.out.splitlines() if line.startswith("pod hours")]
    assert pods.split()[-1] == "0.75"
    both = cli("runs", "show", finished, other, "--json").json["runs"]
    assert [row["run"] for row in both] == [finished, other]


@pytest.mark.parametrize("kind", ["csv", "json", "db"])
def test_export(cli: CommandLine, finished: str, tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"out.{kind}"
    answer = cli("runs", "export", finished, "--format", kind, "--out", out, "--json")
    assert answer.code == 0
    assert answer.json["path"] == str(out)
    if kind == "csv":
        with out.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 21
        assert "latency_p95_ms" in rows[0]
    elif kind == "json":
        assert len(json.loads(out.read_text(encoding="utf-8"))["steps"]) == 21
    else:
        connection = sqlite3.connect(out)
        assert connection.execute("SELECT count(*) FROM steps").fetchone() == (21,)
        connection.close()
    again = cli("runs", "export", finished, "--format", kind, "--out", out)
    assert again.code == 2
    assert str(out) in again.error
    assert "replace it with --force" in again.error
    assert cli("runs", "export", finished, "--format", kind, "--out", out, "--force").code == 0


def test_an_export_that_cannot_be_written_says_what_to_do(
    cli: CommandLine, finished: str, tmp_path: Path
) -> None:
    answer = cli("runs", "export", finished, "--out", tmp_path / "missing" / "a.csv")
    assert answer.code == 2
    assert "No such file or directory. Choose a folder that exists" in answer.error


def test_delete(cli: CommandLine, finished: str) -> None:
    answer = cli("runs", "delete", "latest", "--json")
    assert answer.code == 0
    assert answer.json == {"deleted": [finished]}
    assert list_runs() == []


class _Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "left"), [("\n", 1), ("n\n", 1), ("", 1), ("y\n", 0)])
def test_at_a_terminal_it_asks_first(
    cli: CommandLine, finished: str, monkeypatch: pytest.MonkeyPatch, typed: str, left: int
) -> None:
    monkeypatch.setattr("sys.stdin", _Keyboard(typed))
    answer = cli("runs", "delete", finished)
    assert answer.code == 0
    assert len(list_runs()) == left
    assert f"Delete {finished} with all files?" in answer.err


def test_yes_is_an_answer_in_advance(
    cli: CommandLine, finished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", _Keyboard())
    assert cli("runs", "delete", finished, "--yes").code == 0
    assert list_runs() == []


def test_a_wrong_name_deletes_nothing(cli: CommandLine, finished: str) -> None:
    answer = cli("runs", "delete", finished, "nonsense")
    assert answer.code == 2
    assert "nonsense" in answer.error
    assert [entry.run_id for entry in list_runs()] == [finished]


def test_restart_takes_the_same_traffic_again(cli: CommandLine, finished: str) -> None:
    again = str(cli("runs", "restart", finished, "--json").json["run"])
    assert again != finished
    shown = _await_state(cli, again, RunState.FINISHED).json
    first = cli("runs", "show", finished, "--json").json
    assert shown["parent"] == finished
    assert shown["requests"] == first["requests"]
    assert shown["score"] == pytest.approx(first["score"])


def test_only_trainings_are_resumed(cli: CommandLine, finished: str) -> None:
    answer = cli("runs", "resume", finished)
    assert answer.code == 2
    assert "training" in answer.error


def test_a_damaged_run_is_listed_as_such(cli: CommandLine, finished: str) -> None:
    [entry] = list_runs()
    (entry.directory / "run.db").write_bytes(b"not a database at all, only text" * 50)
    answer = cli("runs", "list")
    assert answer.code == 0
    assert "unreadable" in answer.out
    assert cli("runs", "show", finished).code == 1


def test_an_engine_takes_every_order(cli: CommandLine, live: str) -> None:
    assert cli("control", "pause", live).code == 0
    assert _await_state(cli, live, RunState.PAUSED)
    stepped = cli("control", "step", live, "--json").json
    assert stepped["ok"] is True
    assert stepped["message"].startswith("step ")
    assert cli("control", "override", live, 15, "--ttl", 600).code == 0
    assert cli("runs", "show", live, "--json").json["mode"] == "MANUAL"
    assert cli("control", "release", live).code == 0
    assert cli("control", "mode", live, "SHADOW").code == 0
    assert cli("runs", "show", live, "--json").json["mode"] == "SHADOW"
    assert cli("control", "speed", live, "max").code == 0
    assert cli("control", "speed", live, 1).code == 0
    assert cli("control", "resume", live).code == 0
    assert cli("control", "stop", live).code == 0
    assert _await_state(cli, live, RunState.STOPPED)
    late = cli("control", "pause", live)
    assert late.code == 1
    assert "engine" in late.error


@pytest.mark.parametrize(
    "order",
    [("override", "0"), ("override", "1000"), ("mode", "autoo"), ("override", "5", "--ttl", "-1")],
)
def test_an_order_that_makes_no_sense_is_refused(
    cli: CommandLine, live: str, order: tuple[str, ...]
) -> None:
    answer = cli("control", order[0], live, *order[1:])
    assert answer.code == 2
    assert "expected" in answer.error


def test_a_live_run_is_not_deleted(cli: CommandLine, live: str) -> None:
    answer = cli("runs", "delete", live)
    assert answer.code == 1
    assert "Stop it first" in answer.error
    assert [entry.run_id for entry in list_runs()] == [live]
