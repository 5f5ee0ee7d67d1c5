"""The twin stands where the cluster stood, and says that it is a twin."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core.cluster.batch import StateBatch
from core.debug.debugger import Debugger
from core.debug.futures import Course, play
from core.debug.twin import Twin
from core.debug.whatif import Asking, Outcome
from core.errors import InputError, RunError
from core.runs.reader import RunReader
from core.traffic.patterns import ConstantPattern, SpikePattern
from core.traffic.scenario import GuardrailSettings, Scenario
from tests.core.debug.factory import played
from tests.core.runs.uneven import paused

CALM = Scenario(
    name="served",
    traffic=(ConstantPattern(rps=250.0), SpikePattern(at_s=480, rps=300, rise_s=60, hold_s=240)),
    duration_s=80 * 15,
    seed=3,
)


@pytest.fixture(scope="module")
def cluster_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that passes for one on a real cluster: its twin is the very service."""
    run = played(tmp_path_factory.mktemp("cluster"), "ppo", CALM)
    connection = sqlite3.connect(run / "run.db")
    with connection:
        connection.execute("UPDATE meta SET value = '\"k8s a/b/c\"' WHERE key = 'environment'")
        connection.execute("UPDATE steps SET rps = NULL WHERE step = 20")
    connection.close()
    return run


def test_it_stands_where_the_cluster_stood(cluster_run: Path) -> None:
    twin = Twin(RunReader(cluster_run))
    for index in (0, 5, 30, 37, 44, 79, 30):
        moment = twin.moment(index)
        there, measured = moment.simulator.states().state(0), moment.step.state
        assert there.replicas_desired == measured.replicas_desired
        assert abs(there.replicas_ready - measured.replicas_ready) <= 2
        assert there.time_s + moment.shift_s == measured.time_s
        assert there.rps == pytest.approx(measured.rps, rel=0.1)
        assert moment.situation.state == measured
        assert moment.steps_left == 240
        assert "in the fitted twin" in moment.stand_in


def test_its_futures_are_like_those_that_came(cluster_run: Path) -> None:
    reader = RunReader(cluster_run)
    moment = Twin(reader).moment(30)
    assert moment.policy is not None
    found = play(moment, [Course(moment.policy)], 20, list(range(8)))
    later = reader.steps(31, 50)
    assert found.time_s.tolist() == [step.state.time_s for step in later]
    ready = found.replicas_ready[0].mean(axis=0)
    assert ready == pytest.approx([step.state.replicas_ready for step in later], abs=3.0)
    # Geometric means: how high a spike gets is a matter of when two pods are ready.
    recorded = np.log([step.state.latency_p95_ms or np.nan for step in later])
    expected = np.log(found.latency_p95_ms)
    assert np.exp(np.nanmean(expected)) == pytest.approx(np.exp(np.nanmean(recorded)), rel=0.3)


def test_what_if_says_that_it_is_a_twin(cluster_run: Path) -> None:
    debugger = Debugger(cluster_run)
    assert debugger.rewind is None
    assert debugger.speculation is not None
    found = debugger.speculation.ask(30, Asking(samples=3, policies=("hpa",)))
    assert found.note.startswith("in the fitted twin, traffic to come as recorded; there p95 is")
    assert found.outcomes[0].as_decided
    assert found.outcomes[0].granted == debugger.recording.step(30).target
    newest = debugger.speculation.ask(80, Asking(samples=2))
    assert "held at the last rate" in newest.note
    assert newest.steps == 20
    assert "real cluster" in debugger.faithfulness(30)


def test_its_guardrails_are_those_of_the_run(cluster_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(cluster_run, tmp_path / "railed"))
    own = GuardrailSettings(largest_step_up=1)
    connection = sqlite3.connect(run / "run.db")
    with connection:
        text = own.model_dump_json()
        connection.execute("INSERT INTO meta (key, value) VALUES ('guardrails', ?)", (text,))
    connection.close()
    assert Twin(RunReader(cluster_run)).scenario.guardrails == CALM.guardrails
    moment = Twin(RunReader(run)).moment(30)
    assert moment.scenario.guardrails == own
    ruled = moment.guardrails.rule(np.array([60]), StateBatch.from_states([moment.step.state]))
    assert ruled.targets.tolist() == [moment.step.state.replicas_desired + 1]


def _with_oracle(debugger: Debugger, index: int) -> Outcome:
    assert debugger.speculation is not None
    asking = Asking(steps=30, samples=2, most=1, policies=("oracle",))
    found = debugger.speculation.ask(index, asking)
    assert "the oracle planned on the recorded traffic, from the start of the twin" in found.note
    return next(one for one in found.outcomes if one.takes_over)


def test_an_oracle_goes_by_the_time_of_the_twin(cluster_run: Path, tmp_path: Path) -> None:
    late = paused(Path(shutil.copytree(cluster_run, tmp_path / "late")), 0, 3000.0)
    assert Twin(RunReader(late)).moment(20).shift_s == 3000.0
    one, two = (_with_oracle(Debugger(run), 20) for run in (cluster_run, late))
    assert one.curve_replicas_ready.tolist() == two.curve_replicas_ready.tolist()
    assert one.reward == two.reward


def test_an_oracle_plans_anew_for_every_moment(tmp_path: Path) -> None:
    run = played(tmp_path, "hpa", CALM.model_copy(update={"duration_s": 140 * 15}))
    connection = sqlite3.connect(run / "run.db")
    with connection:
        connection.execute("UPDATE meta SET value = '\"k8s a/b/c\"' WHERE key = 'environment'")
    connection.close()
    again = Debugger(run)
    _with_oracle(again, 130)
    one, two = _with_oracle(again, 20), _with_oracle(Debugger(run), 20)
    assert one.curve_replicas_ready.tolist() == two.curve_replicas_ready.tolist()
    assert one.reward == two.reward


def test_there_is_no_moment_without_its_step(cluster_run: Path) -> None:
    with pytest.raises(InputError, match="expected a step from 0 to 80, found 81"):
        Twin(RunReader(cluster_run)).moment(81)


def test_without_a_twin_it_says_what_is_missing(cluster_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(cluster_run, tmp_path / "bare"))
    connection = sqlite3.connect(run / "run.db")
    with connection:
        connection.execute("DELETE FROM meta WHERE key = 'scenario'")
    connection.close()
    with pytest.raises(RunError, match="expected the twin of the service in"):
        Twin(RunReader(run))
    debugger = Debugger(run)
    assert debugger.speculation is None
    assert "Fit one" in debugger.problem


def test_a_baseline_with_a_memory_is_continued(tmp_path: Path) -> None:
    run = played(tmp_path, "hpa", CALM)
    connection = sqlite3.connect(run / "run.db")
    with connection:
        connection.execute("UPDATE meta SET value = '\"k8s a/b/c\"' WHERE key = 'environment'")
    connection.close()
    reader = RunReader(run)
    twin = Twin(reader)
    for index in (3, 40, 60):
        moment = twin.moment(index)
        assert moment.policy is not None
        assert moment.policy.decide(moment.situation).target == reader.step(index).decision.target
