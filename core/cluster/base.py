"""The protocol that a simulated and a real Deployment share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.state import ClusterState, DeploymentFacts


@dataclass(frozen=True, slots=True)
class ScaleOutcome:
    """What the cluster answered to a request to scale."""

    accepted: bool
    message: str = ""
    """Why it was refused; empty if accepted."""
    in_doubt: bool = False
    """Whether no answer came, so that the call may have had its effect all the same."""


class Cluster(Protocol):
    """A Deployment that is observed once per decision interval and scaled between.

    The loop is: `reset`, then again and again `scale` (or not) and `advance`. Only the
    guardrails call `scale`.
    """

    @property
    def facts(self) -> DeploymentFacts:
        """What is known about the Deployment beforehand."""

    @property
    def finished(self) -> bool:
        """True when the scenario has ended; a real cluster never finishes."""

    def reset(self, seed: int) -> ClusterState:
        """Start over and return the first state.

        In the simulator all randomness of the episode follows from `seed`; a real cluster
        ignores it and observes.
        """

    def scale(self, target: int) -> ScaleOutcome:
        """Ask for `target` replicas."""

    def advance(self) -> ClusterState:
        """Let one decision interval pass and return the state measured over it."""

    def close(self) -> None:
        """Let go of connections and threads."""
