"""How fast an HPA may move: `spec.behavior`, one set of rules per direction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.agents.hpa.fields import Fields
from core.agents.hpa.quantity import to_float

MOST_STABILIZATION_S: Final = 3600
MOST_PERIOD_S: Final = 1800


class PolicyType(StrEnum):
    """What a scaling policy's value counts."""

    PODS = "Pods"
    PERCENT = "Percent"


class SelectPolicy(StrEnum):
    """Which of several scaling policies holds."""

    MAX = "Max"
    """The one that allows the largest change."""
    MIN = "Min"
    """The one that allows the smallest change."""
    DISABLED = "Disabled"
    """None: no scaling in this direction."""


@dataclass(frozen=True, slots=True)
class ScalingPolicy:
    """At most `value` pods or percent within `period_s` seconds."""

    type: PolicyType
    value: int
    period_s: int


@dataclass(frozen=True, slots=True)
class ScalingRules:
    """The rules of one direction."""

    policies: tuple[ScalingPolicy, ...]
    """At least one."""
    select: SelectPolicy = SelectPolicy.MAX
    stabilization_s: int | None = None
    """None: as the controller is set up (scaling down only)."""
    tolerance: float | None = None
    """None: as the controller is set up."""

    @property
    def longest_period_s(self) -> int:
        """Longest period of any policy."""
        return max(policy.period_s for policy in self.policies)


@dataclass(frozen=True, slots=True)
class Behavior:
    """`spec.behavior`, with defaults filled in."""

    scale_up: ScalingRules
    scale_down: ScalingRules


DEFAULT_UP: Final = ScalingRules(
    policies=(ScalingPolicy(PolicyType.PODS, 4, 15), ScalingPolicy(PolicyType.PERCENT, 100, 15)),
    stabilization_s=0,
)
DEFAULT_DOWN: Final = ScalingRules(policies=(ScalingPolicy(PolicyType.PERCENT, 100, 15),))
DEFAULT_BEHAVIOR: Final = Behavior(DEFAULT_UP, DEFAULT_DOWN)


def read_behavior(fields: Fields) -> Behavior:
    """`spec.behavior`; what is not given takes its default, field by field.

    Raises:
        InputError: It is not valid in autoscaling/v2.
    """
    up, down = fields.part("scaleUp"), fields.part("scaleDown")
    fields.finish()
    return Behavior(
        DEFAULT_UP if up is None else _read_rules(up, DEFAULT_UP),
        DEFAULT_DOWN if down is None else _read_rules(down, DEFAULT_DOWN),
    )


def _read_rules(fields: Fields, default: ScalingRules) -> ScalingRules:
    stabilization_s = fields.integer("stabilizationWindowSeconds", 0, MOST_STABILIZATION_S)
    policies = fields.parts("policies")
    if policies is not None and not policies:
        fields.refuse("policies", "at least one policy")
    tolerance = fields.quantity("tolerance")
    if tolerance is not None and tolerance < 0:
        fields.refuse("tolerance", "a quantity of at least 0")
    rules = ScalingRules(
        policies=default.policies if policies is None else tuple(map(_read_policy, policies)),
        select=fields.choice("selectPolicy", SelectPolicy) or default.select,
        stabilization_s=default.stabilization_s if stabilization_s is None else stabilization_s,
        tolerance=None if tolerance is None else to_float(tolerance),
    )
    fields.finish()
    return rules


def _read_policy(fields: Fields) -> ScalingPolicy:
    kind = fields.choice("type", PolicyType) or fields.refuse("type", " or ".join(PolicyType))
    value = fields.integer("value", 1) or fields.refuse("value", "a whole number above 0")
    period_s = fields.integer("periodSeconds", 1, MOST_PERIOD_S)
    if period_s is None:
        fields.refuse("periodSeconds", f"a whole number in 1…{MOST_PERIOD_S}")
    fields.finish()
    return ScalingPolicy(kind, value, period_s)
