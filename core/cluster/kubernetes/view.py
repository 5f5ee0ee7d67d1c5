"""What the Kubernetes API says about a Deployment and its pods at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PodCounts:
    """Pods of a Deployment, each counted once."""

    ready: int = 0
    """Serving: the Ready condition holds."""
    starting: int = 0
    """On their way to being ready, or ready before and not now."""
    terminating: int = 0
    """Deleted, and finishing what they have."""
    crash_looping: int = 0
    """Restarting again and again, or unable to start at all (image, configuration)."""
    unschedulable: int = 0
    """No node has room for them."""
    finished: int = 0
    """Failed, evicted or succeeded: no longer there, though still listed."""


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """The newest that is known about a Deployment."""

    desired: int
    """`spec.replicas`."""
    pods: PodCounts
    rollout_in_progress: bool
    uid: str
    pod_problem: str
    """Why pods cannot become ready, in words; empty if nothing is known against it."""
    startup_s: tuple[float, ...]
    """How long the pods now ready took from creation to ready, where known."""
    nodes: int
    """Nodes that the pods run on."""
