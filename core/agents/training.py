"""A whole training, from a config to a bundle; what the engine and the command line call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from core.agents.bundle import PolicyBundle, load_bundle, save_bundle
from core.agents.bundle_files import require_place
from core.agents.checkpoint import TrainingState, find_checkpoints
from core.agents.config import Algorithm, TrainingConfig
from core.agents.settings import AgentSettings, DqnSettings, PpoSettings
from core.agents.sink import TrainingSink
from core.agents.stopwatch import Stopwatch
from core.agents.traffic import TrainingTraffic, evaluation_interval_steps, training_traffic
from core.clock import Clock, SystemClock
from core.errors import BundleError
from core.summary import Summary

if TYPE_CHECKING:
    from stable_baselines3.common.callbacks import BaseCallback

    from core.agents.agent import Agent
    from core.agents.callbacks import EvaluationCallback


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came of a training."""

    bundle: Path
    """Directory of the best bundle."""
    algo: Algorithm
    timesteps: int
    """Steps done in all sessions."""
    best_timesteps: int
    """Steps after which the best bundle was kept."""
    wall_s: float
    """Seconds in all sessions, evaluations included, pauses not."""
    steps_per_s: float
    """Speed over all of that."""
    seed: int
    evaluation: Summary
    """The best bundle's figures in an average validation episode."""
    baseline_score: float | None
    """Score of the HPA that is calibrated on the training suite, on the same traffic."""
    completed: bool
    """False if it was stopped early; then `train` with the same directory goes on."""


def train(
    config: TrainingConfig,
    directory: Path,
    sink: TrainingSink,
    clock: Clock | None = None,
) -> TrainingResult:
    """Train a policy, or go on with a training that was stopped or killed.

    The directory gets `bundle/` (the best policy so far), `checkpoints/`, `tensorboard/` and
    `wandb/`. If there are checkpoints in it, the training goes on from the newest.

    Args:
        config: What to do.
        directory: Where files go, usually the run's directory.
        sink: Who is told, and who may pause or stop the training.
        clock: Where time comes from.

    Raises:
        InputError: The config cannot be followed.
        BundleError: A place cannot be written to.
    """
    clock = clock or SystemClock()
    directory.mkdir(parents=True, exist_ok=True)
    if config.out is not None:
        # Before a training of minutes, not after it.
        require_place(config.out)
    stopwatch = Stopwatch(clock)
    traffic = training_traffic(config)
    agent = make_agent(config, traffic, directory / "tensorboard")
    state = _resume(agent, directory / "checkpoints", sink)
    if state is not None:
        stopwatch.continue_from(state.wall_s)
    evaluation, callbacks = _callbacks(
        config, agent, traffic, directory, sink, stopwatch, clock, state
    )
    bundle = directory / "bundle"
    if agent.timesteps < config.steps:
        agent.train(config.steps, callbacks)
    if not bundle.is_dir():
        evaluation.evaluate()
    agent.model.logger.close()
    agent.env.close()
    best = load_bundle(bundle)
    if config.out is not None:
        save_bundle(config.out, best)
    wall_s = stopwatch.total_s
    return TrainingResult(
        bundle=bundle,
        algo=config.algo,
        timesteps=agent.timesteps,
        best_timesteps=best.manifest.timesteps,
        wall_s=wall_s,
        steps_per_s=agent.timesteps / wall_s if wall_s > 0 else 0.0,
        seed=config.seed,
        evaluation=_figures(best, bundle),
        baseline_score=evaluation.scores.baseline,
        completed=agent.timesteps >= config.steps,
    )


def make_agent(
    config: TrainingConfig, traffic: TrainingTraffic, log_directory: Path | None = None
) -> Agent[AgentSettings]:
    """The agent and its environments as a config says.

    Args:
        config: What to train.
        traffic: What to train on.
        log_directory: Where TensorBoard files go; None for none.
    """
    from core.agents.dqn import DQNAgent
    from core.agents.papers import Provenance
    from core.agents.ppo import PPOAgent
    from core.envs.foresight import ForesightVecEnv

    is_ppo = config.algo is Algorithm.PPO
    settings: AgentSettings = (PpoSettings if is_ppo else DqnSettings).from_overrides(
        config.hyper_parameters
    )
    env = ForesightVecEnv(
        traffic.source,
        settings.environments,
        config.seed,
        config.action_set,
        interval_s=traffic.interval_s,
        stagger=True,
    )
    provenance = Provenance(
        action_set=config.action_set,
        inference=config.inference,
        scenarios=config.scenarios,
        seed=config.seed,
        reward_weights=traffic.reward_weights.model_dump(),
    )
    kind: type[Agent[Any]] = PPOAgent if is_ppo else DQNAgent
    return kind(env, settings, provenance, log_directory=log_directory)


def _resume(agent: Agent[AgentSettings], home: Path, sink: TrainingSink) -> TrainingState | None:
    """Go on from the newest checkpoint that can be read; None if there is none."""
    first: BundleError | None = None
    for path in find_checkpoints(home):
        try:
            state = agent.resume(path)
        except BundleError as error:
            sink.event(f"checkpoint {path.name} cannot be used: {error.message}")
            first = first or error
        else:
            sink.event(f"resumed at {state.timesteps:,} steps from {path.name}")
            return state
    if first is not None:
        raise first
    return None


def _best_score(bundle: Path) -> float | None:
    """Score of the best policy so far, from its own papers; None if it is gone.

    The checkpoint may be older than the bundle, or the bundle may have been deleted.
    """
    if not bundle.is_dir():
        return None
    score = load_bundle(bundle).manifest.evaluation.get("score")
    return None if score is None else float(score)


def _callbacks(
    config: TrainingConfig,
    agent: Agent[AgentSettings],
    traffic: TrainingTraffic,
    directory: Path,
    sink: TrainingSink,
    stopwatch: Stopwatch,
    clock: Clock,
    state: TrainingState | None,
) -> tuple[EvaluationCallback, list[BaseCallback]]:
    """All callbacks of a training, in the order in which they are called."""
    from core.agents.callbacks import (
        AutoscalingMetricsCallback,
        CheckpointCallback,
        EvaluationCallback,
        ProgressCallback,
        SystemMetricsCallback,
        WandbCallback,
    )
    from core.agents.callbacks.checkpoints import Scores

    evaluation = EvaluationCallback(
        agent,
        traffic.validation,
        evaluation_interval_steps(config, traffic, agent.env.num_envs),
        directory / "bundle",
        sink,
        stopwatch,
        Scores(_best_score(directory / "bundle"), state.baseline_score)
        if state
        else Scores(None, None),
    )
    return evaluation, [
        AutoscalingMetricsCallback(agent, sink, clock),
        SystemMetricsCallback(clock),
        ProgressCallback(agent, sink, config.steps, stopwatch, clock),
        evaluation,
        CheckpointCallback(
            agent,
            directory / "checkpoints",
            config.checkpoint_interval_steps,
            stopwatch,
            lambda: evaluation.scores,
        ),
        WandbCallback(directory, directory.name, config.model_dump(mode="json"), sink),
    ]


def _figures(bundle: PolicyBundle, path: Path) -> Summary:
    try:
        return TypeAdapter(Summary).validate_python(bundle.manifest.evaluation)
    except ValidationError:
        raise BundleError(
            f"expected the figures of an evaluation in {path}, found others.",
            "Delete the bundle to have the policy evaluated again.",
        ) from None
