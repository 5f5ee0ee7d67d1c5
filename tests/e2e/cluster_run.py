"""A run of a real engine on the tests' cluster, as a console sees it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from core.runs import launch
from core.runs.commands import Command, CommandSender
from core.runs.config import InferenceConfig
from core.runs.reader import RunReader
from core.runs.records import Event, EventKind, RunStatus
from core.state import Step
from tests.stack.waiting import wait_until

_LOG_TAIL = 2_000


class ClusterRun:
    """One engine, started detached, with its run file read and its commands sent."""

    def __init__(self, config: InferenceConfig) -> None:
        """Start the engine."""
        self.directory: Path = launch.launch(config)
        self.reader = RunReader(self.directory)
        self._sender = CommandSender(self.directory)

    @property
    def status(self) -> RunStatus:
        """How it stands."""
        return self.reader.status()

    def order(self, command: Command) -> str:
        """Give an order; the engine's answer.

        Raises:
            AssertionError: It was refused.
        """
        answer = self._sender.send(command, timeout_s=10.0)
        assert answer.ok, answer.message
        return answer.message

    def wait(self, condition: Callable[[], object], what: str, timeout_s: float = 40.0) -> None:
        """Wait until `condition` holds.

        Raises:
            AssertionError: It did not in time, or the run has ended meanwhile; with its log.
        """

        def holds() -> bool:
            if not self.status.state.is_live:
                raise TimeoutError(f"the run ended: {self.status.message}")
            return bool(condition())

        try:
            wait_until(holds, what, timeout_s)
        except TimeoutError as error:
            log = (self.directory / launch.LOG_NAME).read_text()[-_LOG_TAIL:]
            raise AssertionError(f"{error}\nengine.log: {log}\n{self.story()}") from error

    def steps(self, since: int = 0) -> list[Step]:
        """All steps from number `since` on."""
        return self.reader.steps(since, self.reader.last_step())

    def wait_step(
        self, condition: Callable[[Step], bool], what: str, timeout_s: float = 40.0
    ) -> None:
        """Wait until `condition` holds for the newest step; see `wait`."""

        def holds() -> bool:
            newest = self.steps(self.reader.last_step()) if self.reader.last_step() >= 0 else []
            return bool(newest and condition(newest[-1]))

        self.wait(holds, what, timeout_s)

    def wait_steps(self, count: int) -> list[Step]:
        """Wait for so many more decisions; those."""
        first = self.reader.last_step() + 1
        self.wait(
            lambda: self.reader.last_step() >= first + count - 1,
            f"{count} decisions",
            timeout_s=10.0 + 3.0 * count,
        )
        return self.steps(first)

    def events(self, *kinds: EventKind) -> list[Event]:
        """Its event log, of these kinds."""
        return [event for event in self.reader.events_after(0) if event.kind in kinds]

    def story(self) -> str:
        """What has happened, for where an assertion fails."""
        lines = [f"{e.step} {e.kind} {e.actor}: {e.message}" for e in self.reader.last_events(40)]
        for step in self.steps(max(0, self.reader.last_step() - 25)):
            state = step.state
            lines.append(
                f"{step.index} {step.mode} {step.actor} rps={state.rps} p95={state.latency_p95_ms} "
                f"slo={state.slo_violation_ratio} ready={state.replicas_ready} "
                f"desired={state.replicas_desired} age={state.metrics_age_s:.1f} "
                f"wants={step.decision.target} target={step.target} {step.guardrail}"
            )
        return "\n".join(lines)

    def end(self) -> RunStatus:
        """Stop it in good order; how it ended."""
        self.order(Command.stop())
        self.engine.wait(15.0)
        return self.status

    @property
    def engine(self) -> subprocess.Popen[bytes]:
        """Its process."""
        for child in reversed(launch._children):
            if isinstance(child.args, list) and child.args[-1] == str(self.directory.resolve()):
                return child
        raise AssertionError(f"no engine was started on {self.directory}")

    def close(self) -> None:
        """Leave no engine behind."""
        if self.engine.poll() is None:
            self.engine.kill()
        self.engine.wait(10.0)
        self._sender.close()
        self.reader.close()
