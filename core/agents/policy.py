"""The protocol of whoever decides: learned, classical or fixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.state import ClusterState, Decision, DeploymentFacts

if TYPE_CHECKING:
    from core.envs.history import StateHistory
    from core.traffic.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a policy may look at when it decides."""

    state: ClusterState
    facts: DeploymentFacts
    history: StateHistory
    """Recent states of this one cluster (a batch of one)."""
    observation: NDArray[np.float32]
    """Shape (features,), built by `core.envs.observation` from `history`."""

    @property
    def lacks_any_rate(self) -> bool:
        """Whether no request rate was ever measured.

        To a network that is silence, which needs no pods.
        """
        return self.state.rps is None and bool(self.history.known("rps")[0] == 0.0)


KEEP_WITHOUT_RATE: Final = "keep: no request rate was ever measured"


class Policy(Protocol):
    """Decides a replica count once per interval. Never touches a cluster."""

    @property
    def name(self) -> str:
        """How the policy is named to people, such as "ppo (shipped)" or "hpa"."""

    @property
    def action_labels(self) -> tuple[str, ...]:
        """One label per action of a learned policy; empty for baselines."""

    def reset(self, facts: DeploymentFacts) -> None:
        """Forget everything; a new episode on a Deployment with these facts begins."""

    def decide(self, situation: Situation) -> Decision:
        """Say how many replicas are wanted now, and why."""


class PolicyWrapper:
    """Changes what another policy sees or says, by a `decide` of its own; all else is that one's.

    Args:
        policy: The other one.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    @property
    def name(self) -> str:
        """See `Policy`."""
        return self._policy.name

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`."""
        return self._policy.action_labels

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`."""
        self._policy.reset(facts)


@runtime_checkable
class ClairvoyantPolicy(Policy, Protocol):
    """A policy that must be told the future, and so has none on a real cluster."""

    def foresee(self, scenario: Scenario, seed: int) -> None:
        """Look at the episode that the next `reset` begins.

        Args:
            scenario: What will happen.
            seed: Where its randomness comes from, as the simulator takes it.
        """


def foretell(policy: Policy, scenario: Scenario, seed: int) -> None:
    """Tell a clairvoyant policy the future; to all others nothing is said.

    Args:
        policy: Who is going to decide.
        scenario: What will happen.
        seed: Where its randomness comes from.

    Raises:
        InputError: A trace of the scenario cannot be read.
    """
    if isinstance(policy, ClairvoyantPolicy):
        policy.foresee(scenario, seed)


def refuse_clairvoyant(policy: Policy) -> None:
    """Refuse a policy that must be told the future, where nobody knows it.

    Raises:
        InputError: It is one.
    """
    if isinstance(policy, ClairvoyantPolicy):
        raise InputError(
            f"expected a policy that needs no foresight on a real cluster, found {policy.name}.",
            "It plans with traffic that is known beforehand: run it on the simulator.",
        )
