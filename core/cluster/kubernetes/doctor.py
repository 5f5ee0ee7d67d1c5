"""Checks a cluster in the order in which things build on each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.clock import Clock
from core.cluster.kubernetes.settings import KubernetesSettings
from core.state import DeploymentFacts


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found."""

    name: str
    ok: bool
    found: str
    advice: str = ""
    """What to do; empty if nothing."""
    required: bool = True
    """Whether observing or acting fails without it."""


def examine_cluster(
    settings: KubernetesSettings, facts: DeploymentFacts, clock: Clock, *, write: bool = False
) -> Iterator[Check]:
    """Make every check; each comes as soon as it is made.

    Args:
        settings: Which Deployment, and how.
        facts: The SLO is needed for queries.
        clock: To compare the servers' clocks with.
        write: Whether the rights to scale are required too, and not only those to look.
    """
    raise NotImplementedError
