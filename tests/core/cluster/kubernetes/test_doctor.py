"""What doctor finds in a cluster that is whole, and in one where something is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.cluster.kubernetes import doctor
from core.cluster.kubernetes.doctor import Check, examine_cluster
from core.cluster.kubernetes.facts import resolve_facts
from core.cluster.kubernetes.owners import Owner, OwnerKind, active_owner
from core.cluster.kubernetes.rights import Right, rights_to_observe, rights_to_scale
from core.cluster.kubernetes.settings import KubernetesSettings
from core.errors import InputError
from tests.core.cluster.kubernetes.live import CLOCK, settings
from tests.stack.faults import Skew
from tests.stack.users import USERS
from tests.stack.waiting import wait_until

if TYPE_CHECKING:
    from tests.stack.stack import Stack


def _examine(chosen: KubernetesSettings, *, write: bool = False) -> dict[str, Check]:
    facts = resolve_facts(chosen, None)
    checks = list(examine_cluster(chosen, facts, CLOCK, write=write))
    assert len({check.name for check in checks}) == len(checks)
    assert all(check.advice for check in checks if not check.ok)
    text = " ".join(f"{check.found} {check.advice}" for check in checks)
    assert not any(user.token in text for user in USERS.values())
    return {check.name: check for check in checks}


def _rules(rights: tuple[Right, ...]) -> list[dict[str, Any]]:
    return [
        {"apiGroups": [right.group], "resources": [right.resource], "verbs": [right.verb]}
        for right in rights
        if right.required
    ]


def test_everything_in_order(stack: Stack, namespace: str) -> None:
    web = stack.create_deployment(namespace, "web", 2)
    stack.wait_ready(namespace, "web", 2)
    chosen = settings(stack, namespace)
    with stack.load(web.url, rps=25.0):
        wait_until(
            lambda: all(check.ok for check in _examine(chosen, write=True).values()),
            "all checks to pass",
            20.0,
        )
        checks = _examine(chosen, write=True)
    assert list(checks) == [
        "API server",
        "Kubernetes",
        "API server clock",
        "may observe",
        "may scale",
        "Deployment",
        "scaled by",
        "service model",
        "Prometheus",
        "request metrics",
        "request rate",
        "latency p50",
        "latency p95",
        "latency p99",
        "SLO violations",
        "errors",
        "CPU",
        "memory",
        "Prometheus clock",
    ]
    assert checks["Kubernetes"].found.startswith("v1.20")
    assert checks["Deployment"].found == f"proxied/{namespace}/web: 2 of 2 ready"
    assert checks["scaled by"].found == "nobody else"
    assert checks["request metrics"].found == "query set generic"
    assert "s old" in checks["request rate"].found


def test_rights_are_asked_for_one_by_one(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", 0)
    chosen = settings(stack, namespace, user="limited")
    before = _examine(chosen)
    assert not before["may observe"].ok
    assert "watch pods" in before["may observe"].found
    assert "get deployments.apps" in before["may observe"].found
    assert f"in namespace {namespace}" in before["may observe"].advice
    assert not before["Deployment"].ok
    stack.grant(namespace, "limited", _rules(rights_to_observe(chosen)))
    looking = _examine(chosen)
    assert looking["may observe"].ok
    assert "not: list scaledobjects.keda.sh" in looking["may observe"].found
    assert looking["Deployment"].ok
    assert not looking["may scale"].ok
    assert not looking["may scale"].required, "SHADOW works without"
    assert "patch deployments/scale.apps" in looking["may scale"].found
    assert _examine(chosen, write=True)["may scale"].required
    both = (*rights_to_observe(chosen), *rights_to_scale(chosen))
    stack.grant(namespace, "limited", _rules(both))
    assert _examine(chosen, write=True)["may scale"].ok


def test_an_owner_is_named_with_the_way_out(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", 0)
    chosen = settings(stack, namespace)
    floors = settings(stack, namespace, actuator="hpa-floor", floor_min=1, floor_max=5)
    assert "exactly one HPA" in _examine(floors)["scaled by"].advice
    stack.create_hpa(namespace, "web", 2, 9)
    shadow = _examine(chosen)["scaled by"]
    assert (shadow.ok, shadow.required) == (False, False)
    assert shadow.found == "HorizontalPodAutoscaler web (2…9)"
    assert "--actuator hpa-floor" in shadow.advice
    assert _examine(chosen, write=True)["scaled by"].required
    assert _examine(floors, write=True)["scaled by"].ok


@pytest.mark.parametrize(("paused", "free"), [(True, True), (False, False)])
def test_who_is_paused_scales_nothing_nor_does_what_it_made(
    stack: Stack, namespace: str, monkeypatch: pytest.MonkeyPatch, paused: bool, free: bool
) -> None:
    stack.create_deployment(namespace, "web", 0)
    owners = (
        Owner(OwnerKind.HPA, "keda-hpa-web", 1, 9, managed_by="web"),
        Owner(OwnerKind.KEDA, "web", 1, 9, paused=paused),
    )
    monkeypatch.setattr(doctor, "find_owners", lambda *_: owners)
    assert _examine(settings(stack, namespace), write=True)["scaled by"].ok is free
    assert (active_owner(owners) is None) is free


def test_a_floor_is_not_steered_beside_a_scaled_object(
    stack: Stack, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.create_deployment(namespace, "web", 0)
    plain, paused = Owner(OwnerKind.HPA, "web", 1, 9), Owner(OwnerKind.KEDA, "web", 1, 9, "", True)
    floors = settings(stack, namespace, actuator="hpa-floor", floor_min=1, floor_max=5)
    monkeypatch.setattr(doctor, "find_owners", lambda *_: (plain, paused))
    assert not _examine(floors, write=True)["scaled by"].ok
    monkeypatch.setattr(doctor, "find_owners", lambda *_: (plain,))
    assert _examine(floors, write=True)["scaled by"].ok


def test_names_that_do_not_exist(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "shop", 0)
    missing = _examine(settings(stack, namespace))["Deployment"]
    assert "404" in missing.found
    assert missing.advice == "There are: shop."
    container = _examine(settings(stack, namespace, deployment="shop", container="nginx"))
    assert container["container"].advice == "There are: app."


def test_servers_that_are_down(stack: Stack, namespace: str) -> None:
    chosen = settings(stack, namespace)
    with stack.api_proxy.refusing(), stack.prometheus_proxy.refusing():
        checks = _examine(chosen)
    assert list(checks) == ["API server", "service model", "Prometheus"]
    assert "refused" in checks["API server"].found
    assert "refused" in checks["Prometheus"].found


def test_clocks_that_disagree(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", 0)
    with (
        stack.prometheus_proxy.inject(Skew(600.0)),
        stack.api_proxy.inject(Skew(-90.0), path="/version"),
    ):
        checks = _examine(settings(stack, namespace))
    assert checks["Prometheus clock"].found == "600 s ahead of ours"
    assert checks["API server clock"].found in ("89 s behind ours", "90 s behind ours")
    assert not checks["Prometheus clock"].required


def test_without_prometheus(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", 1)
    stack.wait_ready(namespace, "web", 1)
    chosen = settings(stack, namespace, metrics={"prometheus_url": None})
    checks = _examine(chosen)
    assert "CPU and memory only" in checks["Prometheus"].found
    assert "install metrics-server" in checks["metrics.k8s.io"].found
    stack.enable_resource_metrics()
    wait_until(lambda: _examine(chosen).get("CPU"), "samples", 10.0)
    assert "% of request" in _examine(chosen)["memory"].found


def test_without_a_service_model_the_rest_is_checked(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", 0)
    reason = InputError("expected a service model, found none for slo_ms.", "Give it.")
    found = list(examine_cluster(settings(stack, namespace), reason, CLOCK))
    checks = {check.name: check for check in found}
    assert not checks["service model"].ok
    assert checks["Prometheus"].ok


def test_without_a_kubeconfig(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    chosen = KubernetesSettings(deployment="web")
    (check,) = examine_cluster(chosen, InputError("none"), CLOCK)
    assert check.name == "credentials"
    assert "KUBECONFIG" in check.advice
