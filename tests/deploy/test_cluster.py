"""The manifests on a real API server, and the engine with the rights that they give it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.deploy.engine_pod import EnginePod, apply_all
from tests.deploy.manifests import ACCOUNT, Grant, Json, grants, render, unbound_grants
from tests.stack.service import ServiceShape
from tests.stack.stack import Deployed, Stack
from tests.stack.waiting import wait_until

POD_RPS = 20.0
RPS = 60.0
SHAPE = ServiceShape(workers=2, service_time_s=2 / POD_RPS, slo_s=0.5, timeout_s=3.0)


def settings(stack: Stack) -> Json:
    return {
        "metrics": {"prometheus_url": stack.prometheus_url, "window_s": 5, "timeout_s": 2.0},
        "interval_s": 1.0,
        "pod_capacity_rps": POD_RPS,
        "slo_ms": SHAPE.slo_s * 1000.0,
        "min_replicas": 1,
        "max_replicas": 12,
        "guardrails": {"stale_after_intervals": 3},
    }


@pytest.fixture
def web(stack: Stack, namespace: str) -> Deployed:
    deployed = stack.create_deployment(namespace, "web", replicas=2, shape=SHAPE)
    stack.wait_ready(namespace, "web", 2)
    return deployed


def rules_of(items: list[Json]) -> list[Json]:
    return [rule for item in items if item["kind"] == "Role" for rule in item["rules"]]


@pytest.mark.timeout(120)
def test_shadow_looks_tells_and_can_do_nothing_else(
    stack: Stack, web: Deployed, tmp_path: Path
) -> None:
    items = render("shadow", tmp_path, namespace=web.namespace, settings=settings(stack))
    apply_all(stack, items)
    # The pod passes admission; who runs in it here is the process below.
    path = f"/apis/apps/v1/namespaces/{web.namespace}/deployments/rlscale-console"
    wait_until(lambda: stack.get(path)["status"].get("readyReplicas") == 1, "the pod to be made")
    with stack.load(web.url, rps=RPS), EnginePod(stack, items, tmp_path) as engine:
        wait_until(lambda: engine.probe("/readyz") == 200, "the engine to be ready", 30.0)
        assert engine.probe("/healthz") == 200
        with stack.prometheus.also_scraping("engine", f"127.0.0.1:{engine.port}"):

            def told(name: str) -> float:
                return stack.prometheus.value(f'rlscale_{name},job="engine"}}') or 0.0

            wait_until(lambda: told('decisions_total{actor="nobody"') >= 5, "decisions told", 20.0)
            wait_until(lambda: told('policy_target_replicas{job!=""') > 2, "a wish told", 20.0)
            assert told('mode{mode="SHADOW"') == 1.0
            assert told('replicas_ready{job!=""') == 2.0
            wait_until(
                lambda: told('observed_requests_per_second{job!=""') > 0.5 * RPS, "the load", 30.0
            )
            memory = stack.prometheus.value('process_resident_memory_bytes{job="engine"}') or 0.0
            assert 10e6 < memory < 160 * 2**20, "more than the manifests request"
        assert engine.examine() == 0, engine.log
        stack.prometheus.kill()
        wait_until(lambda: engine.probe("/readyz") == 503, "it to say that it is blind", 20.0)
        assert engine.probe("/healthz") == 200, "a restart would not help"
        assert engine.terminate() == 0, engine.log
    asked = {entry.status for entry in stack.audit.entries(user=engine.user)}
    assert 403 not in asked
    assert stack.audit.grants_used(engine.user) == unbound_grants(rules_of(items))
    assert stack.audit.writes(user=engine.user) == []
    assert stack.replicas(web.namespace, "web") == 2


@pytest.mark.timeout(120)
def test_hpa_floor_moves_the_floor_and_puts_it_back(
    stack: Stack, web: Deployed, tmp_path: Path
) -> None:
    stack.create_hpa(web.namespace, "web", minimum=2, maximum=12)
    items = render("hpa-floor", tmp_path, namespace=web.namespace, settings=settings(stack))
    apply_all(stack, items)
    path = f"/apis/autoscaling/v1/namespaces/{web.namespace}/horizontalpodautoscalers/web"

    def floor() -> int:
        return int(stack.get(path)["spec"]["minReplicas"])

    with stack.load(web.url, rps=RPS), EnginePod(stack, items, tmp_path) as engine:
        wait_until(lambda: engine.probe("/readyz") == 200, "the engine to be ready", 30.0)
        wait_until(lambda: floor() > 3, "a floor that carries the load", 30.0)
        wait_until(lambda: stack.replicas(web.namespace, "web") > 3, "the HPA to follow", 30.0)
        assert engine.terminate() == 0, engine.log
    assert floor() == 2
    writes = stack.audit.writes(user=engine.user)
    assert {entry.resource for entry in writes} == {"horizontalpodautoscalers", "leases", "events"}
    assert {entry.status for entry in writes} <= {200, 201}
    assert stack.audit.grants_used(engine.user) == unbound_grants(rules_of(items))


FORBIDDEN = [
    ("", "pods", "delete", "web-1"),
    ("", "pods", "get", "web-1"),
    ("", "pods/exec", "create", "web-1"),
    ("", "pods/log", "get", "web-1"),
    ("", "secrets", "list", ""),
    ("", "configmaps", "list", ""),
    ("", "serviceaccounts/token", "create", ACCOUNT),
    ("apps", "deployments", "patch", "web"),
    ("apps", "deployments", "update", "web"),
    ("apps", "deployments", "delete", "web"),
    ("apps", "deployments", "list", ""),
    ("apps", "deployments", "get", "other"),
    ("apps", "deployments/scale", "patch", "other"),
    ("apps", "deployments/scale", "update", "web"),
    ("apps", "replicasets", "patch", "web"),
    ("autoscaling", "horizontalpodautoscalers", "patch", "web"),
    ("autoscaling", "horizontalpodautoscalers", "delete", "web"),
    ("coordination.k8s.io", "leases", "update", "other"),
    ("coordination.k8s.io", "leases", "delete", "rlscale-web"),
    ("rbac.authorization.k8s.io", "roles", "patch", "rlscale-console-scale"),
    ("rbac.authorization.k8s.io", "rolebindings", "create", ""),
]


def test_auto_may_scale_one_deployment_and_nothing_else(
    stack: Stack, namespace: str, tmp_path: Path
) -> None:
    items = render("auto", tmp_path, namespace=namespace)
    apply_all(stack, items)
    user = f"system:serviceaccount:{namespace}:{ACCOUNT}"
    elsewhere = stack.create_namespace()

    def may(grant: Grant, where: str = namespace) -> bool:
        group, path, verb, name = grant
        resource, _, subresource = path.partition("/")
        wanted: dict[str, Any] = {"namespace": where, "verb": verb, "group": group, "name": name}
        wanted |= {"resource": resource, "subresource": subresource}
        review = {"spec": {"user": user, "resourceAttributes": wanted}}
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        return bool(stack.send("POST", path, review)["status"]["allowed"])

    allowed = grants(rules_of(items))
    wait_until(lambda: all(may(grant) for grant in allowed), "the rights to hold")
    assert [grant for grant in FORBIDDEN if may(grant)] == []
    assert [grant for grant in allowed if may(grant, elsewhere)] == []


def test_what_is_not_granted_is_refused_in_earnest(
    stack: Stack, web: Deployed, tmp_path: Path
) -> None:
    """Not only in the answers to questions about rights."""
    items = render("auto", tmp_path, namespace=web.namespace)
    apply_all(stack, items)
    stack.create_deployment(web.namespace, "other", replicas=1)
    from kubernetes.config import new_client_from_config

    path = stack.service_account(web.namespace, ACCOUNT)
    with new_client_from_config(str(path), context="direct") as connection:
        apps, core = client.AppsV1Api(connection), client.CoreV1Api(connection)
        here = web.namespace

        def scale(name: str) -> Any:
            body = {"spec": {"replicas": 3}}
            return apps.patch_namespaced_deployment_scale(name, here, body)

        def scaled() -> bool:
            try:
                return bool(scale("web").spec.replicas == 3)
            except ApiException:
                return False

        wait_until(scaled, "the right to scale")
        pod = stack.kubelet.ready_pods(here, "web")[0]["metadata"]["name"]
        for refused in (
            lambda: core.delete_namespaced_pod(pod, here),
            lambda: apps.patch_namespaced_deployment("web", here, {"spec": {"replicas": 9}}),
            lambda: scale("other"),
            lambda: core.list_namespaced_pod("kube-system"),
        ):
            with pytest.raises(ApiException) as raised:
                refused()
            assert raised.value.status == 403
    assert stack.replicas(here, "web") == 3
