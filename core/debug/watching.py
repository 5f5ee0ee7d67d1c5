"""Letting a policy look on at a recorded run, so that it remembers what it would have seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.agents.learned import LearnedPolicy
from core.agents.policy import Policy, Situation
from core.cluster.batch import StateBatch
from core.envs.observation import build_observation
from core.errors import RunError

if TYPE_CHECKING:
    from core.debug.pasts import RecordedPasts
    from core.debug.recording import Recording


def watch(
    policy: Policy, recording: Recording, pasts: RecordedPasts, first: int, until: int
) -> None:
    """Show a policy the steps from `first` up to, but not including, `until`.

    Args:
        policy: Begins anew with the first of them.
        recording: The run.
        pasts: What there was to look back on.
        first: The first step that it sees.
        until: The step that it is to decide next.

    Raises:
        RunError: Nothing is known about the deployment.
    """
    facts = recording.reader.info().facts
    if facts is None:
        raise RunError("expected what is known about the deployment in the run, found nothing.")
    policy.reset(facts)
    if isinstance(policy, LearnedPolicy) or first >= until:
        return
    history = pasts.at(first)
    for at in range(first, until):
        state = recording.step(at).state
        if at > first:
            history.push(StateBatch.from_states([state]))
        policy.decide(Situation(state, facts, history, build_observation(history)[0]))
