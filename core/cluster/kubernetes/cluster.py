"""A real Deployment behind the `Cluster` protocol: seen always, scaled only while in control."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from core.clock import Clock
from core.cluster.base import ScaleOutcome
from core.cluster.kubernetes.access import Access
from core.cluster.kubernetes.actuator import Write
from core.cluster.kubernetes.ledger import Ledger
from core.cluster.kubernetes.observer import Health
from core.cluster.kubernetes.target import Target
from core.cluster.kubernetes.view import DeploymentView
from core.cluster.live import Cause, Notice, NoticeKind
from core.state import Actor, ClusterState, ControlMode, DeploymentFacts

_WRITING = (ControlMode.AUTO, ControlMode.MANUAL)
_IN_DOUBT = ScaleOutcome(accepted=False, message="it is not known yet what became of the last call")


class Observer(Protocol):
    """What observes; `ClusterObserver` is one."""

    def start(self) -> None:
        """Begin to watch."""

    def observe(self, time_s: float) -> ClusterState:
        """What was measured over the interval that ends now."""

    @property
    def health(self) -> Health:
        """As of the last observation."""

    @property
    def view(self) -> DeploymentView:
        """The newest of the API's side."""

    @property
    def view_age_s(self) -> float:
        """For how long the view may have been out of date."""

    def refresh(self) -> None:
        """Look at the Deployment again soon."""

    def close(self) -> None:
        """End all threads."""


class Recorder(Protocol):
    """Who tells the Deployment's own record; `EventRecorder` is one."""

    def post(self, reason: str, message: str, uid: str, *, warning: bool = False) -> None:
        """Hand in an event."""

    def close(self) -> None:
        """Post what waits."""


