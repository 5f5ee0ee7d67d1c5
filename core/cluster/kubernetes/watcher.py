"""Follows a Deployment and its pods in the background, and keeps the newest view."""

from __future__ import annotations

import numpy as np

from core.clock import Clock
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.target import Target
from core.cluster.kubernetes.view import DeploymentView
from core.errors import ClusterError


class DeploymentWatcher:
    """Polls the Deployment and watches its pods.

    Args:
        connection: To the cluster; not closed by this.
        target: Which Deployment.
        clock: Paces polls and retries.
        rng: Spreads retries.
        poll_s: Seconds between two looks at the Deployment.
    """

    def __init__(
        self,
        connection: Connection,
        target: Target,
        clock: Clock,
        rng: np.random.Generator,
        poll_s: float = 5.0,
    ) -> None:
        raise NotImplementedError

    def start(self, timeout_s: float) -> DeploymentView:
        """Begin, and return the first view.

        Raises:
            ClusterError: There was none within `timeout_s`: why.
        """
        raise NotImplementedError

    @property
    def view(self) -> DeploymentView:
        """The newest view, however old."""
        raise NotImplementedError

    @property
    def age_s(self) -> float:
        """Seconds for which the view may have been out of date."""
        raise NotImplementedError

    @property
    def problem(self) -> ClusterError | None:
        """What keeps the view from being fresh; None if it is."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Look at the Deployment again now rather than at the next poll; does not wait for it."""
        raise NotImplementedError

    def close(self) -> None:
        """End the threads."""
        raise NotImplementedError
