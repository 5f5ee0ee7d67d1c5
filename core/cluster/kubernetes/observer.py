"""Puts what the API and the metrics say together into one `ClusterState`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.clock import Clock
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.metrics.sample import MetricsSource
from core.cluster.kubernetes.settings import KubernetesSettings
from core.cluster.kubernetes.view import DeploymentView
from core.state import ClusterState, DeploymentFacts


@dataclass(frozen=True, slots=True)
class Health:
    """Whether what is observed can be relied upon."""

    degraded: str = ""
    """Why not, in words, for the header; empty if it can."""
    notices: tuple[str, ...] = ()
    """What is worth knowing though nothing is wrong: a metric that does not exist here."""


class ClusterObserver:
    """Observes one Deployment.

    Args:
        connection: To the cluster; not closed by this.
        settings: Which Deployment, and how.
        facts: What is known about it.
        metrics: Closed with this.
        clock: Paces everything.
        rng: Spreads retries.
    """

    def __init__(
        self,
        connection: Connection,
        settings: KubernetesSettings,
        facts: DeploymentFacts,
        metrics: MetricsSource,
        clock: Clock,
        rng: np.random.Generator,
    ) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Begin to watch.

        Raises:
            ClusterError: The Deployment cannot be read.
        """
        raise NotImplementedError

    def observe(self, time_s: float) -> ClusterState:
        """What was measured over the interval that ends now; waits a few seconds at most.

        Never raises for what the cluster does: see `health`.

        Args:
            time_s: Seconds since the run began, taken over into the state.
        """
        raise NotImplementedError

    @property
    def health(self) -> Health:
        """As of the last observation."""
        raise NotImplementedError

    @property
    def view(self) -> DeploymentView:
        """The newest of the API's side, for those who act."""
        raise NotImplementedError

    @property
    def view_age_s(self) -> float:
        """For how long the view may have been out of date."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Look at the Deployment again soon, after a change."""
        raise NotImplementedError

    def close(self) -> None:
        """End all threads."""
        raise NotImplementedError
