"""Who set which replicas: ours, somebody else's, or a call whose answer never came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.cluster.base import ScaleOutcome
from core.cluster.kubernetes.view import DeploymentView


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A write whose answer never came."""

    before: int
    target: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was not our doing."""

    message: str
    """What, in words."""
    scaled: bool
    """Whether somebody else set the replicas; else it is about a rollout."""


class Ledger:
    """Compares what is seen of a Deployment with what we have written.

    Args:
        scaled_by: Name of whatever scales the Deployment besides us; empty if that is not known.
    """

    def __init__(self, scaled_by: Callable[[], str]) -> None:
        self._scaled_by = scaled_by
        self._expected = 0
        self._uid = ""
        self._rollout = False
        self._written_at_s = float("-inf")
        self._doubt: _Doubt | None = None
        self._settled: ScaleOutcome | None = None

    @property
    def expected(self) -> int:
        """Desired replicas, as far as we know."""
        return self._expected

    @property
    def uid(self) -> str:
        """Of the Deployment."""
        return self._uid

    @property
    def in_doubt(self) -> bool:
        """Whether it is not known what became of the last write."""
        return self._doubt is not None

    def begin(self, view: DeploymentView) -> None:
        """Take what stands there as it is."""
        self._uid, self._expected = view.uid, view.desired
        self._rollout = view.rollout_in_progress

    def found(self, replicas: int) -> None:
        """Take a number that was found when something was to be written."""
        self._expected = replicas

    def wrote(self, replicas: int, now_s: float) -> None:
        """Take a write of ours that was answered."""
        self._expected, self._written_at_s = replicas, now_s

    def wrote_in_doubt(self, before: int, target: int, now_s: float) -> None:
        """Take a write of ours that was not answered.

        Args:
            before: What stood there, replicas or a floor.
            target: What was to be set.
            now_s: By the same clock as in `compare`.
        """
        self._doubt, self._written_at_s = _Doubt(before, target), now_s

    def settle(self, found: int, *, of_replicas: bool) -> None:
        """End the doubt, if there is one, by what was found.

        Args:
            found: What stands there, replicas or a floor.
            of_replicas: Whether it is replicas; they are expected then, if they are what was asked.
        """
        if self._doubt is not None:
            if of_replicas and found == self._doubt.target:
                self._expected = found
            words = f"never answered; {found} was found afterwards"
            self._settled = ScaleOutcome(accepted=found == self._doubt.target, message=words)
            self._doubt = None

    def take_settled(self) -> ScaleOutcome | None:
        """How the last doubt ended, once."""
        settled, self._settled = self._settled, None
        return settled

    def compare(
        self, view: DeploymentView, seen_at_s: float, *, settles: bool
    ) -> tuple[Finding, ...]:
        """What others did since we last looked or wrote.

        Args:
            view: What is seen.
            seen_at_s: When it was so, by the same clock as in `wrote`.
            settles: Whether the replicas themselves are written, so that they end a doubt.
        """
        # What is older than our own last write says nothing about who scaled what.
        if seen_at_s <= self._written_at_s:
            return ()
        findings = []
        if view.uid != self._uid:
            self._uid, self._expected = view.uid, view.desired
            self.settle(view.desired, of_replicas=True)
            findings.append(Finding("the Deployment was deleted and made anew", scaled=True))
        if settles:
            self.settle(view.desired, of_replicas=True)
        if view.desired != self._expected:
            during = " during a rollout" if view.rollout_in_progress else ""
            name = self._scaled_by() or "somebody else"
            words = f"{name} scaled {self._expected} → {view.desired}{during}"
            self._expected = view.desired
            findings.append(Finding(words, scaled=True))
        if view.rollout_in_progress != self._rollout:
            self._rollout = view.rollout_in_progress
            words = f"rollout {'began' if self._rollout else 'ended'}"
            findings.append(Finding(words, scaled=False))
        return tuple(findings)
