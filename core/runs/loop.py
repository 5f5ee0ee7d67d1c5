"""The control loop: one turn is observe, decide, apply mode and guardrails, scale, record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.agents.hpa import HpaPolicy
from core.agents.policy import Policy, Situation
from core.clock import Clock
from core.cluster.base import Cluster
from core.cluster.batch import FactsBatch, StateBatch
from core.cluster.guardrails import Guardrail, Guardrails, guardrail_text
from core.envs.history import StateHistory
from core.envs.observation import build_observation
from core.envs.pipeline import EpisodeSettings
from core.envs.reward import WeightsBatch, rewards
from core.errors import RunError
from core.runs.control import Control, check_override
from core.runs.journal import Journal
from core.runs.records import EventKind, RunTotals
from core.runs.rows import StepRecord
from core.runs.timeline import FaultTimeline
from core.runs.totals import TotalsKeeper
from core.state import (
    Actor,
    ClusterState,
    ControlMode,
    Decision,
    DeploymentFacts,
    RewardComponents,
    Step,
)
from core.traffic.faults import Fault

_ALL = np.ones(1, dtype=np.bool_)
_NOTHING = RewardComponents(slo=0.0, cost=0.0, churn=0.0, error=0.0)


class ControlLoop:
    """Lets a policy (or the operator) control one deployment.

    Call `start` once, then `turn` until `finished`. Between turns the mode may be changed and
    replicas may be overridden; an override is applied to the cluster at once.

    Args:
        cluster: What is controlled.
        policy: Who decides. It is always asked, also in SHADOW, MANUAL and HOLD.
        settings: Reward weights and guardrails.
        journal: Where everything is written.
        clock: For wall times.
        control: Mode at the start.
        faults: Faults of the scenario, announced as events when their time comes.
    """

    def __init__(
        self,
        cluster: Cluster,
        policy: Policy,
        settings: EpisodeSettings,
        journal: Journal,
        clock: Clock,
        control: Control | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        self._cluster = cluster
        self._policy = policy
        self._fallback = HpaPolicy()
        self._journal = journal
        self._clock = clock
        self._control = control or Control()
        self._timeline = FaultTimeline(faults)
        facts = FactsBatch.from_facts([cluster.facts])
        self._history = StateHistory(facts)
        self._guardrails = Guardrails([settings.guardrails], facts)
        self._weights = WeightsBatch.from_weights([settings.weights])
        self._totals = TotalsKeeper(cluster.facts.interval_s, cluster)
        self._last: Step | None = None
        self._index = 0
        self._time_s = 0.0
        self._desired = 0
        self._flags = Guardrail.NONE
        self._degraded = ""

    @property
    def facts(self) -> DeploymentFacts:
        """What is known about the deployment."""
        return self._cluster.facts

    @property
    def finished(self) -> bool:
        """Whether the scenario has ended."""
        return self._cluster.finished

    @property
    def control(self) -> Control:
        """Mode and override."""
        return self._control

    @property
    def degraded(self) -> str:
        """Why decisions are degraded, in words; empty if they are not."""
        return self._degraded

    @property
    def history(self) -> StateHistory:
        """What observations are made of."""
        return self._history

    @property
    def guardrails(self) -> Guardrails:
        """What stands between decisions and the cluster, with its memory."""
        return self._guardrails

    @property
    def fallback(self) -> Policy:
        """The reactive baseline, which is asked at every turn too."""
        return self._fallback

    @property
    def totals(self) -> RunTotals:
        """Sums over all turns so far."""
        return self._totals.totals

    @property
    def last(self) -> Step:
        """The newest step.

        Raises:
            RunError: The loop has not been started.
        """
        if self._last is None:
            raise RunError("expected a started control loop, found one without a first step.")
        return self._last

    def start(self, seed: int) -> Step:
        """Reset cluster and policies, and take the first decision."""
        state = self._cluster.reset(seed)
        self._index, self._time_s = 0, state.time_s
        self._history.restart(_ALL, StateBatch.from_states([state]))
        self._policy.reset(self.facts)
        self._fallback.reset(self.facts)
        self._totals.begin(state)
        return self._decide(state, _NOTHING)

    def turn(self) -> Step:
        """Let one interval pass and decide again."""
        state = self._cluster.advance()
        self._index, self._time_s = self.last.index + 1, state.time_s
        self._history.push(StateBatch.from_states([state]))
        reward = rewards(self._history, self._weights).components(0)
        self._totals.add(state, reward)
        return self._decide(state, reward)

    def close(self) -> None:
        """Let go of the cluster."""
        self._cluster.close()

    # -- the operator -------------------------------------------------------------------------

    def set_mode(self, mode: ControlMode) -> str:
        """Change the control mode; returns what was done, in words."""
        if mode is self._control.mode:
            return f"already in mode {mode}"
        self._control = self._control.with_mode(mode, self._desired)
        words = f"mode {mode}"
        if mode is ControlMode.MANUAL:
            words += f", {self._desired} replicas pinned"
        self._event(EventKind.MODE, Actor.OPERATOR, words)
        return words

    def override(self, replicas: int, ttl_s: float | None) -> str:
        """Pin replicas and ask the cluster for them at once; returns what was done, in words.

        Raises:
            InputError: Outside the limits of the deployment.
        """
        check_override(replicas, ttl_s, self.facts)
        self._control = self._control.with_override(replicas, ttl_s, self._time_s)
        words = f"pinned {replicas} replicas " + (
            "until released" if ttl_s is None else f"for {ttl_s:g} s"
        )
        self._event(EventKind.OVERRIDE, Actor.OPERATOR, words)
        if not self.finished:
            ruled, text = self._ruled(replicas, exempt=True)
            actor = Actor.GUARDRAIL if text else Actor.OPERATOR
            self._scale(ruled, actor)
            self._journal.amend_step(ControlMode.MANUAL, actor, ruled, text)
            words += f"; {text}" if text else ""
        return words

    def release(self) -> str:
        """Return to the mode before the override; returns what was done, in words.

        Raises:
            InputError: Nothing is overridden.
        """
        self._control = self._control.released()
        words = f"released, mode {self._control.mode}"
        self._event(EventKind.OVERRIDE, Actor.OPERATOR, words)
        return words

    # -- one turn -----------------------------------------------------------------------------

    def _decide(self, state: ClusterState, reward: RewardComponents) -> Step:
        self._desired = state.replicas_desired
        self._announce(state.time_s)
        observation = build_observation(self._history)[0]
        situation = Situation(state, self.facts, self._history, observation)
        decision = self._policy.decide(situation)
        standby = self._fallback.decide(situation)
        self._judge_metrics()
        target, actor, text = self._choose(decision, standby)
        if not self.finished:
            self._scale(target, actor)
        step = Step(
            index=self._index,
            wall_time=self._clock.now(),
            state=state,
            mode=self._control.mode,
            actor=actor,
            decision=decision,
            target=target,
            guardrail=text,
            reward=reward,
            observation=tuple(observation.tolist()),
        )
        capacity_rps = state.replicas_ready * self.facts.pod_capacity_rps
        self._last = step
        self._journal.add_step(StepRecord(step, capacity_rps, self._totals.totals))
        return step

    def _announce(self, time_s: float) -> None:
        for words in self._timeline.passed(time_s):
            self._event(EventKind.FAULT, Actor.EXTERNAL, words)
        if self._control.has_expired(time_s):
            self._control = self._control.released()
            words = f"override ended, mode {self._control.mode}"
            self._event(EventKind.OVERRIDE, Actor.OPERATOR, words)

    def _judge_metrics(self) -> None:
        states, degraded = self._history.state, ""
        if self._guardrails.needs_fallback(states)[0]:
            degraded = "metrics too old: reactive baseline in control"
        elif self._guardrails.is_stale(states)[0]:
            degraded = "metrics too old: holding"
        if degraded != self._degraded:
            words = degraded or "metrics are fresh again"
            self._event(EventKind.DEGRADED, Actor.GUARDRAIL, words)
        self._degraded = degraded

    def _choose(self, decision: Decision, standby: Decision) -> tuple[int, Actor, str]:
        """Who sets which target, and what a guardrail did to it."""
        if self.finished or self._control.mode in (ControlMode.SHADOW, ControlMode.HOLD):
            return self._desired, Actor.NOBODY, ""
        if self._control.override_target is not None:
            wanted, actor, exempt = self._control.override_target, Actor.OPERATOR, True
        elif self._guardrails.needs_fallback(self._history.state)[0]:
            # The baseline is what remains once the staleness rule has held for long enough.
            wanted, actor, exempt = standby.target, Actor.FALLBACK, True
        else:
            wanted, actor, exempt = decision.target, Actor.POLICY, False
        ruled, text = self._ruled(wanted, exempt)
        return ruled, Actor.GUARDRAIL if text else actor, text

    def _ruled(self, wanted: int, exempt: bool) -> tuple[int, str]:
        rulings = self._guardrails.rule(
            np.array([wanted], dtype=np.int64), self._history.state, np.array([exempt])
        )
        ruled, flags = int(rulings.targets[0]), Guardrail(int(rulings.flags[0]))
        text = guardrail_text(flags, wanted, ruled)
        if flags and flags != self._flags:
            self._event(EventKind.GUARDRAIL, Actor.GUARDRAIL, text)
        self._flags = flags
        return ruled, text

    def _scale(self, target: int, actor: Actor) -> None:
        if target == self._desired:
            return
        number = self._journal.begin_scaling(
            step=self._index,
            time_s=self._time_s,
            actor=actor,
            replicas_before=self._desired,
            target=target,
        )
        outcome = self._cluster.scale(target)
        self._journal.finish_scaling(number, outcome)
        if outcome.accepted:
            self._desired = target
            return
        self._event(
            EventKind.SCALING, actor, f"{self._desired} → {target} refused: {outcome.message}"
        )

    def _event(self, kind: EventKind, actor: Actor, message: str) -> None:
        self._journal.add_event(kind, actor, message, time_s=self._time_s, step=self._index)
