"""What is kept of a training on a cluster, without one."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("stable_baselines3")

from core.agents.bundle import load_bundle
from core.agents.config import HyperParameters
from core.agents.online import online_learner
from core.agents.registry import bundle_directory
from core.agents.stopwatch import Stopwatch
from core.agents.traffic import Validation
from core.cluster.kubernetes.settings import KubernetesSettings
from core.errors import BundleError
from core.runs.config import OnlineTrainingConfig
from core.runs.live_outcome import conclude
from core.runs.reader import RunReader
from core.runs.records import RunKind, RunState
from core.runs.rows import StatusRow
from core.runs.store import RunWriter
from core.runs.summary import summarise_training
from tests.core.runs.clocks import ManualClock
from tests.core.runs.factory import write_run

DQN = bundle_directory("dqn")


@pytest.mark.parametrize("learned", [1, 2], ids=["stopped", "finished"])
def test_a_place_that_cannot_be_written_to_takes_nothing_of_the_outcome_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, learned: int
) -> None:
    # What the HPA is worth there takes long to find out.
    monkeypatch.setattr(Validation, "baseline_score", lambda self: 2.5)
    assert DQN is not None
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    twin = tmp_path / "twin.csv"
    twin.write_text("t_seconds,rps\n" + "".join(f"{at},40\n" for at in range(0, 300, 10)))
    config = OnlineTrainingConfig(
        algo="dqn",
        steps=2,
        kubernetes=KubernetesSettings(deployment="web"),
        start_from=str(DQN),
        scenarios=(str(twin),),
        out=tmp_path / "mine",
    )
    run = write_run(tmp_path / "run", 0, kind=RunKind.TRAINING, state=RunState.RUNNING)
    agent = online_learner(DQN, HyperParameters(), ("shop/web",), 0).agent
    agent.model.num_timesteps = learned
    clock = ManualClock()
    writer = RunWriter(run, clock)
    with pytest.raises(BundleError, match=r"notes\.txt"):
        conclude(run, writer, config, agent, Stopwatch(clock), StatusRow())
    writer.close()
    reader = RunReader(run)
    outcome = summarise_training(reader)
    reader.close()
    assert (outcome.steps, outcome.completed) == (learned, learned == 2)
    assert (outcome.evaluation is not None) is outcome.completed
    assert load_bundle(Path(outcome.bundle)).manifest.timesteps == learned
