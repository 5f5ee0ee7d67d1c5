"""What is known about the service beforehand, from the settings and a scenario."""

from __future__ import annotations

from core.cluster.kubernetes.settings import KubernetesSettings
from core.errors import InputError
from core.state import DeploymentFacts
from core.traffic.scenario import Scenario

DEFAULT_INTERVAL_S = 15.0

_NEEDED = {
    "pod_capacity_rps": "--pod-capacity",
    "slo_ms": "--slo",
    "min_replicas": "--min-replicas",
    "max_replicas": "--max-replicas",
    "startup_median_s": "--startup",
}
"""What a service model takes, and the flag of each."""


def resolve_facts(settings: KubernetesSettings, scenario: Scenario | None) -> DeploymentFacts:
    """The service model: what the settings say, and the scenario (a fitted twin) for the rest.

    Raises:
        InputError: Something is in neither, or the limits contradict each other.
    """
    given = {name: getattr(settings, name) for name in _NEEDED}
    known = scenario.facts if scenario is not None else None
    values = {
        name: value if value is not None or known is None else getattr(known, name)
        for name, value in given.items()
    }
    missing = [name for name, value in values.items() if value is None]
    if missing:
        raise InputError(
            f"expected a service model, found none for {', '.join(missing)}.",
            f"Give {', '.join(_NEEDED[name] for name in missing)}, or the --scenario that "
            "`twin fit` makes of the service.",
        )
    if values["max_replicas"] < values["min_replicas"]:
        raise InputError(
            f"expected max_replicas of at least min_replicas ({values['min_replicas']}), "
            f"found {values['max_replicas']}.",
            "Give both in the settings.",
        )
    interval_s = settings.interval_s or (known.interval_s if known else DEFAULT_INTERVAL_S)
    return DeploymentFacts(interval_s=float(interval_s), **values)
