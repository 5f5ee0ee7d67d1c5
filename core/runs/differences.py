"""Whether a step that was lived through again is the recorded one, bit for bit."""

from __future__ import annotations

from dataclasses import fields

from core.state import ClusterState, RewardComponents, Step


def first_difference(again: Step, recorded: Step, *, amended: bool) -> str:
    """What differs first, in words; empty if nothing does. Wall times are not compared.

    Args:
        again: The step as it came out now.
        recorded: The step in the file.
        amended: Whether an order replaced what was asked for at this step, after it was decided.
    """
    for one in fields(ClusterState):
        now, then = getattr(again.state, one.name), getattr(recorded.state, one.name)
        if now != then:
            return f"{one.name} is {_number(now)}, recorded {_number(then)}"
    if again.observation != recorded.observation:
        return "the observation is another"
    for one in fields(RewardComponents):
        now, then = getattr(again.reward, one.name), getattr(recorded.reward, one.name)
        if now != then:
            return f"the reward's part {one.name} is {_number(now)}, recorded {_number(then)}"
    if amended:
        return ""
    for name in ("mode", "actor", "target", "guardrail"):
        now, then = getattr(again, name), getattr(recorded, name)
        if now != then:
            return f"{name} is {now or 'none'}, recorded {then or 'none'}"
    return ""


def _number(value: float | int | None) -> str:
    return "not measured" if value is None else f"{value:.12g}"
