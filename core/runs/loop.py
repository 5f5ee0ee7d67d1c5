"""The control loop: one turn is observe, decide, apply mode and guardrails, scale, record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.agents.hpa import HpaPolicy
from core.agents.policy import Policy, Situation
from core.clock import Clock
from core.cluster.base import Cluster
from core.cluster.batch import FactsBatch, StateBatch
from core.cluster.guardrails import Guardrails
from core.cluster.live import Cause
from core.envs.history import StateHistory
from core.envs.observation import build_observation
from core.envs.pipeline import EpisodeSettings
from core.envs.reward import WeightsBatch, rewards
from core.errors import RunError
from core.runs.chooser import FROZEN, Choice, Chooser
from core.runs.control import Control, check_override
from core.runs.helm import Helm
from core.runs.journal import Journal
from core.runs.records import EventKind, RunTotals
from core.runs.rows import StepRecord
from core.runs.scaler import Moment, Scaler
from core.runs.timeline import FaultTimeline
from core.runs.totals import TotalsKeeper
from core.state import (
    Actor,
    ClusterState,
    ControlMode,
    DeploymentFacts,
    RewardComponents,
    Step,
)
from core.traffic.faults import Fault

_ALL = np.ones(1, dtype=np.bool_)
_INTERRUPTED = 2.0
"""Intervals from one decision to the next after which the one before no longer counts as recent."""
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
        first_step: Number of the first step; not 0 where a training goes on.
        episode: Number of the episode, likewise.
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
        *,
        first_step: int = 0,
        episode: int = 0,
    ) -> None:
        self._first_step = first_step
        self._episode = episode
        self._cluster = cluster
        self._scaler = Scaler(cluster, journal)
        self._policy = policy
        self._fallback = HpaPolicy()
        self._journal = journal
        self._clock = clock
        self._helm = Helm(cluster, control or Control(), self._scaler, self._event)
        self._timeline = FaultTimeline(faults)
        facts = FactsBatch.from_facts([cluster.facts])
        self._history = StateHistory(facts)
        self._guardrails = Guardrails([settings.guardrails], facts)
        self._chooser = Chooser(self._guardrails, self._history, self._ruled)
        self._weights = WeightsBatch.from_weights([settings.weights])
        self._totals = TotalsKeeper(cluster.facts.interval_s, cluster)
        self._last: Step | None = None
        self._index = first_step
        self._time_s = 0.0
        self._desired = 0
        self._degraded = ""
        self._recovered = ""

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
        return self._helm.control

    @property
    def degraded(self) -> str:
        """Why decisions are degraded, in words; empty if they are not."""
        return self._degraded

    @property
    def held_because(self) -> str:
        """Why mode is HOLD although nobody chose it, in words; empty if that is not so."""
        return self._helm.held_because

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

    def start(self, seed: int, confirmation: str = "") -> Step:
        """Reset cluster and policies, and take the first decision.

        Args:
            seed: For the randomness of a simulation.
            confirmation: See `LiveCluster.enter`; needed for a mode that scales a real cluster.

        Raises:
            RlscaleError: A real cluster cannot be observed, or control of it not be taken.
        """
        state = self._cluster.reset(seed)
        self._index, self._time_s = self._first_step, state.time_s
        self._desired = state.replicas_desired
        self._history.restart(_ALL, StateBatch.from_states([state]))
        self._policy.reset(self.facts)
        self._fallback.reset(self.facts)
        self._totals.begin(state)
        self._enter(self.control.mode, confirmation, patient=True)
        return self._decide(state, _NOTHING)

    def turn(self) -> Step:
        """Let one interval pass and decide again."""
        state = self._cluster.advance()
        passed_s = state.time_s - self._time_s
        self._index, self._time_s = self.last.index + 1, state.time_s
        self._history.push(StateBatch.from_states([state]))
        if passed_s > _INTERRUPTED * self.facts.interval_s:
            self._guardrails.remember(self._history.state)
        reward = rewards(self._history, self._weights).components(0)
        self._totals.add(state, reward)
        return self._decide(state, reward)

    def pass_time(self) -> bool:
        """End what is over by the clock of a real cluster while no decision is taken.

        Returns:
            Whether that changed who is in control.
        """
        before = self.control
        moment = Moment(self._index, self._helm.now_s(self._time_s))
        self._helm.expire(moment, self._desired)
        return self.control is not before

    def close(self) -> RunError | None:
        """Let go of the cluster; a real one gets back what its operator wants to have back.

        Returns:
            What to tell of what could not be given back; None if all is well.
        """
        try:
            return self._helm.leave(self._moment, self._desired, self._clock)
        finally:
            self._cluster.close()

    def choose_exit(self, restore: bool) -> None:
        """Say what a real cluster gets back at the end, whatever was said before.

        Raises:
            InputError: There is nothing of ours to be put back.
        """
        self._helm.choose_exit(restore)

    # -- the operator -------------------------------------------------------------------------

    def set_mode(self, mode: ControlMode, confirmation: str = "") -> str:
        """Change the control mode; returns what was done, in words.

        Args:
            mode: The new mode.
            confirmation: See `LiveCluster.enter`.

        Raises:
            RlscaleError: Control of a real cluster may not or cannot be taken.
        """
        if mode is self.control.mode:
            return f"already in mode {mode}"
        self._enter(mode, confirmation)
        self._helm.control = self.control.with_mode(mode, self._desired)
        words = f"mode {mode}"
        if mode is ControlMode.MANUAL:
            words += f", {self._desired} replicas pinned"
        self._event(EventKind.MODE, Actor.OPERATOR, words)
        return words

    def override(self, replicas: int, ttl_s: float | None, confirmation: str = "") -> str:
        """Pin replicas and ask the cluster for them at once; returns what was done, in words.

        Raises:
            InputError: Outside the limits of the deployment.
            RlscaleError: Control of a real cluster may not or cannot be taken.
        """
        check_override(replicas, ttl_s, self.facts)
        self._enter(ControlMode.MANUAL, confirmation)
        self._helm.control = self.control.with_override(
            replicas, ttl_s, self._helm.now_s(self._time_s)
        )
        words = f"pinned {replicas} replicas " + (
            "until released" if ttl_s is None else f"for {ttl_s:g} s"
        )
        self._event(EventKind.OVERRIDE, Actor.OPERATOR, words)
        if not self.finished:
            choice = self._chooser.rule(Choice(replicas, Actor.OPERATOR), exempt=True)
            self._scale(choice)
            self._journal.amend_step(
                ControlMode.MANUAL, choice.actor, choice.target, choice.guardrail
            )
            words += f"; {choice.guardrail}" if choice.guardrail else ""
        return words

    def release(self) -> str:
        """Return to the mode before the override; returns what was done, in words.

        Raises:
            InputError: Nothing is overridden.
            RlscaleError: Control of a real cluster cannot be taken again.
        """
        released = self.control.released()
        self._enter(released.mode)
        self._helm.control = released
        words = f"released, mode {released.mode}"
        self._event(EventKind.OVERRIDE, Actor.OPERATOR, words)
        return words

    # -- one turn -----------------------------------------------------------------------------

    def _decide(self, state: ClusterState, reward: RewardComponents) -> Step:
        self._desired = state.replicas_desired
        self._announce(state.time_s)
        others_acted = self._helm.heed()
        observation = build_observation(self._history)[0]
        situation = Situation(state, self.facts, self._history, observation)
        decision = self._policy.decide(situation)
        standby = self._fallback.decide(situation)
        self._judge()
        choice = Choice(self._desired, Actor.NOBODY)
        if not self.finished:
            choice = self._chooser.choose(self.control, self._desired, decision, standby)
        if choice.actor is not Actor.NOBODY:
            self._scale(choice)
            self._judge()
        theirs = others_acted and choice.actor is Actor.NOBODY
        step = Step(
            index=self._index,
            wall_time=self._clock.now(),
            state=state,
            mode=self.control.mode,
            actor=Actor.EXTERNAL if theirs else choice.actor,
            decision=decision,
            target=choice.target,
            guardrail=choice.guardrail,
            reward=reward,
            observation=tuple(observation.tolist()),
        )
        capacity_rps = state.replicas_ready * self.facts.pod_capacity_rps
        self._last = step
        self._journal.add_step(StepRecord(step, capacity_rps, self._totals.totals, self._episode))
        return step

    def _announce(self, time_s: float) -> None:
        for words in self._timeline.passed(time_s):
            self._event(EventKind.FAULT, Actor.EXTERNAL, words)
        self._helm.expire(self._moment, self._desired)

    def _judge(self) -> None:
        metrics, cluster = self._chooser.trouble(self.control.mode), self._helm.trouble
        degraded = "; ".join(filter(None, (metrics, cluster)))
        if degraded != self._degraded:
            words = degraded or self._recovered
            self._event(EventKind.DEGRADED, Actor.GUARDRAIL, words)
            self._recovered = "all is well again" if cluster else "metrics are fresh again"
        self._degraded = degraded

    def _enter(self, mode: ControlMode, confirmation: str = "", *, patient: bool = False) -> None:
        moment, desired = self._moment, self._desired
        thaws = self.control.mode in FROZEN and mode not in FROZEN
        if self._helm.enter(mode, moment, desired, confirmation, patient=patient) or thaws:
            self._guardrails.remember(self._history.state)

    def _scale(self, choice: Choice) -> None:
        cause = Cause(choice.actor, self._policy.name, choice.reason)
        self._desired = self._scaler.scale(self._moment, self._desired, choice.target, cause)

    @property
    def _moment(self) -> Moment:
        return Moment(self._index, self._time_s)

    def _ruled(self, words: str) -> None:
        self._event(EventKind.GUARDRAIL, Actor.GUARDRAIL, words)

    def _event(self, kind: EventKind, actor: Actor, message: str) -> None:
        self._journal.add_event(kind, actor, message, time_s=self._time_s, step=self._index)
