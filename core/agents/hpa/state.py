"""What the controller remembers between syncs: recommendations and scale events.

Old entries are overwritten in place rather than dropped, and only ever one per sync, as in
kubernetes `horizontal.go`; which one is overwritten can decide what a rate limit later sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.agents.hpa.rules import Behavior


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the metrics asked for at a sync, before smoothing and limits."""

    replicas: int
    time_s: float


@dataclass(frozen=True, slots=True)
class ScaleEvent:
    """A change of replicas that the controller carried out."""

    change: int
    """Replicas added, or deleted; above 0."""
    time_s: float
    outdated: bool = False
    """Once older than any period of its own direction: free to be overwritten."""


@dataclass(frozen=True, slots=True)
class HpaState:
    """Everything that a decision depends on besides its inputs."""

    recommendations: tuple[Recommendation, ...] = ()
    scale_ups: tuple[ScaleEvent, ...] = ()
    scale_downs: tuple[ScaleEvent, ...] = ()


def with_first(state: HpaState, current: int, now_s: float) -> HpaState:
    """At the first sync, the replicas found there count as a recommendation."""
    if state.recommendations:
        return state
    return replace(state, recommendations=(Recommendation(current, now_s),))


def with_recommendation(state: HpaState, new: Recommendation, before_s: float) -> HpaState:
    """Remember a recommendation, in the place of the last one from before `before_s`."""
    kept = state.recommendations
    for index in range(len(kept) - 1, -1, -1):
        if kept[index].time_s < before_s:
            kept = (*kept[:index], new, *kept[index + 1 :])
            break
    else:
        kept = (*kept, new)
    return replace(state, recommendations=kept)


def with_event(
    state: HpaState, behavior: Behavior | None, before: int, after: int, now_s: float
) -> HpaState:
    """Remember a change of replicas that was carried out.

    Without `behavior` nothing looks at events, and none are kept.

    Args:
        state: Before.
        behavior: The HPA's.
        before: Replicas before the change.
        after: Replicas after it, different from `before`.
        now_s: When it was carried out.
    """
    if behavior is None:
        return state
    if after > before:
        cutoff_s = now_s - behavior.scale_up.longest_period_s
        events = _with_event(state.scale_ups, ScaleEvent(after - before, now_s), cutoff_s)
        return replace(state, scale_ups=events)
    cutoff_s = now_s - behavior.scale_down.longest_period_s
    events = _with_event(state.scale_downs, ScaleEvent(before - after, now_s), cutoff_s)
    return replace(state, scale_downs=events)


def _with_event(
    events: tuple[ScaleEvent, ...], new: ScaleEvent, cutoff_s: float
) -> tuple[ScaleEvent, ...]:
    marked = [
        replace(event, outdated=True) if event.time_s < cutoff_s else event for event in events
    ]
    for index in range(len(marked) - 1, -1, -1):
        if marked[index].outdated:
            marked[index] = new
            break
    else:
        marked.append(new)
    return tuple(marked)
