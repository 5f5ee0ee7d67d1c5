"""A run in control while its two servers answer all kinds of things: told, held, gone on with."""

from __future__ import annotations

import pytest

from core.cluster.kubernetes.settings import MetricsSettings
from core.runs.records import RunState
from core.state import ControlMode
from core.traffic.scenario import GuardrailSettings
from tests.core.runs.live.conftest import INTERVAL_S, LiveRun, LiveRunOf
from tests.stack.faults import Answer, Fault, Hang, Skew, api_status, no_samples, not_json
from tests.stack.stack import Stack
from tests.stack.users import USERS
from tests.stack.waiting import wait_until

CAREFUL = GuardrailSettings(stale_after_intervals=8, fallback_after_intervals=100_000)
"""Two seconds: samples are a second apart, and the machine may be busy."""
HOLDING = "metrics too old: holding"
SECRET = "s3cr3t-s3cr3t"


@pytest.fixture
def run(stack: Stack, namespace: str, live_run: LiveRunOf) -> LiveRun:
    """A run in AUTO with all metrics, through both proxies; it has scaled to three."""
    stack.create_deployment(namespace, "web", 2)
    stack.wait_ready(namespace, "web", 2)
    started = live_run(
        "static:3",
        ControlMode.AUTO,
        context="proxied",
        guardrails=CAREFUL,
        metrics=MetricsSettings(prometheus_url=stack.prometheus_proxy.url, window_s=5),
    )
    wait_until(lambda: stack.replicas(namespace, "web") == 3, "the policy's replicas", 20.0)
    stack.wait_ready(namespace, "web", 3)
    started.wait(lambda status: not status.degraded, "all to be well", 20.0)
    return started


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (api_status(401, "who are you"), "who are you"),
        (api_status(403, "not you"), "not you"),
        (api_status(429, "slowly", retry_after_s=1), "slowly"),
        (api_status(500, "out of order"), "out of order"),
        (Hang(), "no answer"),
    ],
    ids=["401", "403", "429", "500", "slow"],
)
def test_whatever_the_api_server_answers_the_run_holds_and_goes_on(
    stack: Stack, namespace: str, run: LiveRun, fault: Answer | Hang, words: str
) -> None:
    before = run.status().step
    with stack.api_proxy.inject(fault) as injected:
        run.wait(lambda status: words in status.degraded, "the reason", 20.0)
        run.wait(lambda status: HOLDING in status.degraded, "holding", 20.0)
        run.wait_steps(3)
        decisions = run.status().step - before
        # The Deployment, its pods and the lease are asked for, each with its own pauses.
        assert injected.hits <= 6 * decisions + 10, "no busy loop"
    run.wait(lambda status: not status.degraded, "recovery", 20.0)
    assert run.status().state is RunState.RUNNING
    assert run.status().mode is ControlMode.AUTO
    assert run.scalings() == [("policy", 2, 3, True)]
    assert stack.replicas(namespace, "web") == 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [(Hang(), "in time"), (not_json(), "makes no sense"), (no_samples(), "missing")],
    ids=["slow", "nonsense", "empty"],
)
def test_whatever_prometheus_answers_values_are_missing_and_the_run_holds(
    stack: Stack, run: LiveRun, fault: Fault, words: str
) -> None:
    with stack.prometheus_proxy.inject(fault):
        began = run.status().step
        run.wait(lambda status: words in status.degraded, "the reason", 20.0)
        run.wait(lambda status: HOLDING in status.degraded, "holding", 20.0)
        run.wait_steps(2)
        reader = run.read()
        newest = reader.step(reader.last_step())
        assert (newest.state.rps, newest.state.cpu_utilization) == (None, None)
        assert newest.state.metrics_age_s > CAREFUL.stale_after_intervals * INTERVAL_S
        assert newest.target == 3
        assert newest.index > began
        reader.close()
    run.wait(lambda status: not status.degraded, "recovery", 20.0)
    assert run.scalings() == [("policy", 2, 3, True)]


def test_a_prometheus_whose_clock_is_wrong_makes_nothing_old(stack: Stack, run: LiveRun) -> None:
    with stack.prometheus_proxy.inject(Skew(900.0)) as skewed:
        wait_until(lambda: skewed.hits > 20, "two rounds of queries", 20.0)
        run.wait_steps(2)
    assert not any(HOLDING in line for line in run.events("degraded"))


def test_no_file_of_a_run_holds_a_secret(
    stack: Stack, namespace: str, live_run: LiveRunOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_TOKEN", SECRET)
    stack.create_deployment(namespace, "web", 2)
    stack.secure_prometheus_proxy.require(f"Bearer {SECRET}")
    started = live_run(
        "static:3",
        write=True,
        context="proxied",
        metrics=MetricsSettings(
            prometheus_url=stack.secure_prometheus_proxy.url,
            bearer_token_env="PROMETHEUS_TOKEN",
            ca_file=stack.ca_file,
            window_s=5,
        ),
    )
    echo = Answer(500, f"no user {SECRET}", "text/plain")
    token = USERS["admin"].token
    with stack.secure_prometheus_proxy.inject(echo):
        started.wait(lambda status: "no user" in status.degraded, "Prometheus to echo", 20.0)
    with stack.api_proxy.inject(api_status(401, f"bad token={token}")):
        started.wait(lambda status: "bad token" in status.degraded, "the other to echo", 20.0)
    started.end()
    files = [path for path in started.directory.rglob("*") if path.is_file()]
    assert any(path.name == "run.db" for path in files)
    for path in files:
        content = path.read_bytes()
        assert SECRET.encode() not in content, path.name
        assert token.encode() not in content, path.name
