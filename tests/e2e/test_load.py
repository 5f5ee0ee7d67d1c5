"""Traffic of a scenario, sent by the command line to the service of the tests' cluster."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.stack.service import ServiceShape
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until

RPS = 50.0


@pytest.fixture
def steady(tmp_path: Path) -> Path:
    path = tmp_path / "steady.yaml"
    text = f"name: steady\ntraffic: [{{kind: constant, rps: {2 * RPS}}}]\nseed: 1\n"
    path.write_text(text, encoding="utf-8")
    return path


def start(scenario: Path, url: str, *flags: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "console.cli", "load", "--scenario", str(scenario)]
    command += ["--target", url, "--peak-rps", str(RPS), "--interval", "2", "--json", *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen[str], code: int) -> dict[str, Any]:
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    content: dict[str, Any] = json.loads(out.splitlines()[-1])
    return content


def test_the_service_gets_the_rate_that_is_wanted(
    stack: Stack, namespace: str, steady: Path
) -> None:
    shape = ServiceShape(workers=2, service_time_s=0.05, slo_s=0.5)
    web = stack.create_deployment(namespace, "web", replicas=3, shape=shape)
    stack.wait_ready(namespace, "web", 3)
    content = answer(start(steady, web.url, "--duration", "6"), 0)
    assert content["failed"] == content["missed"] == 0
    assert content["sent"] == content["due"] == pytest.approx(6 * RPS, rel=0.1)
    assert [part["wanted_rps"] for part in content["intervals"]] == pytest.approx([RPS] * 3)
    assert all(part["sent_rps"] == pytest.approx(RPS, rel=0.25) for part in content["intervals"])
    assert 10 < content["latency_p50_ms"] < content["latency_p99_ms"] < 2_000
    # As many as the service itself has counted.
    counted = f'sum(http_requests_total{{namespace="{namespace}"}})'
    wait_until(lambda: stack.prometheus.value(counted) == content["sent"], "all to be counted")


def test_a_slow_service_does_not_slow_the_traffic_down(
    stack: Stack, namespace: str, steady: Path
) -> None:
    shape = ServiceShape(workers=1, service_time_s=0.2, timeout_s=60.0)
    web = stack.create_deployment(namespace, "web", replicas=1, shape=shape)
    stack.wait_ready(namespace, "web", 1)
    process = start(steady, web.url, "--timeout", "1")
    # One pod serves 5 rps. Whoever waited for its answers would never send so many so fast.
    wait_until(lambda: web.service.queue_requests >= 1.5 * RPS, "requests to pile up")
    process.send_signal(signal.SIGINT)
    content = answer(process, 130)
    assert content["failed"] > 0
    assert content["sent"] == content["due"]
    assert content["sent"] / content["duration_s"] == pytest.approx(RPS, rel=0.35)
    assert content["sent"] == pytest.approx(content["wanted"], rel=0.35)
