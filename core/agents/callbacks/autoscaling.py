"""What happens in the clusters while an agent learns."""

from __future__ import annotations

from typing import Final

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from core.agents.agent import Agent
from core.agents.settings import AgentSettings
from core.agents.sink import TrainingSink
from core.clock import Clock
from core.envs.vector import SimulatorVecEnv
from core.errors import InputError
from core.state import (
    Actor,
    ClusterState,
    ControlMode,
    Decision,
    RewardComponents,
    Step,
    ValuesKind,
)

_METRICS: Final = (
    "rps",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "slo_violation_ratio",
    "cpu_utilization",
    "replicas_ready",
    "replicas_desired",
)
_NOTHING: Final = RewardComponents(slo=0.0, cost=0.0, churn=0.0, error=0.0)
_LOG_EVERY: Final = 16
"""Steps of all clusters between two samples for the log."""


class AutoscalingMetricsCallback(BaseCallback):
    """Logs the mean of latency, CPU, pods, traffic and reward, and shows the first cluster.

    Every decision of the first cluster goes to the sink as a `Step`; episodes follow each other
    there without a gap, each with its own scenario.

    Args:
        agent: Who learns, in a `SimulatorVecEnv`.
        sink: Where the steps go.
        clock: For the steps' wall time.
    """

    def __init__(self, agent: Agent[AgentSettings], sink: TrainingSink, clock: Clock) -> None:
        super().__init__()
        if not isinstance(agent.env, SimulatorVecEnv):
            raise InputError(
                f"expected a SimulatorVecEnv to observe, found {type(agent.env).__name__}."
            )
        self._agent = agent
        self._env = agent.env
        self._sink = sink
        self._clock = clock
        self._index = 0
        self._state: ClusterState | None = None
        self._capacity_rps: float | None = None
        self._reward = _NOTHING
        self._wanted = np.zeros(0, dtype=np.int64)

    def _on_training_start(self) -> None:
        self._look()

    def _look(self) -> None:
        """Keep what the first cluster's next decision will be taken on."""
        pipeline = self._env.batch.pipeline
        self._state = pipeline.history.state.state(0)
        pod_capacity_rps = float(pipeline.history.facts.pod_capacity_rps[0])
        self._capacity_rps = self._state.replicas_ready * pod_capacity_rps
        self._wanted = self._env.batch.action_set.all_targets(pipeline.history)[:, 0]

    def _on_step(self) -> bool:
        step = self._env.last_step
        assert step is not None
        assert self._state is not None
        decision = self._decision(self._state)
        target = int(step.targets[0])
        observation = self.model._last_obs
        assert isinstance(observation, np.ndarray)
        changed = target != decision.target
        self._sink.step(
            Step(
                index=self._index,
                wall_time=self._clock.now(),
                state=self._state,
                mode=ControlMode.AUTO,
                actor=Actor.GUARDRAIL if changed else Actor.POLICY,
                decision=decision,
                target=target,
                guardrail=f"{decision.target} became {target}" if changed else "",
                reward=self._reward,
                observation=tuple(observation[0].tolist()),
            ),
            self._capacity_rps,
        )
        self._index += 1
        # The reward of an episode's last interval belongs to no decision of the next one.
        self._reward = _NOTHING if step.done[0] else step.rewards.components(0)
        self._look()
        if self.n_calls % _LOG_EVERY == 0:
            self._log()
        return True

    def _decision(self, state: ClusterState) -> Decision:
        choice = self._agent.last_choice
        action = int(choice.actions[0])
        target = int(self._wanted[action])
        scale = self._agent.settings.reward_scale
        numbers = choice.numbers[0]
        if choice.kind is ValuesKind.Q_VALUES:
            numbers = numbers / scale
        return Decision(
            target=target,
            change=target - state.replicas_desired,
            reason=f"training: tries {self._env.batch.action_set.labels[action]}",
            action=action,
            action_values=tuple(numbers.tolist()),
            values_kind=choice.kind,
            value=None if choice.values is None else float(choice.values[0]) / scale,
        )

    def _log(self) -> None:
        step = self._env.last_step
        assert step is not None
        for name in _METRICS:
            values = getattr(step.states, name)
            measured = values[~np.isnan(values)]
            if len(measured):
                self.logger.record_mean(f"autoscaling/{name}", float(measured.mean()))
        self.logger.record_mean("autoscaling/reward", float(step.rewards.total.mean()))
