"""From what is typed into the form of a cluster to checked settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.settings import ClusterChoices
from core.errors import RlscaleError
from core.locations import typed_path

if TYPE_CHECKING:
    from core.cluster.kubernetes.settings import KubernetesSettings

_MODEL = ("pod_capacity_rps", "slo_ms", "min_replicas", "max_replicas", "startup_median_s")


@dataclass(frozen=True, slots=True)
class ClusterSetup:
    """A Deployment that a policy can be run on."""

    settings: KubernetesSettings
    target: str
    """context/namespace/deployment."""
    scenario: str
    """Whose service model completes the settings; empty if they are complete."""
    write: bool = False
    """Whether the run may scale, once that is confirmed."""


def cluster_setup(choices: ClusterChoices, scenario: str, *, write: bool) -> ClusterSetup | str:
    """Check everything that can be checked without asking the cluster; reads files.

    Args:
        choices: What is typed.
        scenario: The one that is picked.
        write: Whether the run may scale.

    Returns:
        What can be started, or what is wrong.
    """
    from core.cluster.kubernetes.facts import resolve_facts
    from core.cluster.kubernetes.kubeconfig import IN_CLUSTER, pinned
    from core.cluster.kubernetes.settings_file import load_settings
    from core.cluster.kubernetes.target import Target
    from core.traffic.library import load_scenario

    given = choices.model_dump(exclude={"prometheus_url", "config"}, exclude_none=True)
    flags = {name: value for name, value in given.items() if value != ""}
    if choices.prometheus_url:
        flags["metrics"] = {"prometheus_url": choices.prometheus_url}
    file = typed_path(choices.config) if choices.config else None
    try:
        settings = pinned(load_settings(file, flags))
        complete = all(getattr(settings, name) is not None for name in _MODEL)
        resolve_facts(settings, None if complete else load_scenario(scenario))
    except RlscaleError as error:
        return str(error)
    context, namespace = settings.context or IN_CLUSTER, settings.namespace or "default"
    target = Target(context, namespace, settings.deployment)
    return ClusterSetup(settings, str(target), "" if complete else scenario, write)
