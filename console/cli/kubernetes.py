"""The flags of all commands that look at or act on a real cluster, and what they mean."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli.arguments import positive_number, whole_number
from core.errors import InputError

if TYPE_CHECKING:
    from core.cluster.kubernetes.settings import KubernetesSettings
    from core.state import DeploymentFacts

_METRICS = "metrics."
_PREFIX = "k8s:"
"""Before the name of a setting in the parsed arguments, so that it is no other flag's."""


def add_environment(parser: argparse.ArgumentParser, what: str) -> None:
    """Add `--env`.

    Args:
        parser: Of the command.
        what: What the choice decides: "where it runs".
    """
    parser.add_argument(
        "--env",
        choices=("sim", "k8s"),
        default="sim",
        help=f"{what}: the simulator (default), or a Deployment of a real cluster",
    )


def add_kubernetes_arguments(parser: argparse.ArgumentParser, when: str = "--env k8s") -> None:
    """Add the flags that name a Deployment and say how to measure and scale it.

    Args:
        parser: Of the command.
        when: What they are given with; empty: always.
    """
    title = "a real cluster" + (f" (with {when})" if when else "")
    group = parser.add_argument_group(title)

    flags: dict[str, str] = {}

    def add(flag: str, setting: str, **options: Any) -> None:
        flags[setting] = flag
        group.add_argument(flag, dest=f"{_PREFIX}{setting}", default=argparse.SUPPRESS, **options)

    parser.set_defaults(kubernetes_flags=flags)

    add("--config", "", type=Path, metavar="FILE", help="settings in YAML; flags win over it")
    add(
        "--kubeconfig",
        "kubeconfig",
        type=Path,
        metavar="FILE",
        help="default: KUBECONFIG, then ~/.kube/config",
    )
    add("--context", "context", metavar="NAME", help="default: the current one")
    add(
        "--in-cluster",
        "in_cluster",
        action="store_true",
        help="use the service account of the pod that this runs in",
    )
    add("--namespace", "namespace", metavar="NAME", help="default: the context's")
    add("--deployment", "deployment", metavar="NAME", help="the Deployment; needed")
    add("--container", "container", metavar="NAME", help="the one that serves (default: all)")
    add(
        "--prometheus-url",
        f"{_METRICS}prometheus_url",
        metavar="URL",
        help="without one, CPU and memory come from metrics.k8s.io",
    )
    add(
        "--prometheus-token-file",
        f"{_METRICS}bearer_token_file",
        type=Path,
        metavar="FILE",
        help="bearer token for Prometheus",
    )
    add(
        "--prometheus-ca-file",
        f"{_METRICS}ca_file",
        type=Path,
        metavar="FILE",
        help="certificate authorities for Prometheus",
    )
    add(
        "--query-set",
        f"{_METRICS}query_set",
        choices=("auto", "generic", "ingress-nginx", "istio"),
        help="how requests are counted (default: auto)",
    )
    add(
        "--window",
        f"{_METRICS}window_s",
        type=whole_number(1, 86_400),
        metavar="S",
        help="window of rates in seconds (default 60)",
    )
    add("--interval", "interval_s", type=positive_number, metavar="S", help="between decisions")
    add(
        "--pod-capacity",
        "pod_capacity_rps",
        type=positive_number,
        metavar="RPS",
        help="requests per second of one pod; this and the next: default the scenario's",
    )
    add("--slo", "slo_ms", type=positive_number, metavar="MS", help="latency objective")
    add("--min-replicas", "min_replicas", type=whole_number(1), metavar="N")
    add("--max-replicas", "max_replicas", type=whole_number(1), metavar="N")
    add(
        "--startup",
        "startup_median_s",
        type=positive_number,
        metavar="S",
        help="until a new pod is ready",
    )
    add(
        "--actuator",
        "actuator",
        choices=("scale", "hpa-floor"),
        help="what is written: the scale of the Deployment (default), or the least replicas of "
        "the HPA that owns it",
    )
    add(
        "--floor-min",
        "floor_min",
        type=whole_number(1),
        metavar="N",
        help="bounds of what hpa-floor may set",
    )
    add("--floor-max", "floor_max", type=whole_number(1), metavar="N")
    add(
        "--on-exit",
        "on_exit",
        choices=("hold", "restore"),
        help="what becomes of the replicas when the run ends",
    )


def settings_from(arguments: argparse.Namespace) -> KubernetesSettings:
    """The settings that the config file and the flags give.

    Raises:
        InputError: Something is missing, unknown or contradicts something else.
    """
    from core.cluster.kubernetes.settings_file import load_settings

    file: Path | None = None
    flags: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    for setting, value in _given(arguments).items():
        if not setting:
            file = value
        elif setting.startswith(_METRICS):
            metrics[setting.removeprefix(_METRICS)] = value
        else:
            flags[setting] = value
    return load_settings(file, {**flags, "metrics": metrics})


def name_deployment(arguments: argparse.Namespace, source: str) -> bool:
    """Take the Deployment from where its history comes from, unless the flags name one.

    Args:
        arguments: As parsed; completed here.
        source: namespace/deployment, of a recording.

    Returns:
        Whether they name another one.
    """
    namespace, _, deployment = source.rpartition("/")
    given = _given(arguments)
    if "deployment" in given:
        return bool(given["deployment"] != deployment)
    setattr(arguments, f"{_PREFIX}deployment", deployment)
    if namespace and "namespace" not in given:
        setattr(arguments, f"{_PREFIX}namespace", namespace)
    return False


def as_typed(arguments: argparse.Namespace) -> str:
    """The flags of the cluster as they were given, to be typed again."""
    words = []
    for setting, value in _given(arguments).items():
        words.append(arguments.kubernetes_flags[setting])
        if value is not True:
            words.append(str(value))
    return shlex.join(words)


def facts_from(settings: KubernetesSettings, scenario: str | None) -> DeploymentFacts:
    """The service model of the settings, completed by a scenario (a fitted twin).

    Args:
        settings: Which may have it.
        scenario: A name or a file, as `--scenario` takes it; None means that there is none.

    Raises:
        InputError: Something is in neither, or the scenario does not exist.
    """
    from core.cluster.kubernetes.facts import resolve_facts
    from core.traffic.library import load_scenario

    return resolve_facts(settings, None if scenario is None else load_scenario(scenario))


def refuse_kubernetes_arguments(arguments: argparse.Namespace, needed: str = "--env k8s") -> None:
    """Refuse flags that have no meaning in the simulator.

    Args:
        arguments: As parsed.
        needed: Beside what they have one.

    Raises:
        InputError: One was given.
    """
    parser: argparse.ArgumentParser = arguments.parser
    given = _given(arguments)
    for action in parser._actions:
        if action.dest.removeprefix(_PREFIX) in given and action.dest.startswith(_PREFIX):
            raise InputError(
                f"expected {needed} beside {action.option_strings[0]}, found "
                f"{'--env sim' if needed == '--env k8s' else 'none'}.",
                "It names a real cluster, and nothing here looks at one.",
            )


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        name.removeprefix(_PREFIX): value
        for name, value in vars(arguments).items()
        if name.startswith(_PREFIX)
    }
