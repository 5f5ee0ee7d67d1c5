"""The stack comes up, and its pods, users and autoscaler behave as a cluster's do."""

from __future__ import annotations

import pytest
from kubernetes import client

from tests.stack.behaviour import PodBehaviour
from tests.stack.rest import Refused
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until

_SCALE_RULE = {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["get", "patch"]}


def _conditions(pod: dict[str, object]) -> dict[str, tuple[str, str]]:
    status = pod["status"]
    assert isinstance(status, dict)
    return {c["type"]: (c["status"], c.get("reason", "")) for c in status.get("conditions", [])}


def test_ready_pods_follow_the_scale_subresource(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", replicas=1)
    stack.wait_ready(namespace, "web", 1)
    stack.scale(namespace, "web", 5)
    stack.wait_ready(namespace, "web", 5)
    nodes = {pod["spec"]["nodeName"] for pod in stack.kubelet.pods(namespace)}
    assert len(nodes) == 3
    stack.scale(namespace, "web", 2)
    stack.wait_ready(namespace, "web", 2)


def test_the_official_client_reads_what_is_there(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", replicas=2)
    stack.wait_ready(namespace, "web", 2)
    with stack.client() as api:
        pods = client.CoreV1Api(api).list_namespaced_pod(namespace).items
    assert [pod.status and pod.status.phase for pod in pods] == ["Running", "Running"]


def test_a_user_without_rights_is_refused_until_they_are_granted(
    stack: Stack, namespace: str
) -> None:
    stack.create_deployment(namespace, "web", replicas=1)
    patch = {"spec": {"replicas": 3}}
    since = stack.audit.mark()
    with stack.client("limited") as api:
        apps = client.AppsV1Api(api)
        with pytest.raises(client.ApiException) as refused:
            apps.patch_namespaced_deployment_scale("web", namespace, patch)
        assert refused.value.status == 403
        stack.grant(namespace, "limited", [_SCALE_RULE])
        apps.patch_namespaced_deployment_scale("web", namespace, patch, dry_run="All")
        assert stack.replicas(namespace, "web") == 1
        apps.patch_namespaced_deployment_scale("web", namespace, patch)
    assert stack.replicas(namespace, "web") == 3
    writes = stack.audit.writes(since, user="limited")
    assert [(entry.verb, entry.subresource, entry.status) for entry in writes] == [
        ("patch", "scale", 403),
        ("patch", "scale", 200),
    ]
    assert writes[1].request == patch


def test_a_service_account_has_a_kubeconfig(stack: Stack, namespace: str) -> None:
    from kubernetes import config

    path = stack.service_account(namespace, "engine")
    api = config.new_client_from_config(str(path), context="proxied")
    review = client.AuthorizationV1Api(api).create_self_subject_access_review(
        client.V1SelfSubjectAccessReview(
            spec=client.V1SelfSubjectAccessReviewSpec(
                resource_attributes=client.V1ResourceAttributes(verb="list", resource="pods")
            )
        )
    )
    assert review.status is not None
    assert review.status.allowed is False
    user = f"system:serviceaccount:{namespace}:engine"
    assert stack.audit.entries(user=user)
    assert not stack.audit.writes(user=user)


def test_an_autoscaler_raises_to_its_minimum(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", replicas=1)
    stack.create_hpa(namespace, "web", minimum=3, maximum=6)
    stack.wait_ready(namespace, "web", 3)


def test_an_autoscaler_follows_cpu_where_resource_metrics_are_served(
    stack: Stack, namespace: str
) -> None:
    web = stack.create_deployment(namespace, "web", replicas=1)
    stack.wait_ready(namespace, "web", 1)
    stack.enable_resource_metrics()
    stack.create_hpa(namespace, "web", minimum=1, maximum=4, cpu_percent=20)
    with stack.load(web.url, rps=15):
        wait_until(lambda: stack.replicas(namespace, "web") > 1, "the HPA to scale up", 20.0)


def test_pods_without_room_are_unschedulable(stack: Stack, namespace: str) -> None:
    stack.kubelet.configure(namespace, PodBehaviour(schedulable_pods=2))
    stack.create_deployment(namespace, "web", replicas=3)

    def stuck() -> list[dict[str, object]]:
        unscheduled = ("False", "Unschedulable")
        pods = stack.kubelet.pods(namespace)
        return [pod for pod in pods if _conditions(pod).get("PodScheduled") == unscheduled]

    assert len(wait_until(stuck, "a pod without room")) == 1
    stack.kubelet.configure(namespace, PodBehaviour())
    stack.wait_ready(namespace, "web", 3)


def test_pods_crash_and_recover(stack: Stack, namespace: str) -> None:
    stack.kubelet.configure(namespace, PodBehaviour(restart_every_s=0.1))
    stack.create_deployment(namespace, "web", replicas=2)
    stack.wait_ready(namespace, "web", 2)
    (name,) = stack.kubelet.crash(namespace, 1)

    def restarted() -> bool:
        pod = stack.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
        (container,) = pod["status"]["containerStatuses"]
        waiting = container["state"].get("waiting", {})
        return bool(container["restartCount"] > 2 and waiting.get("reason") == "CrashLoopBackOff")

    wait_until(restarted, "three restarts")
    assert len(stack.kubelet.ready_pods(namespace, "web")) == 1
    stack.kubelet.recover(namespace)
    stack.wait_ready(namespace, "web", 2)


def test_a_quota_keeps_pods_from_being_created(stack: Stack, namespace: str) -> None:
    stack.create_quota(namespace, pods=2)
    stack.create_deployment(namespace, "web", replicas=4)

    def conditions() -> list[str]:
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
        found = stack.get(path)["status"].get("conditions", [])
        return [c["message"] for c in found if c["type"] == "ReplicaFailure"]

    (message,) = wait_until(conditions, "the Deployment to report the quota")
    assert "exceeded quota" in message


def test_a_rollout_replaces_every_pod(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", replicas=2)
    stack.wait_ready(namespace, "web", 2)
    before = {pod["metadata"]["name"] for pod in stack.kubelet.pods(namespace)}
    stack.roll_out(namespace, "web")

    def replaced() -> bool:
        now = {pod["metadata"]["name"] for pod in stack.kubelet.ready_pods(namespace, "web")}
        return len(now) == 2 and not now & before

    wait_until(replaced, "two new pods")


def test_a_scaled_object_can_be_created(stack: Stack, namespace: str) -> None:
    stack.create_scaled_object(namespace, "web")
    path = f"/apis/keda.sh/v1alpha1/namespaces/{namespace}/scaledobjects/web"
    assert stack.get(path)["spec"]["scaleTargetRef"]["name"] == "web"


def test_the_api_server_can_be_killed_and_started_again(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", replicas=1)
    stack.wait_ready(namespace, "web", 1)
    stack.api_server.kill()
    with pytest.raises((OSError, Refused)):
        stack.scale(namespace, "web", 2)
    stack.api_server.start()
    stack.scale(namespace, "web", 2)
    stack.wait_ready(namespace, "web", 2)
