"""A fixed replica count: what a team does that has no autoscaler."""

from __future__ import annotations

from core.agents.policy import Situation
from core.state import Decision, DeploymentFacts


class StaticPolicy:
    """Wants the same number of replicas, always.

    Args:
        replicas: How many, at least 1.
    """

    def __init__(self, replicas: int) -> None:
        self._replicas = replicas

    @property
    def name(self) -> str:
        """See `Policy`."""
        return f"static:{self._replicas}"

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`; a baseline has no actions."""
        return ()

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`; there is nothing to forget."""

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`."""
        return Decision(
            target=self._replicas,
            change=self._replicas - situation.state.replicas_desired,
            reason=f"keep {self._replicas} replicas, whatever happens",
        )