class KubernetesCluster:
    """See `LiveCluster`. Never raises for what a cluster does, except at the very start.

    Args:
        target: The Deployment.
        facts: What is known about it.
        observer: Closed with this.
        access: What may be written; closed with this.
        recorder: Where scalings are told; closed with this.
        scaled_by: Name of whatever scales the Deployment besides us; empty if that is not known.
        clock: For the time since the start.
        duration_s: When it counts as finished; None: never.
        recall: Asked once, after the first look: what became of what an engine before had begun.
        closing: Called last when this is closed.
    """

    def __init__(
        self,
        target: Target,
        facts: DeploymentFacts,
        observer: Observer,
        access: Access,
        recorder: Recorder,
        scaled_by: Callable[[], str],
        clock: Clock,
        duration_s: float | None = None,
        *,
        recall: Callable[[], str] | None = None,
        closing: Callable[[], None] = lambda: None,
    ) -> None:
        self._recall = recall
        self._closing = closing
        self._target = target
        self._facts = facts
        self._observer = observer
        self._access = access
        self._recorder = recorder
        self._ledger = Ledger(scaled_by)
        self._clock = clock
        self._duration_s = duration_s
        self._notices: deque[Notice] = deque()
        self._told: set[str] = set()
        self._started_at_s: float | None = None
        self._time_s = 0.0
        self._uid = ""
        self._refusal = ""
        self._attempted = False

    # -- observing ----------------------------------------------------------------------------

    @property
    def facts(self) -> DeploymentFacts:
        """See `Cluster`."""
        return self._facts

    @property
    def finished(self) -> bool:
        """See `Cluster`: whether the time is over for which it was asked for."""
        return self._duration_s is not None and self._time_s >= self._duration_s

    @property
    def elapsed_s(self) -> float:
        """See `LiveCluster`."""
        now = self._clock.monotonic()
        return now - (self._started_at_s if self._started_at_s is not None else now)

    @property
    def in_control(self) -> bool:
        """See `LiveCluster`."""
        return self._access.in_control

    @property
    def restores_at_exit(self) -> bool:
        """See `LiveCluster`."""
        return self._access.restores_at_exit

    @restores_at_exit.setter
    def restores_at_exit(self, restores: bool) -> None:
        self._access.restores_at_exit = restores

    @property
    def setpoint(self) -> int | None:
        """See `LiveCluster`."""
        return self._access.setpoint

    @property
    def degraded(self) -> str:
        """See `LiveCluster`."""
        health = self._observer.health.degraded
        return "; ".join(filter(None, (self._access.degraded, self._refusal, health)))

    def reset(self, seed: int) -> ClusterState:
        """See `Cluster`: observe; the seed means nothing here.

        Raises:
            ClusterError: The Deployment cannot be read.
        """
        if self._started_at_s is None:
            self._observer.start()
            self._ledger.begin(self._observer.view)
            self._uid = self._ledger.uid
            words = self._recall() if self._recall is not None else ""
            if words:
                self._notice(NoticeKind.CONTROL, words)
        self._started_at_s = self._clock.monotonic()
        self._time_s = 0.0
        return self._observe()

    def advance(self) -> ClusterState:
        """See `Cluster`; the interval has passed already, whoever paces the loop sees to that."""
        self._time_s = self.elapsed_s
        if not self._attempted:
            # Nothing was wanted any more, so that nothing is being refused.
            self._refusal = ""
        self._attempted = False
        return self._observe()

    def take_notices(self) -> tuple[Notice, ...]:
        """See `LiveCluster`."""
        notices = tuple(self._notices)
        self._notices.clear()
        return notices

    def take_settled(self) -> ScaleOutcome | None:
        """See `LiveCluster`."""
        return self._ledger.take_settled()

    def _observe(self) -> ClusterState:
        state = self._observer.observe(self._time_s)
        for words in self._observer.health.notices:
            if words not in self._told:
                self._told.add(words)
                self._notice(NoticeKind.OBSERVATION, words)
        loss = self._access.take_loss()
        if loss:
            self._notice(NoticeKind.CONTROL, f"control lost: {loss}", holds=True)
        self._watch_setpoint()
        self._watch_replicas()
        return replace(state, replicas_desired=self._ledger.expected)

    def _watch_replicas(self) -> None:
        # The age first: the view that is read after it can only be newer.
        seen_at_s = self._clock.monotonic() - self._observer.view_age_s
        steers_floor = self._access.setpoint is not None
        for finding in self._ledger.compare(
            self._observer.view, seen_at_s, settles=not steers_floor
        ):
            if not finding.scaled:
                self._notice(NoticeKind.ROLLOUT, finding.message)
            elif steers_floor and self._observer.view.uid == self._uid:
                # The HPA above our floor does what it is there for.
                self._notice(NoticeKind.EXTERNAL, finding.message)
            else:
                self._overtaken(finding.message)
        self._uid = self._ledger.uid

    def _watch_setpoint(self) -> None:
        looked = self._access.look()
        if looked is None:
            return
        found = looked.found if looked.found is not None else self._access.setpoint
        if found is not None and (looked.outcome.accepted or looked.found is not None):
            self._ledger.settle(found, of_replicas=False)
        if looked.found is not None:
            self._overtaken(looked.outcome.message)

    def _overtaken(self, words: str) -> None:
        """Somebody else acts: recorded always, and where we were in control it is theirs now."""
        held = self._access.in_control
        if held:
            self._access.disown()
            self._recorder.post("ControlPaused", f"paused: {words}", self._uid, warning=True)
        self._notice(NoticeKind.EXTERNAL, words, holds=held)

    def _notice(self, kind: NoticeKind, message: str, *, holds: bool = False) -> None:
        self._notices.append(Notice(kind, message, holds))

    # -- acting -------------------------------------------------------------------------------

    def reachable(self, target: int) -> int:
        """See `LiveCluster`."""
        return self._access.reachable(target)

    def needs(self, target: int) -> bool:
        """See `LiveCluster`."""
        return self._access.needs(self._ledger.expected, target)

    def enter(
        self, mode: ControlMode, confirmation: str = "", *, patient: bool = False
    ) -> tuple[str, ...]:
        """See `LiveCluster`."""
        if mode in _WRITING and not self._access.in_control:
            found = self._access.take(confirmation, patient=patient)
            self._recorder.post(
                "ControlTaken", f"rlscale-console is in control: {found}", self._uid
            )
            return (f"control of {self._target} taken: {found}",)
        if mode is ControlMode.SHADOW and self._access.in_control:
            self._access.drop()
            self._recorder.post("ControlReleased", "rlscale-console only advises", self._uid)
            return (f"control of {self._target} given back",)
        if mode is ControlMode.SHADOW:
            self._access.drop()
        return ()

    def scale(self, target: int) -> ScaleOutcome:
        """See `Cluster`."""
        return self.scale_for(target, Cause(Actor.NOBODY, "", ""))

    def scale_for(self, target: int, cause: Cause) -> ScaleOutcome:
        """See `LiveCluster`."""
        if self._ledger.in_doubt:
            return _IN_DOUBT
        before = self._standing
        write = self._access.apply(self._ledger.expected, target)
        return self._written(before, target, write, cause)

    def find_out(self) -> int | None:
        """See `LiveCluster`."""
        found = self._access.standing() if self._ledger.in_doubt else None
        if found is not None:
            self._ledger.settle(found, of_replicas=self._access.setpoint is None)
        return found

    def giving_back(self, *, at_exit: bool) -> int | None:
        """See `LiveCluster`."""
        return self._access.giving_back(at_exit=at_exit)

    def give_back(self, *, at_exit: bool) -> ScaleOutcome:
        """See `LiveCluster`."""
        target = self._access.giving_back(at_exit=at_exit)
        if target is None:
            return ScaleOutcome(accepted=True)
        if self._ledger.in_doubt:
            return _IN_DOUBT
        before = self._standing
        write = self._access.give_back(self._ledger.expected)
        cause = Cause(Actor.OPERATOR, "", "as it was found")
        return self._written(before, target, write, cause)

    @property
    def _standing(self) -> int:
        """What a write would change: the replicas, or the floor."""
        setpoint = self._access.setpoint
        return self._ledger.expected if setpoint is None else setpoint

    def _written(self, before: int, target: int, write: Write, cause: Cause) -> ScaleOutcome:
        outcome = write.outcome
        steers_floor = self._access.setpoint is not None
        self._attempted = True
        self._refusal = "" if outcome.accepted else f"cannot scale: {outcome.message}"
        if write.found is not None:
            if not steers_floor:
                self._ledger.found(write.found)
            self._overtaken(outcome.message)
            return outcome
        if not (outcome.accepted or outcome.in_doubt):
            return outcome
        now_s = self._clock.monotonic()
        self._observer.refresh()
        if outcome.in_doubt:
            self._ledger.wrote_in_doubt(before, target, now_s)
            return outcome
        if not steers_floor:
            self._ledger.wrote(target, now_s)
        what = "floor" if steers_floor else "replicas"
        words = f"{_who(cause)}: {what} {before} → {target}"
        words += f", {cause.reason}" if cause.reason else ""
        name = "FloorMoved" if steers_floor else "ScaledUp" if target > before else "ScaledDown"
        if before != target:
            self._recorder.post(name, words, self._uid)
        return outcome

    def close(self) -> None:
        """See `Cluster`."""
        if self._access.in_control:
            self._recorder.post("ControlReleased", "rlscale-console has ended", self._uid)
        self._access.close()
        self._recorder.close()
        self._observer.close()
        self._closing()


def _who(cause: Cause) -> str:
    if cause.actor is Actor.POLICY or not cause.policy:
        return cause.policy or cause.actor.value
    return f"{cause.actor} ({cause.policy})"
