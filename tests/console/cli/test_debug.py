"""`debug` without a screen: hits, one decision, what if, files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.locations import runs_directory
from core.runs.reader import RunReader
from core.runs.records import RunKind, RunState
from core.times import clock
from tests.console.cli.conftest import CommandLine
from tests.core.debug.factory import STEPS, played
from tests.core.runs.clocks import wait_until
from tests.core.runs.conftest import engines
from tests.core.runs.factory import write_run
from tests.core.runs.uneven import paused

__all__ = ["engines"]

END = clock(STEPS * 15.0)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("played"), "ppo")


@pytest.fixture
def run(isolated: Path, written: Path) -> Path:
    return Path(shutil.copytree(written, runs_directory() / written.name))


def test_hits_of_conditions(cli: CommandLine, run: Path) -> None:
    answer = cli("debug", run.name, "--break", "p95 > slo", "--break", "guardrail", "--json")
    assert answer.code == 0
    steps = RunReader(run).steps(0, STEPS)
    assert answer.json["run"] == run.name
    assert answer.json["steps"] == STEPS + 1
    found = {one["condition"]: one["hits"] for one in answer.json["breaks"]}
    assert found["p95 > slo"] == [
        step.index for step in steps if (step.state.latency_p95_ms or 0) > 250
    ]
    assert found["guardrail"] == [step.index for step in steps if step.guardrail]
    table = cli("debug", run.name, "--break", "p95 > slo")
    assert table.out.startswith(f"p95 > slo: {len(found['p95 > slo'])} decisions of {STEPS + 1}")
    assert steps[found["p95 > slo"][0]].guardrail[:20] in table.out


def test_one_decision(cli: CommandLine, run: Path) -> None:
    answer = cli("debug", run.name, "--step", 33, "--json")
    assert answer.code == 0
    assert answer.json["step"] == 33
    assert answer.json["replay"] == "lived through again, bit for bit"
    assert answer.json["what_if"] is None
    assert abs(answer.json["why"]["error"]) < 1e-6
    assert cli("debug", run.name, "--time", "08:15", "--json").json["step"] == 33
    assert cli("debug", run.name, "--json").json["step"] == STEPS
    text = cli("debug", run.name, "--step", 33, "--print", "--question", "target").out
    assert text.startswith(f"# Decision 33 of {run.name}")
    assert "logarithm of the mean target" in text


def test_a_time_after_a_pause(cli: CommandLine, run: Path) -> None:
    paused(run, 10)
    assert cli("debug", run.name, "--time", "780 s", "--json").json["step"] == 12
    assert cli("debug", run.name, "--time", "10:00", "--json").json["step"] == 9


def test_what_if(cli: CommandLine, run: Path) -> None:
    options = ("--step", 12, "--what-if", "--policies", "hpa,static:9", "--samples", 3)
    answer = cli("debug", run.name, *options, "--horizon", 5, "--json")
    assert answer.code == 0
    found = answer.json["what_if"]
    assert found["steps"] == 5
    assert found["samples"] == 3
    labels = [one["labels"][0] for one in found["outcomes"]]
    assert labels[0] == "as decided"
    assert {"hpa from here", "static:9 from here"} <= set(labels)
    table = cli("debug", run.name, *options).out
    assert "Decision 12, the next 20 intervals, 3 samples on the same chance" in table
    own = cli("debug", run.name, "--step", 12, "--what-if", "--samples", 0).out
    assert "on the run's own chance" in own
    assert "±" not in own


@pytest.mark.usefixtures("engines")
def test_a_branch_and_the_two_in_step(cli: CommandLine, run: Path) -> None:
    answer = cli("debug", run.name, "--step", 20, "--branch", "--then", "hpa", "--target", 9)
    assert answer.code == 0
    made = answer.out.split()[1].rstrip(",")
    reader = RunReader(runs_directory() / made)
    wait_until(lambda: reader.status().state is RunState.FINISHED, directory=reader.directory)
    assert reader.info().parent == run.name
    assert reader.step(20).decision.target == 9
    both = cli("debug", run.name, "--versus", made, "--json")
    assert [one["run"] for one in both.json["runs"]] == [run.name, made]
    assert min(both.json["differences"]["replicas"]) == 20
    table = cli("debug", run.name, "--versus", made, "--print").out
    assert "differ in replicas" in table
    assert "first at 20" in table
    again = cli("debug", run.name, "--step", 20, "--branch", "--json")
    assert again.json["parent"] == run.name
    wait_until(lambda: RunReader(Path(again.json["directory"])).status().state is RunState.FINISHED)


def test_files(cli: CommandLine, run: Path, tmp_path: Path) -> None:
    target = tmp_path / "incident.md"
    assert cli("debug", run.name, "--step", 33, "--export", target).code == 0
    assert target.read_text().startswith("# Decision 33")
    again = cli("debug", run.name, "--export", target)
    assert again.code == 2
    assert "expected a new file" in again.error
    assert "replace it with --force" in again.error
    assert cli("debug", run.name, "--export", target, "--force").code == 0
    assert target.read_text().startswith(f"# Decision {STEPS}")
    other = tmp_path / "incident.json"
    cli("debug", run.name, "--step", 33, "--what-if", "--samples", 2, "--export", other)
    assert json.loads(other.read_text())["what_if"]["samples"] == 2


def test_names(cli: CommandLine, run: Path) -> None:
    found = {one["name"]: one for one in cli("debug", run.name, "--names", "--json").json["names"]}
    assert found["latency_p95_ms"]["aliases"] == ["p95"]
    assert found["action"]["words"] == ["hold", "up", "down"]
    assert "growth_5m" in found
    assert "share of requests over the SLO" in cli("debug", run.name, "--names").out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--break", "p59 > slo"), "Did you mean p99 or p95?"),
        (("--break", "import os"), "expected a condition, found a mistake at column"),
        (("--step", 999, "--json"), f"expected a step from 0 to {STEPS}, found 999"),
        (("--time", "99:00:00", "--print"), f"a time up to {END}, found 4d 03:00:00"),
        (("--time", "soon", "--json"), "expected a time such as 10:45"),
        (("--horizon", 5, "--json"), "expected --what-if beside"),
        (("--step", 3, "--what-if", "--policies", "nobody"), "found 'nobody'"),
        (("--export", "x.txt"), "ends in .md or .json"),
        (("--step", STEPS, "--what-if"), "a step before the end of the scenario"),
        (("--step", 3, "--time", 3), "not allowed with"),
        (("--target", 3, "--json"), "expected --branch beside --target"),
        (("--step", STEPS, "--branch"), f"a step from 0 to {STEPS - 1} to branch at"),
        (("--versus", "nobody", "--json"), "found 'nobody'"),
        (("--then", "hpa"), "expected --branch beside --then, found none"),
        (("--target", 0), "expected --branch beside --target, found none"),
        (("--samples", 0), "expected --what-if beside --samples, found none"),
        (("--seed", 0, "--print"), "expected --what-if beside --seed, found none"),
        (("--force", "--print"), "expected --export beside --force, found none"),
        (("--question", "target"), "expected --print, --export or --json beside --question"),
        (("--versus", "latest", "--export", "x.md"), "expected --versus without --export"),
        (("--versus", "latest", "--what-if"), "expected --versus without --what-if"),
        (("--versus", "latest", "--names"), "expected --versus without --names"),
        (("--versus", "latest", "--break", "p95 > slo"), "expected --versus without --break"),
        (("--versus", "latest", "--branch"), "expected --versus without --branch"),
        (("--versus", "latest", "--print", "--step", 999), "expected --versus without --step"),
        (("--break", "p95 > slo", "--time", "10:45"), "expected --break without --time"),
        (("--names", "--branch"), "expected --branch without --names"),
        (("--read-only", "--branch"), "expected --branch without --read-only"),
        ((), "expected a terminal"),
    ],
)
def test_what_is_wrong_is_one_line(
    cli: CommandLine, run: Path, options: tuple[object, ...], words: str
) -> None:
    answer = cli("debug", run.name, *options)
    assert answer.code in (1, 2)
    assert words in answer.error


def test_what_does_not_go_together_starts_nothing(cli: CommandLine, run: Path) -> None:
    for options in (("--read-only", "--branch"), ("--versus", "latest", "--branch")):
        assert cli("debug", run.name, *options).code == 2
    assert list(runs_directory().iterdir()) == [run]


def test_a_training_cannot_be_debugged(cli: CommandLine, isolated: Path) -> None:
    write_run(runs_directory() / "training", 20, kind=RunKind.TRAINING)
    answer = cli("debug", "training", "--json")
    assert answer.code == 1
    assert "a policy's run to debug, found training" in answer.error
