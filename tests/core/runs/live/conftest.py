"""Runs on the tests' cluster, in a thread of this process or as engines of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.cluster.kubernetes.settings import KubernetesSettings, MetricsSettings
from core.errors import RlscaleError
from core.locations import runs_directory
from core.runs.commands import Command, CommandSender
from core.runs.config import EnvironmentKind, InferenceConfig
from core.runs.creation import create_run
from core.runs.execution import execute
from core.runs.reader import RunReader
from core.runs.session import StopFlag
from core.state import ControlMode
from core.traffic.scenario import GuardrailSettings
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until

INTERVAL_S = 0.25

FREE = GuardrailSettings(stale_after_intervals=100_000, fallback_after_intervals=100_000)
"""Without Prometheus everything is stale; these tests are about writing."""


@dataclass
class LiveRun:
    """One run, and ways to look at it and to command it."""

    directory: Path
    stop: StopFlag = field(default_factory=StopFlag)
    thread: threading.Thread | None = None
    error: RlscaleError | None = None

    def start(self) -> LiveRun:
        def carry_out() -> None:
            try:
                execute(self.directory, SystemClock(), stop=self.stop)
            except RlscaleError as error:
                self.error = error

        self.thread = threading.Thread(target=carry_out, name="run")
        self.thread.start()
        return self

    def end(self, reason: str = "the test is over") -> None:
        self.stop.request(reason)
        if self.thread is not None:
            self.thread.join(15.0)
            assert not self.thread.is_alive()

    def read(self) -> RunReader:
        return RunReader(self.directory)

    def status(self) -> Any:
        reader = self.read()
        try:
            return reader.status()
        finally:
            reader.close()

    def wait(self, condition: Callable[[Any], object], what: str, timeout_s: float = 30.0) -> None:
        """Wait until `condition` holds of the status."""
        wait_until(lambda: condition(self.status()), what, timeout_s)

    def wait_steps(self, more: int) -> None:
        wanted = self.status().step + more
        self.wait(lambda status: status.step >= wanted, f"{more} more decisions")

    def events(self, *kinds: str) -> list[str]:
        reader = self.read()
        try:
            found = reader.last_events(1000)
        finally:
            reader.close()
        return [event.message for event in found if not kinds or event.kind in kinds]

    def scalings(self) -> list[tuple[str, int, int, bool | None]]:
        reader = self.read()
        try:
            rows = reader.scalings_after(0)
        finally:
            reader.close()
        return [(row.actor.value, row.replicas_before, row.target, row.accepted) for row in rows]

    def send(self, command: Command) -> str:
        """The answer; a refusal begins with `refused: `."""
        sender = CommandSender(self.directory)
        try:
            answer = sender.send(command, timeout_s=10.0)
        finally:
            sender.close()
        return answer.message if answer.ok else f"refused: {answer.message}"


LiveRunOf = Callable[..., LiveRun]


def settings_of(stack: Stack, namespace: str, user: str, context: str, **changes: Any) -> Any:
    """Settings for the Deployment `web`; no Prometheus unless given."""
    values: dict[str, Any] = {
        "kubeconfig": stack.kubeconfig(user),
        "context": context,
        "namespace": namespace,
        "deployment": "web",
        "interval_s": INTERVAL_S,
        "pod_capacity_rps": 20.0,
        "slo_ms": 500.0,
        "min_replicas": 1,
        "max_replicas": 8,
        "startup_median_s": 1.0,
        "guardrails": FREE,
        "request_timeout_s": 1.0,
        "metrics": MetricsSettings(prometheus_url=stack.prometheus_url, window_s=5),
        **changes,
    }
    return KubernetesSettings(**values)


@pytest.fixture
def live_run(stack: Stack, namespace: str) -> Iterator[LiveRunOf]:
    """Makes runs on the Deployment `web`; ends whatever a test leaves running."""
    made: list[LiveRun] = []

    def make(
        policy: str = "static:3",
        mode: ControlMode = ControlMode.SHADOW,
        *,
        write: bool | None = None,
        user: str = "admin",
        context: str = "direct",
        begin: bool = True,
        **changes: Any,
    ) -> LiveRun:
        writing = mode in (ControlMode.AUTO, ControlMode.MANUAL)
        config = InferenceConfig(
            environment=EnvironmentKind.KUBERNETES,
            kubernetes=settings_of(stack, namespace, user, context, **changes),
            policy=policy,
            scenario="",
            speed=1.0,
            mode=mode,
            write=writing if write is None else write,
            confirmation=f"{context}/{namespace}/web" if writing else "",
        )
        run = LiveRun(create_run(config, home=runs_directory()))
        made.append(run)
        return run.start() if begin else run

    yield make
    for run in made:
        run.end()
