"""Clairvoyant policies that are told what follows a moment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.agents.policy import ClairvoyantPolicy, PolicyWrapper, Situation
from core.agents.registry import load_policy

if TYPE_CHECKING:
    from core.agents.policy import Policy
    from core.debug.moment import Moment
    from core.state import Decision
    from core.traffic.scenario import Scenario


class Seers:
    """Loads policies; those that plan with the future are told it, and kept, as that takes long.

    Args:
        seed: Of the randomness that moments have lived through.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._known: dict[str, tuple[Scenario, ClairvoyantPolicy]] = {}

    def load(self, spec: str, moment: Moment) -> Policy:
        """A policy that can decide from a moment on.

        Args:
            spec: As `core.agents.registry.load_policy` takes it.
            moment: Where it takes over.

        Raises:
            InputError: There is no such policy.
        """
        scenario, seer = self._known.get(spec, (None, None))
        if seer is None or scenario != moment.scenario:
            policy = load_policy(spec)
            if not isinstance(policy, ClairvoyantPolicy):
                return policy
            policy.foresee(moment.scenario, self._seed)
            self._known[spec], seer = (moment.scenario, policy), policy
        return InTwinTime(seer, moment.shift_s) if moment.shift_s else seer


class InTwinTime(PolicyWrapper):
    """A policy that planned for a twin, in a run that began at another time than its twin.

    Args:
        policy: Goes by the twin's time.
        shift_s: What has to be added to that to have the time of the run.
    """

    def __init__(self, policy: Policy, shift_s: float) -> None:
        super().__init__(policy)
        self._shift_s = shift_s

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`; before the twin begins, as at its beginning."""
        time_s = max(situation.state.time_s - self._shift_s, 0.0)
        state = replace(situation.state, time_s=time_s)
        return self._policy.decide(replace(situation, state=state))
