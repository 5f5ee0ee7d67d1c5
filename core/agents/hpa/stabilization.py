"""Smoothing: how earlier recommendations hold back a new one.

Source: kubernetes `stabilizeRecommendation` and `stabilizeRecommendationWithBehaviors` of
`horizontal.go`.
"""

from __future__ import annotations

from core.agents.hpa.rules import Behavior
from core.agents.hpa.state import HpaState, Recommendation, with_recommendation


def stabilize(
    state: HpaState,
    behavior: Behavior | None,
    current: int,
    proposed: int,
    now_s: float,
    default_down_s: float,
) -> tuple[int, HpaState]:
    """Hold back a recommendation, and remember it.

    Args:
        state: Earlier recommendations.
        behavior: The HPA's; None if omitted.
        current: Replicas now.
        proposed: The new recommendation.
        now_s: Time of the sync.
        default_down_s: The controller's window of scaling down.

    Returns:
        The replica count to aim at, and the state with the new recommendation.
    """
    new = Recommendation(proposed, now_s)
    if behavior is None:
        return _by_highest(state, new, now_s - default_down_s)
    up_s = behavior.scale_up.stabilization_s or 0
    down_s = behavior.scale_down.stabilization_s
    down_s = int(default_down_s) if down_s is None else down_s
    return _between(state, new, current, now_s - up_s, now_s - down_s)


def _by_highest(state: HpaState, new: Recommendation, cutoff_s: float) -> tuple[int, HpaState]:
    """The highest recommendation of the window, whether that means down or up."""
    highest = new.replicas
    for one in state.recommendations:
        if one.time_s >= cutoff_s and one.replicas > highest:
            highest = one.replicas
    return highest, with_recommendation(state, new, cutoff_s)


def _between(
    state: HpaState, new: Recommendation, current: int, up_cutoff_s: float, down_cutoff_s: float
) -> tuple[int, HpaState]:
    """Current replicas, moved as little as the windows' recommendations ask for."""
    lowest = highest = new.replicas
    for one in state.recommendations:
        if one.time_s > up_cutoff_s and one.replicas < lowest:
            lowest = one.replicas
        if one.time_s > down_cutoff_s and one.replicas > highest:
            highest = one.replicas
    aim = min(max(current, lowest), highest)
    return aim, with_recommendation(state, new, min(up_cutoff_s, down_cutoff_s))
