"""KEDA: request rate per pod through an HPA, and scaling to and from zero beside it.

Source: kedacore/keda `pkg/scaling/executor/scale_scaledobjects.go` and the HPA that it creates:
an external metric with an `averageValue`, and no `behavior` unless the ScaledObject gives one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from core.agents.hpa import HpaController, HpaSpec
from core.agents.hpa.metrics import MetricSource, MetricSpec, TargetKind
from core.agents.hpa.policy import LATENESS
from core.agents.hpa.words import explain
from core.agents.policy import Situation
from core.errors import InputError
from core.state import Decision, DeploymentFacts

TARGET_SHARE: Final = 0.7
"""Share of a pod's capacity that is its threshold unless one is given."""
COOLDOWN_S: Final = 300.0
_MILLI: Final = 1000


@dataclass(frozen=True, slots=True)
class Activation:
    """What is remembered for scaling to and from zero."""

    active_s: float | None = None
    """When there was traffic last; None if never yet."""


def activate(
    activation: Activation, rps: float | None, now_s: float, current: int, low: int
) -> tuple[int | None, Activation]:
    """Scaling to and from zero, as a pure function.

    Args:
        activation: What is remembered.
        rps: Requests per second; None if not measured, which changes nothing.
        now_s: Time of the decision.
        current: Replicas now.
        low: Fewest replicas that the ScaledObject allows.

    Returns:
        The replicas to have, or None where the HPA decides; and what to remember.
    """
    if rps is not None and rps > 0.0:
        activation = Activation(now_s)
        return (max(low, 1) if current == 0 else None), activation
    if rps is None or low > 0:
        return None, activation
    idle_since_s = activation.active_s
    if current == 0 or idle_since_s is None or idle_since_s + COOLDOWN_S < now_s:
        return 0, activation
    return None, activation


class KedaPolicy:
    """An HPA that wants ceil(request rate / threshold) replicas.

    Args:
        threshold_rps: Requests per second for each pod; None is 70 % of a pod's capacity.

    Raises:
        InputError: The threshold is out of range.
    """

    def __init__(self, threshold_rps: float | None = None) -> None:
        if threshold_rps is not None and not 0.001 <= threshold_rps <= 1e6:
            raise InputError(
                f"expected a threshold of 0.001 to 1000000 rps per pod, found {threshold_rps:g}.",
                "For example keda:40 for one pod per 40 requests per second.",
            )
        self._threshold_rps = threshold_rps
        self._low = 1
        self._controller = HpaController(HpaSpec(1))
        self._activation = Activation()

    @property
    def name(self) -> str:
        """See `Policy`."""
        return "keda" if self._threshold_rps is None else f"keda:{self._threshold_rps:g}"

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`; a baseline has no actions."""
        return ()

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`."""
        threshold_rps = self._threshold_rps
        if threshold_rps is None:
            threshold_rps = TARGET_SHARE * facts.pod_capacity_rps
        target = max(math.ceil(threshold_rps * _MILLI), 1)
        metric = MetricSpec(MetricSource.EXTERNAL, "rps", TargetKind.AVERAGE_VALUE, target)
        self._low = facts.min_replicas
        # An HPA has at least one replica; KEDA itself goes to zero.
        spec = HpaSpec(facts.max_replicas, max(facts.min_replicas, 1), (metric,), behavior=None)
        self._controller = HpaController(spec)
        self._activation = Activation()

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`."""
        state, controller = situation.state, self._controller
        current, now_s = state.replicas_desired, state.time_s * (1.0 + LATENESS)
        wanted, self._activation = activate(self._activation, state.rps, now_s, current, self._low)
        if wanted is not None:
            words = "wake up: there is traffic" if wanted else "no traffic: 0 replicas"
            return Decision(wanted, wanted - current, words)
        (metric,) = controller.spec.metrics
        values = {} if state.rps is None else {metric.key: int(state.rps * _MILLI)}
        found = controller.recommend(now_s, (), current, values=values)
        if found.desired is None:
            return Decision(current, 0, "keep: no request rate")
        words = explain(found, controller.spec, controller.settings)
        return Decision(found.desired, found.desired - current, words)
