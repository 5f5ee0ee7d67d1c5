"""Carrying out a scaling: the intent is written before the call, the outcome after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.cluster.base import Cluster, ScaleOutcome
from core.cluster.live import Cause, LiveCluster
from core.runs.journal import Journal
from core.runs.records import EventKind
from core.state import Actor


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is done."""

    step: int
    time_s: float


class Scaler:
    """Asks a cluster for replicas, and leaves nothing of it unrecorded.

    Args:
        cluster: What is scaled.
        journal: Where everything is written.
    """

    def __init__(self, cluster: Cluster, journal: Journal) -> None:
        self._cluster = cluster
        self._live = cluster if isinstance(cluster, LiveCluster) else None
        self._journal = journal
        self._in_doubt: int | None = None
        self._refusal = ""

    def scale(self, moment: Moment, desired: int, target: int, cause: Cause) -> int:
        """Ask for `target` replicas; returns how many are desired then.

        Args:
            moment: Now.
            desired: Desired replicas at present.
            target: What is wanted; nothing is asked for if it would change nothing.
            cause: Who wants it, and why.
        """
        live = self._live
        if live is None:
            if target == desired:
                return desired
            done = self._carry_out(moment, desired, target, cause, self._cluster.scale)
            return target if done else desired
        held_back = cause.actor is Actor.GUARDRAIL and target == desired
        if held_back or not live.needs(target):
            return desired
        floor = live.setpoint
        target = live.reachable(target)
        done = self._carry_out(
            moment,
            desired if floor is None else floor,
            target,
            cause,
            lambda wanted: live.scale_for(wanted, cause),
        )
        if not done:
            return desired
        # Above a floor there may be more, but never less.
        return target if floor is None else max(desired, target)

    def give_back(self, moment: Moment, desired: int, *, at_exit: bool) -> str:
        """Set what stood there before control was taken, where that is asked for.

        After a call in doubt it is looked first what became of it.

        Returns:
            What stands there although it was to be given back, and why; nothing if all is well.
        """
        live = self._live
        target = live.giving_back(at_exit=at_exit) if live is not None else None
        if live is None or target is None:
            return ""
        found = live.find_out()
        self.settle()
        if found is None:
            found = desired if live.setpoint is None else live.setpoint
        cause = Cause(Actor.OPERATOR, "", "")
        self._event(moment, Actor.OPERATOR, f"giving back {found} → {target}, as it was found")
        if self._carry_out(moment, found, target, cause, lambda _: live.give_back(at_exit=at_exit)):
            return ""
        what = "replicas" if live.setpoint is None else "as floor"
        why = self._refusal.rstrip(".")
        return f"{found} {what} stay, not the {target} that were found: {why}."

    def settle(self) -> None:
        """Write what became of a call that was in doubt, if that is known by now."""
        settled = self._live.take_settled() if self._live is not None else None
        if settled is not None and self._in_doubt is not None:
            self._journal.finish_scaling(self._in_doubt, settled)
            self._in_doubt = None

    def _carry_out(
        self,
        moment: Moment,
        before: int,
        target: int,
        cause: Cause,
        ask: Callable[[int], ScaleOutcome],
    ) -> bool:
        number = self._journal.begin_scaling(
            step=moment.step,
            time_s=moment.time_s,
            actor=cause.actor,
            replicas_before=before,
            target=target,
        )
        outcome = ask(target)
        if outcome.in_doubt:
            self._in_doubt = number
        else:
            self._journal.finish_scaling(number, outcome)
        if outcome.accepted:
            self._refusal = ""
            return True
        words = f"{before} → {target} {'in doubt' if outcome.in_doubt else 'refused'}: "
        words += outcome.message
        if self._live is None or words != self._refusal:
            # A real cluster refuses for as long as nobody mends it: said once is enough.
            self._event(moment, cause.actor, words)
        self._refusal = words
        return False

    def _event(self, moment: Moment, actor: Actor, words: str) -> None:
        self._journal.add_event(
            EventKind.SCALING, actor, words, time_s=moment.time_s, step=moment.step
        )
