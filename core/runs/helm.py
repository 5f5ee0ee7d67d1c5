"""Who is in control of a cluster, and what a real one has to say about that."""

from __future__ import annotations

from typing import Final, Protocol

from core.clock import Clock
from core.cluster.base import Cluster
from core.cluster.live import LiveCluster, Notice, NoticeKind
from core.errors import InputError, RlscaleError, RunError
from core.runs.chooser import FROZEN
from core.runs.control import Control
from core.runs.records import EventKind
from core.runs.scaler import Moment, Scaler
from core.state import Actor, ControlMode

_EVENTS: Final = {
    NoticeKind.EXTERNAL: EventKind.EXTERNAL,
    NoticeKind.ROLLOUT: EventKind.EXTERNAL,
    NoticeKind.CONTROL: EventKind.CONTROL,
    NoticeKind.OBSERVATION: EventKind.ENGINE,
}
_TRIES_AFTER_S: Final = (1.0, 2.0, 4.0)
"""Between attempts to give back what was found."""
_TRYING_S: Final = 10.0
"""For how long another attempt may begin: a pod in a cluster has half a minute to end."""


class Tell(Protocol):
    """Takes one line for the event log."""

    def __call__(self, kind: EventKind, actor: Actor, message: str) -> None:
        """Write it."""


class Helm:
    """The mode and the override, and the right to scale that a real cluster asks for.

    Args:
        cluster: What is controlled; only a `LiveCluster` has a say.
        control: Mode at the start.
        scaler: For what is given back with control.
        tell: Where events go.
    """

    def __init__(self, cluster: Cluster, control: Control, scaler: Scaler, tell: Tell) -> None:
        self.control = control
        self._live = cluster if isinstance(cluster, LiveCluster) else None
        self._scaler = scaler
        self._tell = tell
        self._held_because = ""

    @property
    def held_because(self) -> str:
        """Why mode is HOLD although nobody chose it, in words; empty if that is not so."""
        return self._held_because

    @property
    def trouble(self) -> str:
        """Why a real cluster cannot be seen or scaled as it should; empty if it can."""
        return self._live.degraded if self._live is not None else ""

    def now_s(self, time_s: float) -> float:
        """Seconds since the start: of a real cluster by its clock, of a simulated one `time_s`."""
        return self._live.elapsed_s if self._live is not None else time_s

    def enter(
        self,
        mode: ControlMode,
        moment: Moment,
        desired: int,
        confirmation: str = "",
        *,
        patient: bool = False,
    ) -> bool:
        """Get the cluster ready for a mode; returns whether control was taken with it.

        Raises:
            RlscaleError: It may not or cannot be taken; everything is as before.
        """
        if self._live is None:
            return False
        if mode is ControlMode.SHADOW:
            self._scaler.give_back(moment, desired, at_exit=False)
        done = self._live.enter(mode, confirmation, patient=patient)
        for words in done:
            self._tell(EventKind.CONTROL, Actor.OPERATOR, words)
        self._held_because = ""
        return bool(done) and mode not in FROZEN

    def leave(self, moment: Moment, desired: int, clock: Clock) -> RunError | None:
        """Give back what a real cluster is to have back at the end, in a few attempts.

        Returns:
            What to tell the operator of what stays; None if all is well.
        """
        began = clock.monotonic()
        left = self._scaler.give_back(moment, desired, at_exit=True)
        for pause_s in _TRIES_AFTER_S:
            if not left:
                return None
            if clock.monotonic() - began > _TRYING_S:
                break
            clock.wait(pause_s)
            left = self._scaler.give_back(moment, desired, at_exit=True)
        return RunError(left, "Scale it yourself.") if left else None

    def choose_exit(self, restore: bool) -> None:
        """Say whether a real cluster gets back at the end what it had before.

        Raises:
            InputError: There is nothing of ours to be put back.
        """
        if self._live is not None and self._live.in_control:
            self._live.restores_at_exit = restore
        elif restore:
            raise InputError(
                "expected a cluster under control to restore, found none.",
                "What stands there now is not ours.",
            )

    def heed(self) -> bool:
        """Take in what happened to a real cluster; returns whether somebody else scaled it."""
        if self._live is None:
            return False
        self._scaler.settle()
        notices = self._live.take_notices()
        for notice in notices:
            self._tell(_EVENTS[notice.kind], _actor(notice), notice.message)
            if notice.holds and self.control.mode not in FROZEN:
                self._hold(notice.message)
        return any(notice.kind is NoticeKind.EXTERNAL for notice in notices)

    def expire(self, moment: Moment, desired: int) -> None:
        """End an override whose time is over."""
        if not self.control.has_expired(moment.time_s):
            return
        released = self.control.released()
        try:
            self.enter(released.mode, moment, desired)
        except RlscaleError as error:
            self._hold(f"the override ended, but not into {released.mode}: {error}")
            return
        self.control = released
        self._tell(EventKind.OVERRIDE, Actor.OPERATOR, f"override ended, mode {self.control.mode}")

    def _hold(self, reason: str) -> None:
        self.control = self.control.held()
        self._held_because = reason
        self._tell(EventKind.MODE, Actor.GUARDRAIL, f"mode HOLD until released: {reason}")


def _actor(notice: Notice) -> Actor:
    others = notice.kind in (NoticeKind.EXTERNAL, NoticeKind.ROLLOUT)
    return Actor.EXTERNAL if others else Actor.NOBODY
