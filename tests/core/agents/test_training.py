from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.agents.bundle import load_bundle
from core.agents.checkpoint import find_checkpoints, read_state
from core.agents.config import Algorithm, HyperParameters, TrainingConfig
from core.agents.registry import load_policy
from core.agents.traffic import evaluation_interval_steps, training_traffic
from core.agents.training import train
from core.errors import BundleError, InputError
from core.state import Actor, ControlMode, ValuesKind
from core.traffic.library import load_scenario
from tests.core.agents.trainings import (
    SCENARIO,
    Recorder,
    TickingClock,
    tiny,
    write_scenario,
)

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("algo", list(Algorithm))
def test_a_training_from_config_to_bundle(tmp_path: Path, algo: Algorithm) -> None:
    sink = Recorder()
    config = tiny(write_scenario(tmp_path), algo).model_copy(update={"out": tmp_path / "out"})
    result = train(config, tmp_path / "run", sink, TickingClock())
    assert (result.completed, result.timesteps, result.algo) == (True, 256, algo)

    manifest = load_bundle(result.bundle).manifest
    assert manifest.seed == 3
    assert manifest.scenarios == config.scenarios
    assert manifest.reward_weights["slo"] > 0
    assert manifest.evaluation["score"] == result.evaluation.score
    assert load_policy(str(tmp_path / "out")).name == "out"

    # One step of the first cluster for each step of all four, linked one to the next.
    assert [step.index for step in sink.steps] == list(range(64))
    first, second = sink.steps[0], sink.steps[1]
    assert (first.mode, first.state.time_s) == (ControlMode.AUTO, 0.0)
    assert second.state.time_s == 15.0
    assert second.state.replicas_desired == first.target
    assert second.reward.total < 0
    pod_capacity_rps = load_scenario(config.scenarios[0]).facts.pod_capacity_rps
    assert sink.capacities_rps == [
        pytest.approx(step.state.replicas_ready * pod_capacity_rps) for step in sink.steps
    ]
    assert len(first.observation) == manifest.network.inputs
    assert len(first.decision.action_values) == manifest.network.outputs
    kind = ValuesKind.PROBABILITIES if algo is Algorithm.PPO else ValuesKind.Q_VALUES
    assert first.decision.values_kind is kind
    for step in sink.steps:
        if step.state.time_s == 0.0:
            assert step.reward.total == 0.0
        changed = step.target != step.decision.target
        assert step.actor is (Actor.GUARDRAIL if changed else Actor.POLICY)
        assert bool(step.guardrail) == changed
        assert step.decision.change == step.decision.target - step.state.replicas_desired

    last = sink.reports[-1]
    assert (last.timesteps, last.total_timesteps, last.eta_s) == (256, 256, 0.0)
    assert last.steps_per_s > 0
    assert last.episode_reward is not None
    assert last.episode_length is not None
    if algo is Algorithm.PPO:
        assert last.policy_loss is not None
        assert last.value_loss is not None
        assert last.entropy is not None
        assert last.q_loss is None
    else:
        assert last.exploration is not None
        assert last.policy_loss is None

    assert [one.timesteps for one in sink.evaluations] == [128, 256]
    assert sink.evaluations[0].best
    assert min(one.score for one in sink.evaluations) == result.evaluation.score
    assert all(one.baseline_score == result.baseline_score for one in sink.evaluations)
    assert [path.name for path in find_checkpoints(tmp_path / "run" / "checkpoints")] == [
        "step-000000000256",
        "step-000000000192",
    ]
    (log,) = (tmp_path / "run" / "tensorboard").glob("events.out.tfevents.*")
    content = log.read_bytes()
    for name in ("autoscaling/latency_p95_ms", "system/process_memory_mib", "evaluation/score"):
        assert name.encode() in content, name


