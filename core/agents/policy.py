"""The protocol of whoever decides: learned, classical or fixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from core.state import ClusterState, Decision, DeploymentFacts

if TYPE_CHECKING:
    from core.envs.history import StateHistory


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a policy may look at when it decides."""

    state: ClusterState
    facts: DeploymentFacts
    history: StateHistory
    """Recent states of this one cluster (a batch of one)."""
    observation: NDArray[np.float32]
    """Shape (features,), built by `core.envs.observation` from `history`."""


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
