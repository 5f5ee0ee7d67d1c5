"""Who sets which target, of policy, operator and baseline, and what guardrails make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.cluster.guardrails import Guardrail, Guardrails, guardrail_text
from core.envs.history import StateHistory
from core.runs.control import Control
from core.state import Actor, ControlMode, Decision

FROZEN = (ControlMode.SHADOW, ControlMode.HOLD)
"""Modes in which nothing is scaled."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A target, and whose it is."""

    target: int
    actor: Actor
    guardrail: str = ""
    """Why a guardrail changed the target, in words; empty if none did."""
    reason: str = ""
    """Why it is wanted, in words."""


class Chooser:
    """Decides between those who want something, under the guardrails.

    Args:
        guardrails: With their memory.
        history: Of the cluster; its newest state is what is ruled on.
        changed: Told when guardrails begin to change targets, or change them otherwise.
    """

    def __init__(
        self, guardrails: Guardrails, history: StateHistory, changed: Callable[[str], None]
    ) -> None:
        self._guardrails = guardrails
        self._history = history
        self._changed = changed
        self._flags = Guardrail.NONE

    def trouble(self, mode: ControlMode) -> str:
        """What the age of the metrics means for decisions, in words; empty if nothing."""
        states = self._history.state
        if not self._guardrails.is_stale(states)[0]:
            return ""
        if mode is not ControlMode.AUTO:
            return "metrics too old"
        if self._guardrails.needs_fallback(states)[0]:
            return "metrics too old: reactive baseline in control"
        return "metrics too old: holding"

    def choose(
        self, control: Control, desired: int, decision: Decision, standby: Decision
    ) -> Choice:
        """Pick a target.

        Args:
            control: Who is in control.
            desired: Replicas that are asked for now.
            decision: What the policy wants.
            standby: What the reactive baseline wants.
        """
        if control.mode in FROZEN:
            return Choice(desired, Actor.NOBODY)
        if control.override_target is not None:
            return self.rule(Choice(control.override_target, Actor.OPERATOR), exempt=True)
        if self._guardrails.needs_fallback(self._history.state)[0]:
            # The baseline is what remains once the staleness rule has held for long enough.
            wanted = Choice(standby.target, Actor.FALLBACK, reason=standby.reason)
            return self.rule(wanted, exempt=True)
        wanted = Choice(decision.target, Actor.POLICY, reason=decision.reason)
        return self.rule(wanted, exempt=False)

    def rule(self, wanted: Choice, *, exempt: bool) -> Choice:
        """What the guardrails make of it; see `Guardrails.rule`."""
        rulings = self._guardrails.rule(
            np.array([wanted.target], dtype=np.int64), self._history.state, np.array([exempt])
        )
        ruled, flags = int(rulings.targets[0]), Guardrail(int(rulings.flags[0]))
        text = guardrail_text(flags, wanted.target, ruled)
        if flags and flags != self._flags:
            self._changed(text)
        self._flags = flags
        return Choice(ruled, Actor.GUARDRAIL, text, text) if text else wanted