def test_wandb_works_offline_and_keeps_its_files_in_the_run(tmp_path: Path) -> None:
    sink = Recorder()
    train(tiny(write_scenario(tmp_path), steps=64), tmp_path / "run", sink)
    assert not [text for text in sink.events if text.startswith("wandb")]
    (log,) = (tmp_path / "run" / "wandb").glob("offline-run-*/run-*.wandb")
    content = log.read_bytes()
    for name in (b"autoscaling/latency_p95_ms", b"evaluation/score", b"train/value_loss"):
        assert name in content


def test_a_broken_wandb_does_not_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wandb

    def refuse(**_: object) -> None:
        raise RuntimeError("no disk,\nno network")

    monkeypatch.setattr(wandb, "init", refuse)
    sink = Recorder()
    result = train(tiny(write_scenario(tmp_path), steps=64), tmp_path / "run", sink)
    assert result.completed
    assert "wandb: RuntimeError: no disk, no network" in sink.events


def test_the_same_seed_trains_the_same_policy(tmp_path: Path) -> None:
    config = tiny(write_scenario(tmp_path), steps=96)
    bundles = [
        load_bundle(train(config, tmp_path / name, Recorder()).bundle) for name in ("a", "b")
    ]
    other = config.model_copy(update={"seed": 4})
    different = load_bundle(train(other, tmp_path / "c", Recorder()).bundle)
    for name, array in bundles[0].weights.items():
        np.testing.assert_array_equal(array, bundles[1].weights[name])
    assert not np.array_equal(
        bundles[0].weights["action_net.weight"], different.weights["action_net.weight"]
    )


@pytest.mark.parametrize("algo", list(Algorithm))
def test_a_stopped_training_goes_on(tmp_path: Path, algo: Algorithm) -> None:
    config = tiny(write_scenario(tmp_path), algo)
    first = train(config, tmp_path / "run", Recorder(stop_after=20))
    assert not first.completed
    assert first.timesteps < 256
    sink = Recorder()
    second = train(config, tmp_path / "run", sink)
    assert (second.completed, second.timesteps) == (True, 256)
    assert any(text.startswith("resumed at ") for text in sink.events)
    again = Recorder()
    third = train(config, tmp_path / "run", again)
    assert (third.timesteps, again.steps) == (256, [])
    assert third.evaluation == second.evaluation


KILLED = """
import sys, threading
from pathlib import Path
from core.agents.traffic import evaluation_interval_steps, training_traffic
from core.agents.training import train
from core.agents.config import TrainingConfig
from tests.core.agents.trainings import Recorder

class Hanging(Recorder):
    def wait_while_paused(self):
        if len(self.steps) == 45:
            print("hangs", flush=True)
            threading.Event().wait()

train(TrainingConfig.model_validate_json(sys.argv[1]), Path(sys.argv[2]), Hanging())
"""


@pytest.mark.parametrize("algo", list(Algorithm))
def test_a_killed_training_resumes_from_its_checkpoint(tmp_path: Path, algo: Algorithm) -> None:
    config = tiny(write_scenario(tmp_path), algo)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, config.model_dump_json(), str(tmp_path / "run")],
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"hangs\n"
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=30) == -signal.SIGKILL
    process.stdout.close()

    newest = find_checkpoints(tmp_path / "run" / "checkpoints")[0]
    stored = read_state(newest)
    assert stored.timesteps == 128
    before = load_bundle(newest)
    sink = Recorder()
    result = train(config, tmp_path / "run", sink, TickingClock())
    assert f"resumed at 128 steps from {newest.name}" in sink.events
    assert (result.completed, result.timesteps) == (True, 256)
    assert sink.reports[0].timesteps == 132
    assert sink.reports[0].wall_s > stored.wall_s
    assert len(sink.steps) == (256 - 128) / 4
    after = load_bundle(tmp_path / "run" / "checkpoints" / "step-000000000256")
    assert any(
        not np.array_equal(after.weights[name], array) for name, array in before.weights.items()
    )
    if algo is Algorithm.PPO:
        # The rate of the update at 160 of 256 steps, decayed from 1e-3 at the very beginning.
        rates = {one.timesteps: one.learning_rate for one in sink.reports}
        assert rates[164] == pytest.approx(1e-3 * (1 - 160 / 256))
    else:
        exploration = {one.timesteps: one.exploration for one in sink.reports}
        assert exploration[256] == pytest.approx(0.05)
    assert result.wall_s > stored.wall_s


