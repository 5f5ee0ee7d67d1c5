"""What could have been done at a moment instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from core.debug.repeating import repeated

if TYPE_CHECKING:
    from core.debug.moment import Moment
    from core.debug.weighing import Weighing

MOST: Final = 8

_FACTORS: Final = (1.25, 1.5, 2.0, 0.9, 0.75)


@dataclass(frozen=True, slots=True)
class Alternative:
    """A replica count to ask for at the moment, before whoever is in control goes on."""

    labels: tuple[str, ...]
    """The actions that come to it, best first, or what it is in words."""
    wanted: int
    """Replicas wanted."""
    granted: int
    """What the guardrails would have made of it."""
    weight: float | None
    """Sum of the probabilities of these actions, where they have any."""
    as_decided: bool = False
    """Whether this is what the policy decided."""


def alternatives_at(
    moment: Moment, weighing: Weighing | None, most: int = MOST
) -> list[Alternative]:
    """What was decided, then the best-weighed other actions, or steps where there are none.

    Actions that come to the same replicas, once the guardrails have ruled, have the same future
    and are one alternative.

    Args:
        moment: Where to choose.
        weighing: What a learned policy weighed there.
        most: How many at most, what was decided included.
    """
    decision, desired = moment.step.decision, moment.step.state.replicas_desired
    found: list[tuple[str, int, float | None]] = [("as decided", decision.target, None)]
    if weighing is not None:
        found += [
            (option.label, option.target, option.probability)
            for option in weighing.options
            if option.target is not None
        ]
    else:
        facts = moment.situation.facts
        low, high = facts.min_replicas, facts.max_replicas
        steps = [("hold", desired), ("+1", desired + 1), ("-1", desired - 1)]
        steps += [(f"×{factor:g}", round(desired * factor)) for factor in _FACTORS]
        found += [(label, min(max(target, low), high), None) for label, target in steps]
    granted = _ruled(moment, [wanted for _, wanted, _ in found])
    merged: dict[int, list[tuple[str, int, float | None]]] = {}
    for one, ruled in zip(found, granted, strict=True):
        merged.setdefault(ruled, []).append(one)
    alternatives = [
        Alternative(
            labels=tuple(label for label, _, _ in group),
            wanted=group[0][1],
            granted=ruled,
            weight=_sum([weight for _, _, weight in group]),
            as_decided=group[0] is found[0],
        )
        for ruled, group in merged.items()
    ]
    return alternatives[:most]


def _sum(weights: list[float | None]) -> float | None:
    known = [weight for weight in weights if weight is not None]
    return sum(known) if known else None


def _ruled(moment: Moment, wanted: list[int]) -> list[int]:
    """What the guardrails would make of each, on their own."""
    size = len(wanted)
    guardrails = repeated(moment.guardrails, size)
    states = repeated(moment.history, size).state
    ruled: list[int] = guardrails.rule(np.array(wanted, dtype=np.int64), states).targets.tolist()
    return ruled
