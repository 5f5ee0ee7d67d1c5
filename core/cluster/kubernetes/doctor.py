"""Checks a cluster in the order in which things build on each other."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from kubernetes import client

from core.clock import Clock
from core.cluster.kubernetes.check import Check, clock_check, failure
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.metrics.templates import Blanks
from core.cluster.kubernetes.owners import Owner, OwnerKind, find_owners, scaling_owners
from core.cluster.kubernetes.rights import (
    Right,
    is_granted,
    rights_to_observe,
    rights_to_scale,
)
from core.cluster.kubernetes.rollout import deployment_problem, rollout_in_progress
from core.cluster.kubernetes.settings import Actuator, KubernetesSettings
from core.cluster.kubernetes.translation import translated
from core.errors import ClusterError, ClusterProblem, InputError
from core.state import DeploymentFacts

__all__ = ["Check", "examine_cluster"]

_OLDEST_MINOR = 19
"""The first minor version of Kubernetes 1 whose APIs we use are all final."""
_ANY_SLO_MS = 250.0
"""Fills the blank of queries where no SLO is known; the check of the service model tells."""


def examine_cluster(
    settings: KubernetesSettings,
    facts: DeploymentFacts | InputError,
    clock: Clock,
    *,
    write: bool = False,
) -> Iterator[Check]:
    """Make every check; each comes as soon as it is made.

    Args:
        settings: Which Deployment, and how.
        facts: The service model, or why there is none; then the rest is checked all the same.
        clock: To compare the servers' clocks with.
        write: Whether the rights to scale are required too, and not only those to look.
    """
    try:
        connection = Connection.open(settings)
    except InputError as error:
        yield failure("credentials", error)
        return
    try:
        yield from _examine_server(connection, clock)
    except ClusterError as error:
        yield failure("API server", error)
    else:
        yield from _examine_rights(connection, settings, write)
        yield from _examine_deployment(connection, settings, write)
    yield _model_check(facts)
    if settings.metrics.prometheus_url is None:
        from core.cluster.kubernetes.metrics.examination import examine_resource_metrics

        yield from examine_resource_metrics(connection, settings, clock)
    else:
        from core.cluster.kubernetes.metrics.examination import examine_prometheus

        slo_ms = _ANY_SLO_MS if isinstance(facts, InputError) else facts.slo_ms
        blanks = Blanks(
            connection.namespace,
            settings.deployment,
            settings.metrics.window_s,
            slo_ms,
            settings.container,
        )
        yield from examine_prometheus(settings, blanks, clock)
    connection.close()


def _examine_server(connection: Connection, clock: Clock) -> Iterator[Check]:
    what = "ask the API server for its version"
    before = clock.now()
    response = connection.stream(what, client.VersionApi(connection.client).get_code)
    with translated(what, connection.server):
        version = response.json()
        middle = (before + clock.now()) / 2.0
        words = str(version["gitVersion"])
        minor = int("".join(digit for digit in str(version["minor"]) if digit.isdigit()))
        date = response.headers.get("Date")
        skew_s = parsedate_to_datetime(date).timestamp() - middle if date else 0.0
    response.release_conn()
    yield Check("API server", True, f"{connection.server}, context {connection.context}")
    if not connection.verifies_certificate:
        yield Check(
            "certificate",
            False,
            "not checked (insecure-skip-tls-verify)",
            "Give the kubeconfig the cluster's certificate authority.",
            required=False,
        )
    recent = int(version["major"]) > 1 or minor >= _OLDEST_MINOR
    yield Check(
        "Kubernetes",
        recent,
        words,
        "" if recent else f"Expected at least 1.{_OLDEST_MINOR}.",
    )
    # The header has whole seconds, so that it is up to one behind.
    yield clock_check("API server clock", skew_s + 0.5)


def _examine_rights(
    connection: Connection, settings: KubernetesSettings, write: bool
) -> Iterator[Check]:
    yield _rights_check(connection, "may observe", rights_to_observe(settings), required=True)
    scaling = rights_to_scale(settings, _hpa_name(connection, settings))
    yield _rights_check(connection, "may scale", scaling, required=write)


def _hpa_name(connection: Connection, settings: KubernetesSettings) -> str:
    """Of the HPA on the Deployment, which the right to move its floor may be bound to."""
    if settings.actuator is not Actuator.HPA_FLOOR:
        return ""
    try:
        owners = find_owners(connection, connection.target(settings.deployment))
    except ClusterError:
        # Checked, and told, further down.
        return ""
    return next((owner.name for owner in owners if owner.kind is OwnerKind.HPA), "")


def _rights_check(
    connection: Connection, name: str, rights: tuple[Right, ...], *, required: bool
) -> Check:
    try:
        missing = [right for right in rights if not is_granted(connection, right)]
    except ClusterError as error:
        return failure(name, error, required=required)
    lacking = [right for right in missing if right.required]
    if not missing:
        return Check(name, True, f"all {len(rights)} rights", required=required)
    words = ", ".join(str(right) for right in lacking or missing)
    if not lacking:
        return Check(name, True, f"all that is needed (not: {words})", required=required)
    shadow = "" if required else " SHADOW works without."
    return Check(
        name,
        False,
        f"not: {words}",
        f"Grant them in namespace {connection.namespace}, or use an account that has them.{shadow}",
        required,
    )


def _examine_deployment(
    connection: Connection, settings: KubernetesSettings, write: bool
) -> Iterator[Check]:
    target = connection.target(settings.deployment)
    what = f"read Deployment {target}"
    try:
        content = connection.read(
            what,
            client.AppsV1Api(connection.client).read_namespaced_deployment,
            target.deployment,
            target.namespace,
        )
        with translated(what, connection.server):
            desired = int(content["spec"].get("replicas", 1))
            ready = int((content.get("status") or {}).get("readyReplicas") or 0)
            containers = [
                item["name"] for item in content["spec"]["template"]["spec"]["containers"]
            ]
    except ClusterError as error:
        advice = error.hint
        if error.problem is ClusterProblem.NOT_FOUND:
            advice = f"There are: {_others(connection)}."
        yield Check("Deployment", False, error.message, advice)
        return
    problem = deployment_problem(content)
    rollout = ", rollout in progress" if rollout_in_progress(content) else ""
    stuck = f", {problem}" if problem else ""
    yield Check(
        "Deployment",
        not problem,
        f"{target}: {ready} of {desired} ready{rollout}{stuck}",
        "Look at its events: kubectl describe deployment." if problem else "",
        required=False,
    )
    if settings.container is not None and settings.container not in containers:
        yield Check(
            "container",
            False,
            f"no container {settings.container}",
            f"There are: {', '.join(containers)}.",
        )
    try:
        yield _owner_check(find_owners(connection, target), settings, write)
    except ClusterError as error:
        yield failure("scaled by", error)


def _others(connection: Connection) -> str:
    from core.cluster.kubernetes.connection import list_deployments

    try:
        return ", ".join(list_deployments(connection, connection.namespace)) or "none"
    except ClusterError:
        return "some that may not be listed"


def _owner_check(owners: tuple[Owner, ...], settings: KubernetesSettings, write: bool) -> Check:
    name = "scaled by"
    words = ", ".join(f"{owner} ({owner.min_replicas}…{owner.max_replicas})" for owner in owners)
    if settings.actuator is Actuator.HPA_FLOOR:
        plain = [owner for owner in owners if owner.kind is OwnerKind.HPA and not owner.managed_by]
        fits = len(plain) == len(owners) == 1
        return Check(
            name,
            fits,
            words or "nobody",
            "" if fits else "hpa-floor needs exactly one HPA, and no ScaledObject, paused or not.",
            required=write,
        )
    if not scaling_owners(owners):
        return Check(name, True, words or "nobody else")
    return Check(
        name,
        False,
        words,
        "Two that scale one Deployment fight: use --actuator hpa-floor, or remove it. "
        "SHADOW works beside it.",
        required=write,
    )


def _model_check(facts: DeploymentFacts | InputError) -> Check:
    if isinstance(facts, InputError):
        return failure("service model", facts)
    return Check(
        "service model",
        True,
        f"{facts.pod_capacity_rps:g} rps per pod, SLO {facts.slo_ms:g} ms, "
        f"{facts.min_replicas}…{facts.max_replicas} replicas, "
        f"start-up {facts.startup_median_s:g} s, a decision every {facts.interval_s:g} s",
    )
