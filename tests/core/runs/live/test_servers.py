"""A run in control while its two servers answer all kinds of things: told, held, gone on with."""

from __future__ import annotations

from functools import partial

import pytest

from core.cluster.kubernetes.settings import MetricsSettings
from core.runs.records import RunState, RunStatus
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
API_FAULTS: dict[str, Fault] = {
    "who are you": api_status(401, "who are you"),
    "not you": api_status(403, "not you"),
    "slowly": api_status(429, "slowly", retry_after_s=1),
    "out of order": api_status(500, "out of order"),
    "no answer": Hang(),
}
"""By the words that the header then has."""
PROMETHEUS_FAULTS: dict[str, Fault] = {
    "in time": Hang(),
    "makes no sense": not_json(),
    "missing": no_samples(),
}
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
    wait_until(lambda: stack.replicas(namespace, "web") == 3, "the policy's replicas")
    stack.wait_ready(namespace, "web", 3)
    started.wait(lambda status: not status.degraded, "all to be well")
    return started


def _says(words: str, status: RunStatus) -> bool:
    return words in status.degraded


def test_whatever_the_api_server_answers_the_run_holds_and_goes_on(
    stack: Stack, namespace: str, run: LiveRun
) -> None:
    for words, fault in API_FAULTS.items():
        before = run.status().step
        with stack.api_proxy.inject(fault) as injected:
            run.wait(partial(_says, words), words)
            run.wait(partial(_says, HOLDING), f"{words}: holding")
            run.wait_steps(2)
            decisions = run.status().step - before
            # The Deployment, its pods and the lease are asked for, each with its own pauses.
            assert injected.hits <= 6 * decisions + 10, f"{words}: no busy loop"
        run.wait(lambda status: not status.degraded, f"{words}: recovery")
        assert run.status().state is RunState.RUNNING
        assert run.status().mode is ControlMode.AUTO
    assert run.scalings() == [("policy", 2, 3, True)]
    assert stack.replicas(namespace, "web") == 3


def test_whatever_prometheus_answers_values_are_missing_and_the_run_holds(
    stack: Stack, run: LiveRun
) -> None:
    for words, fault in PROMETHEUS_FAULTS.items():
        with stack.prometheus_proxy.inject(fault):
            run.wait(partial(_says, words), words)
            run.wait(partial(_says, HOLDING), f"{words}: holding")
            run.wait_steps(2)
            reader = run.read()
            newest = reader.step(reader.last_step())
            reader.close()
            assert (newest.state.rps, newest.state.cpu_utilization) == (None, None), words
            assert newest.state.metrics_age_s > CAREFUL.stale_after_intervals * INTERVAL_S
            assert newest.state.replicas_ready == 3
        run.wait(lambda status: not status.degraded, f"{words}: recovery")
    assert run.scalings() == [("policy", 2, 3, True)]


def test_a_prometheus_whose_clock_is_wrong_makes_nothing_old(stack: Stack, run: LiveRun) -> None:
    with stack.prometheus_proxy.inject(Skew(900.0)) as skewed:
        wait_until(lambda: skewed.hits > 20, "two rounds of queries")
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
        started.wait(lambda status: "no user" in status.degraded, "Prometheus to echo")
    with stack.api_proxy.inject(api_status(401, f"bad token={token}")):
        started.wait(lambda status: "bad token" in status.degraded, "the other to echo")
    started.end()
    files = [path for path in started.directory.rglob("*") if path.is_file()]
    assert any(path.name == "run.db" for path in files)
    for path in files:
        content = path.read_bytes()
        assert SECRET.encode() not in content, path.name
        assert token.encode() not in content, path.name