def test_silence_is_nothing_to_train_on(tmp_path: Path) -> None:
    silent = tmp_path / "silent.yaml"
    silent.write_text(SCENARIO.replace("100", "0").replace("400", "0"))
    with pytest.raises(InputError, match="expected traffic to train on, found none in short"):
        train(tiny(silent), tmp_path / "run", Recorder())


def test_a_training_whose_bundle_is_gone_makes_another(tmp_path: Path) -> None:
    config = tiny(write_scenario(tmp_path))
    first = train(config, tmp_path / "run", Recorder())
    shutil.rmtree(first.bundle)
    again = train(config, tmp_path / "run", Recorder())
    assert load_bundle(again.bundle).manifest.timesteps == 256


def test_a_damaged_checkpoint_gives_way_to_an_older_one(tmp_path: Path) -> None:
    config = tiny(write_scenario(tmp_path))
    train(config, tmp_path / "run", Recorder(stop_after=50))
    newest, older = find_checkpoints(tmp_path / "run" / "checkpoints")
    (newest / "optimizer.safetensors").write_bytes(b"damaged")
    sink = Recorder()
    train(config, tmp_path / "run", sink)
    assert sink.events[0].startswith(f"checkpoint {newest.name} cannot be used: expected")
    assert f"from {older.name}" in sink.events[1]


@pytest.mark.parametrize(
    ("scenarios", "message"),
    [
        (("no-such-scenario",), "no-such-scenario"),
        (("random", "flash-crowd"), "'random' alone"),
    ],
)
def test_a_config_that_cannot_be_followed(
    tmp_path: Path, scenarios: tuple[str, ...], message: str
) -> None:
    config = TrainingConfig.model_validate({"scenarios": scenarios, "steps": 10})
    with pytest.raises(InputError, match=message):
        train(config, tmp_path / "run", Recorder())


def test_a_place_that_cannot_be_used_is_refused_before_the_training(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    config = tiny(write_scenario(tmp_path)).model_copy(update={"out": tmp_path / "out"})
    sink = Recorder()
    with pytest.raises(BundleError, match=r"thesis\.txt"):
        train(config, tmp_path / "run", sink)
    assert sink.steps == []


@pytest.mark.parametrize(
    ("scenario", "steps", "every"),
    [
        ("flash-crowd", 1_000_000, 100_000),
        ("random", 1_000_000, 100_000),
        ("daily-pattern", 4_000_000, 1_333_333),
        ("daily-pattern", 100_000, 50_000),
        ("weekly-cycle", 4_000_000, 1_333_333),
    ],
)
def test_evaluations_do_not_outweigh_the_training(scenario: str, steps: int, every: int) -> None:
    config = TrainingConfig(scenarios=(scenario,), steps=steps)
    traffic = training_traffic(config)
    assert evaluation_interval_steps(config, traffic, 200) == every
    assert max(case.scenario.duration_s for case in traffic.validation.cases) <= 86_400
    told = config.model_copy(update={"evaluation_every": 7})
    assert evaluation_interval_steps(told, traffic, 200) == 7


def test_a_config_fills_in_what_is_missing() -> None:
    config = TrainingConfig.model_validate({"algo": "dqn"})
    assert (config.steps, config.scenarios) == (1_500_000, ("random",))
    assert config.checkpoint_interval_steps == 150_000
    assert TrainingConfig.model_validate_json(config.model_dump_json()) == config
    for wrong in ({"steps": 0}, {"algo": "sarsa"}, {"seed": -1}, {"stepz": 5}):
        with pytest.raises(ValueError, match=r"validation error"):
            TrainingConfig.model_validate(wrong)
    with pytest.raises(ValueError, match="gamma"):
        HyperParameters(gamma=1.5)
