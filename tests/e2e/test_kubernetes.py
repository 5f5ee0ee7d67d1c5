"""The whole loop on a real API server, real controllers and a real Prometheus.

Load → service → Prometheus → policy → guardrails → API server → controllers → Ready pods →
capacity, by an engine of its own process with the rights that the manifests give it and no others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from core.cluster.kubernetes.settings import KubernetesSettings
from core.runs.commands import Command
from core.runs.config import EnvironmentKind, InferenceConfig
from core.runs.records import EventKind, RunState
from core.state import Actor, ControlMode
from core.traffic.scenario import GuardrailSettings
from tests.deploy.manifests import role_rules, unbound_grants
from tests.e2e.cluster_run import ClusterRun
from tests.stack.behaviour import PodBehaviour
from tests.stack.service import ServiceShape
from tests.stack.stack import Deployed, Stack

POD_RPS = 20.0
CALM_RPS, BUSY_RPS = 25.0, 90.0
SHAPE = ServiceShape(workers=2, service_time_s=2 / POD_RPS, slo_s=0.5, timeout_s=3.0)
ACCOUNT = "rlscale-console"
GUARDRAILS = GuardrailSettings(
    largest_step_up_ratio=1.0,
    largest_step_down_ratio=0.5,
    stabilization_down_s=8.0,
    stale_after_intervals=4,
    fallback_after_intervals=9,
)
RULES = role_rules("base/observe.yaml", "components/control/role.yaml", "overlays/auto/role.yaml")
"""What the manifests of the overlay auto grant."""


@pytest.fixture
def web(stack: Stack, namespace: str) -> Deployed:
    stack.kubelet.configure(namespace, PodBehaviour(startup_median_s=1.0))
    deployed = stack.create_deployment(namespace, "web", replicas=2, shape=SHAPE)
    stack.wait_ready(namespace, "web", 2)
    return deployed


@pytest.fixture
def engine_user(stack: Stack, namespace: str) -> str:
    """The limited account that the engine has."""
    user = f"system:serviceaccount:{namespace}:{ACCOUNT}"
    stack.service_account(namespace, ACCOUNT)
    stack.grant(namespace, user, RULES)
    return user


@pytest.fixture
def run(stack: Stack, web: Deployed, engine_user: str) -> Iterator[ClusterRun]:
    settings = KubernetesSettings.model_validate(
        {
            "kubeconfig": stack.service_account(web.namespace, ACCOUNT),
            "context": "direct",
            "namespace": web.namespace,
            "deployment": web.name,
            "metrics": {
                "prometheus_url": stack.prometheus_url,
                "window_s": 5,
                "timeout_s": 2.0,
            },
            "interval_s": 1.0,
            "pod_capacity_rps": POD_RPS,
            "slo_ms": SHAPE.slo_s * 1000.0,
            "min_replicas": 1,
            "max_replicas": 12,
            "startup_median_s": 1.0,
            "guardrails": GUARDRAILS,
        }
    )
    config = InferenceConfig(
        policy="ppo",
        environment=EnvironmentKind.KUBERNETES,
        kubernetes=settings,
        write=True,
        mode=ControlMode.SHADOW,
    )
    started = ClusterRun(config)
    yield started
    started.close()


@pytest.mark.timeout(240)
def test_shadow_control_override_and_a_fault(
    stack: Stack, web: Deployed, engine_user: str, run: ClusterRun
) -> None:
    confirmation = f"direct/{web.namespace}/{web.name}"

    def replicas() -> int:
        return stack.replicas(web.namespace, web.name)

    with stack.load(web.url, rps=CALM_RPS) as load:
        # Shadow: twenty decisions on what is measured, and nothing is written.
        run.wait_step(lambda step: (step.state.rps or 0.0) > 0.6 * CALM_RPS, "a measured rate")
        load.set_rate(BUSY_RPS)
        shadow = run.wait_steps(20)
        assert {step.mode for step in shadow} == {ControlMode.SHADOW}
        assert {step.actor for step in shadow} == {Actor.NOBODY}
        assert shadow[-1].state.rps == pytest.approx(BUSY_RPS, rel=0.35)
        assert shadow[-1].decision.target > 2, "it would have scaled"
        assert (shadow[-1].state.slo_violation_ratio or 0.0) > 0.3, "two pods cannot carry it"
        assert replicas() == 2
        verbs = {entry.verb for entry in stack.audit.entries(user=engine_user)}
        assert verbs
        assert verbs <= {"get", "list", "watch"}

        # Control: it scales until the service is well again, which its callers notice too.
        mark = stack.audit.mark()
        run.order(Command.mode(ControlMode.AUTO, confirmation))
        began = run.reader.last_step()
        run.wait(lambda: len(web.service.pods) * POD_RPS > BUSY_RPS, "enough ready pods")
        run.wait_step(lambda step: (step.state.slo_violation_ratio or 1.0) < 0.1, "a service well")
        assert {step.actor for step in run.steps(began + 1)} <= {Actor.POLICY, Actor.GUARDRAIL}
        assert np.percentile(load.latencies_s[-100:], 90) < SHAPE.slo_s
        wanted = replicas()

        # Override: exactly so many at once, and the policy's number after its release.
        pinned = 6 if wanted != 6 else 7
        run.order(Command.override(pinned, confirmation=confirmation))
        assert replicas() == pinned
        stack.wait_ready(web.namespace, web.name, pinned)
        assert run.status.mode is ControlMode.MANUAL
        run.order(Command.release())
        run.wait(lambda: replicas() != pinned, "the policy's own number")
        run.wait_step(lambda step: step.mode is ControlMode.AUTO, "a decision of its own")

        # Fault: without Prometheus it holds, then the baseline takes over, then it recovers.
        run.wait_step(lambda step: step.target == step.state.replicas_desired, "nothing to do")
        held = replicas()
        stack.prometheus.kill()
        load.set_rate(CALM_RPS)
        run.wait(lambda: "holding" in run.status.degraded, "DEGRADED")
        run.wait_step(lambda step: step.actor is Actor.FALLBACK, "the baseline", 30.0)
        assert replicas() == held
        stack.prometheus.start()
        run.wait(lambda: not run.status.degraded, "recovery", 30.0)
        run.wait_step(lambda step: step.actor is Actor.POLICY, "the policy in control", 30.0)

    ended = run.end()
    assert ended.state is RunState.STOPPED
    assert replicas() == run.steps()[-1].target, "it leaves the replicas as they are"
    degraded = [event.message for event in run.events(EventKind.DEGRADED)]
    assert any("baseline" in message for message in degraded)
    assert "again" in degraded[-1], "it says that it has recovered"

    # Every write was one that it may do, did succeed, and stands in the run file.
    writes = stack.audit.writes(mark, user=engine_user)
    assert {entry.resource for entry in writes} == {"deployments", "events", "leases"}
    assert {entry.status for entry in writes} <= {200, 201}
    scaled = [entry.request or {} for entry in writes if entry.subresource == "scale"]
    scalings = run.reader.scalings_after(0)
    assert [request["spec"]["replicas"] for request in scaled] == [
        scaling.target for scaling in scalings
    ]
    assert all(scaling.accepted for scaling in scalings)
    assert {Actor.POLICY, Actor.OPERATOR} <= {scaling.actor for scaling in scalings}

    # It has needed every right that the manifests give it.
    assert stack.audit.grants_used(engine_user) == unbound_grants(RULES)

    # And `kubectl describe` tells the story.
    events = stack.get(f"/api/v1/namespaces/{web.namespace}/events")["items"]
    told = [event for event in events if event["source"].get("component") == ACCOUNT]
    assert {event["involvedObject"]["name"] for event in told} == {web.name}
    reasons = {event["reason"] for event in told}
    assert reasons >= {"ControlTaken", "ScaledUp", "ScaledDown", "ControlReleased"}
