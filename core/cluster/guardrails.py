"""The only road to `Cluster.scale`: what nobody may overrule, and why it stepped in.

Vectorised over clusters, so that training and control obey the same rules; the control loop uses
a batch of one. Order: staleness, scale-down veto, stabilisation, cool-down, largest step, limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from core.cluster.batch import FactsBatch, Floats, StateBatch
from core.traffic.scenario import GuardrailSettings

Integers = NDArray[np.int64]


class Guardrail(IntFlag):
    """Which guardrails changed a target; several may have."""

    NONE = 0
    STALE = 1
    VIOLATING = 2
    STABILIZING = 4
    COOLING_DOWN = 8
    STEP = 16
    LIMITS = 32


_WORDS = {
    Guardrail.STALE: "metrics too old to decide on",
    Guardrail.VIOLATING: "scale-down vetoed while SLO violated",
    Guardrail.STABILIZING: "scale-down waits for stabilisation",
    Guardrail.COOLING_DOWN: "cooling down after the last change",
    Guardrail.STEP: "step larger than allowed",
    Guardrail.LIMITS: "outside the limits",
}


GUARDRAIL_NAMES = {flag: str(flag.name).lower().replace("_", "-") for flag in _WORDS}
"""A short name for every guardrail, as programs like them."""


def guardrail_text(flags: Guardrail, wanted: int, ruled: int) -> str:
    """What the guardrails did, in words; empty if nothing."""
    if not flags:
        return ""
    reasons = ", ".join(words for flag, words in _WORDS.items() if flags & flag)
    return f"{wanted} became {ruled}: {reasons}"


def guardrails_in(text: str) -> tuple[Guardrail, ...]:
    """Which guardrails a text of `guardrail_text` names; a run file keeps the words only."""
    _, _, reasons = text.partition(": ")
    named = reasons.split(", ")
    return tuple(flag for flag, words in _WORDS.items() if words in named)


@dataclass(frozen=True, slots=True)
class Rulings:
    """What the guardrails made of the wanted targets."""

    targets: Integers
    """Replicas to ask for, shape (n,)."""
    flags: Integers
    """`Guardrail` flags of those that changed a target, shape (n,)."""


class _Settings:
    """`GuardrailSettings` of n clusters as arrays; absent limits are infinite."""

    def __init__(self, settings: Sequence[GuardrailSettings]) -> None:
        size = len(settings)
        self.largest_step_up = np.empty(size)
        self.largest_step_up_ratio = np.empty(size)
        self.largest_step_down_ratio = np.empty(size)
        self.cooldown_up_s = np.empty(size)
        self.cooldown_down_s = np.empty(size)
        self.stabilization_down_s = np.empty(size)
        self.stale_after_intervals = np.empty(size)
        self.fallback_after_intervals = np.empty(size)
        self.veto_down_violation_ratio = np.empty(size)
        self.replace(range(size), settings)

    def replace(self, indices: Iterable[int], settings: Sequence[GuardrailSettings]) -> None:
        """Take over the settings of some clusters; `settings` has one per cluster."""
        for index in indices:
            for name, column in vars(self).items():
                value = getattr(settings[index], name)
                column[index] = np.inf if value is None else value


class Guardrails:
    """Clamps and vetoes for n clusters, with the memory that cool-downs need.

    Args:
        settings: One per cluster.
        facts: Facts of the n clusters.
    """

    def __init__(self, settings: Sequence[GuardrailSettings], facts: FactsBatch) -> None:
        self._facts = facts
        size = facts.size
        self._settings = _Settings(settings)
        self._up_at_s = np.full(size, -np.inf)
        self._down_at_s = np.full(size, -np.inf)
        self._wanted: list[tuple[Floats, Floats]] = []

    def reset(
        self,
        mask: NDArray[np.bool_],
        settings: Sequence[GuardrailSettings],
        facts: FactsBatch,
    ) -> None:
        """Start the masked clusters over with the given settings (one per cluster of the batch)."""
        self._facts = facts
        self._settings.replace(np.flatnonzero(mask).tolist(), settings)
        self._up_at_s[mask] = -np.inf
        self._down_at_s[mask] = -np.inf
        for _, wanted in self._wanted:
            wanted[mask] = -np.inf

    def is_stale(self, states: StateBatch) -> NDArray[np.bool_]:
        """Clusters whose metrics are too old for any decision, shape (n,)."""
        return states.metrics_age_s > self._settings.stale_after_intervals * self._facts.interval_s

    def needs_fallback(self, states: StateBatch) -> NDArray[np.bool_]:
        """Clusters whose metrics are so old that the reactive baseline takes over, shape (n,)."""
        limit_s = self._settings.fallback_after_intervals * self._facts.interval_s
        return states.metrics_age_s > limit_s

    def remember(self, states: StateBatch) -> None:
        """Count the replicas that are there as wanted just now, before any decision.

        So that whoever takes over a running service does not scale it down before the
        stabilisation window has passed; an HPA does the same at its first sync.
        """
        if float(self._settings.stabilization_down_s.max()) > 0.0:
            before = np.nextafter(states.time_s, -np.inf)
            self._wanted.append((before, states.replicas_desired.copy()))

    def rule(
        self,
        targets: Integers,
        states: StateBatch,
        exempt: NDArray[np.bool_] | None = None,
    ) -> Rulings:
        """Apply every guardrail and remember what is let through.

        Args:
            targets: Wanted replicas, shape (n,).
            states: Newest states.
            exempt: Where True, an operator (or the reactive baseline, once metrics are too old)
                wants the target: only the largest step and the limits apply, since people may
                act on what metrics do not show.

        Returns:
            Targets to ask for, and what changed them.
        """
        settings = self._settings
        desired, now = states.replicas_desired, states.time_s
        judged = np.ones(len(desired), dtype=np.bool_) if exempt is None else ~exempt
        wanted = targets.astype(np.float64)
        flags = np.zeros(len(desired), dtype=np.int64)

        def replace(where: NDArray[np.bool_], value: Floats, flag: Guardrail) -> None:
            nonlocal wanted, flags
            changed = where & (value != wanted)
            wanted = np.where(changed, value, wanted)
            flags = flags | np.where(changed, int(flag), 0)

        replace(judged & self.is_stale(states), desired, Guardrail.STALE)
        violating = states.slo_violation_ratio > settings.veto_down_violation_ratio
        replace(judged & violating & (wanted < desired), desired, Guardrail.VIOLATING)
        stable = np.minimum(np.maximum(wanted, self._stabilised(wanted, now)), desired)
        replace(judged & (wanted < desired), stable, Guardrail.STABILIZING)
        cooling_up = now - self._up_at_s < settings.cooldown_up_s
        cooling_down = now - np.maximum(self._down_at_s, self._up_at_s) < settings.cooldown_down_s
        cooling = ((wanted > desired) & cooling_up) | ((wanted < desired) & cooling_down)
        replace(judged & cooling, desired, Guardrail.COOLING_DOWN)
        always = np.ones(len(desired), dtype=np.bool_)
        replace(always, np.clip(wanted, *self._step_bounds(desired)), Guardrail.STEP)
        low, high = self._facts.min_replicas, self._facts.max_replicas
        replace(always, np.clip(wanted, low, high), Guardrail.LIMITS)
        self._up_at_s = np.where(wanted > desired, now, self._up_at_s)
        self._down_at_s = np.where(wanted < desired, now, self._down_at_s)
        return Rulings(wanted.astype(np.int64), flags)

    def _step_bounds(self, desired: Floats) -> tuple[Floats, Floats]:
        settings = self._settings
        # At least one replica may always come or go, also from none; an absent limit is infinite.
        base = np.maximum(desired, 1.0)
        up = np.minimum(
            settings.largest_step_up,
            np.maximum(np.floor(base * settings.largest_step_up_ratio), 1.0),
        )
        down = np.maximum(np.floor(base * settings.largest_step_down_ratio), 1.0)
        return desired - down, desired + up

    def _stabilised(self, wanted: Floats, now: Floats) -> Floats:
        """Highest target wanted within the stabilisation window, shape (n,)."""
        windows = self._settings.stabilization_down_s
        longest = float(windows.max())
        if longest <= 0.0:
            return wanted
        if self._wanted and np.array_equal(self._wanted[-1][0], now):
            # An override between two decisions takes the place of the decision it overrules.
            self._wanted.pop()
        self._wanted.append((now.copy(), wanted.copy()))
        limit = int(np.ceil(longest / float(self._facts.interval_s[0]))) + 1
        del self._wanted[:-limit]
        highest = wanted
        for time_s, target in self._wanted:
            inside = now - time_s < windows
            highest = np.maximum(highest, np.where(inside, target, -np.inf))
        return highest
