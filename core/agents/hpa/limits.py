"""Limits: how far one sync may move, and the bounds of the replica count.

Source: kubernetes `convertDesiredReplicasWithBehaviorRate` and `convertDesiredReplicasWithRules`
of `horizontal.go`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from core.agents.hpa.rules import Behavior, PolicyType, ScalingPolicy, SelectPolicy
from core.agents.hpa.spec import HpaSpec
from core.agents.hpa.state import HpaState, ScaleEvent

UP_FACTOR: Final = 2
"""Without `behavior`, one sync may at most double the replicas…"""
UP_MINIMUM: Final = 4
"""…or bring them to this."""


class Limit(StrEnum):
    """What kept a decision from its aim."""

    NONE = "none"
    MINIMUM = "minReplicas"
    MAXIMUM = "maxReplicas"
    RATE_UP = "scale-up rate"
    RATE_DOWN = "scale-down rate"


def limit(
    spec: HpaSpec, state: HpaState, current: int, aim: int, now_s: float
) -> tuple[int, Limit]:
    """The replica count that may be asked for now.

    Args:
        spec: Bounds, and the rules if there are any.
        state: Scale events so far.
        current: Replicas now.
        aim: Replicas after smoothing.
        now_s: Time of the sync.

    Returns:
        The count, and what limited it.
    """
    if spec.behavior is None:
        return _without_rules(spec, current, aim)
    if aim > current:
        ceiling = max(_highest_allowed(spec.behavior, state, current, now_s), current)
        if ceiling < spec.max_replicas:
            return (ceiling, Limit.RATE_UP) if aim > ceiling else (aim, Limit.NONE)
        return (spec.max_replicas, Limit.MAXIMUM) if aim > spec.max_replicas else (aim, Limit.NONE)
    if aim < current:
        floor = min(_lowest_allowed(spec.behavior, state, current, now_s), current)
        if floor > spec.min_replicas:
            return (floor, Limit.RATE_DOWN) if aim < floor else (aim, Limit.NONE)
        return (spec.min_replicas, Limit.MINIMUM) if aim < spec.min_replicas else (aim, Limit.NONE)
    return aim, Limit.NONE


def _without_rules(spec: HpaSpec, current: int, aim: int) -> tuple[int, Limit]:
    if aim < spec.min_replicas:
        return spec.min_replicas, Limit.MINIMUM
    ceiling = max(UP_FACTOR * current, UP_MINIMUM)
    if ceiling < spec.max_replicas:
        return (ceiling, Limit.RATE_UP) if aim > ceiling else (aim, Limit.NONE)
    return (spec.max_replicas, Limit.MAXIMUM) if aim > spec.max_replicas else (aim, Limit.NONE)


def _highest_allowed(behavior: Behavior, state: HpaState, current: int, now_s: float) -> int:
    rules = behavior.scale_up
    if rules.select is SelectPolicy.DISABLED:
        return current
    allowed = [
        _raised(policy, _at_start_of_period(policy, state, current, now_s))
        for policy in rules.policies
    ]
    # The largest change upwards leads to the highest count.
    choose: Callable[[list[int]], int] = min if rules.select is SelectPolicy.MIN else max
    return choose(allowed)


def _lowest_allowed(behavior: Behavior, state: HpaState, current: int, now_s: float) -> int:
    rules = behavior.scale_down
    if rules.select is SelectPolicy.DISABLED:
        return current
    allowed = [
        _lowered(policy, _at_start_of_period(policy, state, current, now_s))
        for policy in rules.policies
    ]
    # The largest change downwards leads to the lowest count.
    choose: Callable[[list[int]], int] = max if rules.select is SelectPolicy.MIN else min
    return choose(allowed)


def _at_start_of_period(policy: ScalingPolicy, state: HpaState, current: int, now_s: float) -> int:
    """Replicas when the policy's period began, as far as the remembered events tell."""
    cutoff_s = now_s - policy.period_s
    return current - _changed(state.scale_ups, cutoff_s) + _changed(state.scale_downs, cutoff_s)


def _changed(events: tuple[ScaleEvent, ...], cutoff_s: float) -> int:
    return sum(event.change for event in events if event.time_s > cutoff_s)


def _raised(policy: ScalingPolicy, start: int) -> int:
    if policy.type is PolicyType.PODS:
        return _wrapped(start + policy.value)
    # Rounded up, or a small count would never grow; in float64, errors included.
    return math.ceil(start * (1.0 + policy.value / 100.0))


def _lowered(policy: ScalingPolicy, start: int) -> int:
    if policy.type is PolicyType.PODS:
        return _wrapped(start - policy.value)
    return math.trunc(start * (1.0 - policy.value / 100.0))


def _wrapped(count: int) -> int:
    """As 32 bits hold it: 2147483647 pods on top of some are fewer than none."""
    return (count + 2**31) % 2**32 - 2**31
