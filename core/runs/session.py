"""An inference session: the control loop at the pace of a clock, under command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from core.clock import Clock
from core.errors import InputError
from core.runs.commands import ExitRule
from core.runs.desk import CommandDesk
from core.runs.loop import ControlLoop
from core.runs.pacing import Pacer
from core.runs.records import EventKind, RunState
from core.runs.rows import StatusRow
from core.runs.store import RunWriter
from core.state import Actor, ControlMode

if TYPE_CHECKING:
    from core.runs.branch import Past

POLL_S: Final = 0.02
"""How often a session that waits looks for commands."""
LIVE_POLL_S: Final = 0.1
"""The same on a real cluster, where a session waits for days."""
BUSY_POLL_S: Final = 0.05
"""How often a session that runs as fast as it can looks for commands."""
_SPEED_WINDOW_S: Final = 1.0
_PROGRESS_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an execution is, for a progress bar."""

    done: int
    total: int
    """In decisions; 0 if there is no end."""
    steps_per_s: float | None
    degraded: str = ""
    """Why decisions are degraded, in words; empty if they are not."""


class StopFlag:
    """Set from a signal handler or by a command; looked at by sessions between turns."""

    def __init__(self) -> None:
        self.reason = ""
        """Why the run should end; empty while it should not."""

    def request(self, reason: str) -> None:
        """Ask for an orderly end; the first reason counts."""
        self.reason = self.reason or reason


class InferenceSession:
    """Runs a control loop until the scenario ends or somebody stops it.

    Args:
        loop: Not yet started.
        writer: Store of the run.
        clock: Paces decisions and commands.
        status: As it stands when the session starts (speed, paused).
        total_steps: Decisions until the scenario ends, for progress.
        stop: Ends the session when set.
        on_progress: Called some times per second.
        real_time: Whether the cluster has a pace of its own, so that the speed is fixed.
        turned: Told after each turn how the run stands; says what else is to be written of it.
    """

    def __init__(
        self,
        loop: ControlLoop,
        writer: RunWriter,
        clock: Clock,
        status: StatusRow,
        total_steps: int,
        stop: StopFlag,
        on_progress: Callable[[Progress], None] | None = None,
        *,
        real_time: bool = False,
        turned: Callable[[StatusRow], StatusRow] | None = None,
    ) -> None:
        self._turned = turned
        self._real_time = real_time
        self._loop = loop
        self._writer = writer
        self._clock = clock
        self._status = status
        self._total_steps = total_steps
        self._stop = stop
        self._on_progress = on_progress
        now = clock.monotonic()
        self._pacer = Pacer(loop.facts.interval_s, status.speed, status.paused, now)
        self._desk = CommandDesk(writer, self)
        self._served_at = now
        self._told_at = now
        self._speed_mark = (now, 0)

    def run(self, seed: int, past: Past | None = None, confirmation: str = "") -> StatusRow:
        """Run to the end; returns the last status, finished or stopped, which is not yet written.

        Args:
            seed: For the cluster's randomness.
            past: Of a branch, which repeats it first.
            confirmation: See `ControlLoop.start`.

        Raises:
            RlscaleError: A real cluster cannot be observed, or control of it not be taken.
        """
        if past is None:
            self._loop.start(seed, confirmation)
        else:
            past.repeat(self._loop, seed, self._writer, self._stop)
        self._report()
        self._writer.flush()
        self._pacer.turn_taken(self._clock.monotonic())
        while not (self._loop.finished or self._stop.reason):
            now = self._clock.monotonic()
            due_s = self._pacer.due_in(now)
            if due_s <= 0:
                self._turn()
                if self._clock.monotonic() - self._served_at < BUSY_POLL_S:
                    continue
            else:
                self._clock.wait(min(due_s, LIVE_POLL_S if self._real_time else POLL_S))
                if self._pacer.paused and self._loop.pass_time():
                    self._report()
                self._writer.flush_if_due()
            self._serve()
        self._tell()
        state = RunState.FINISHED if self._loop.finished else RunState.STOPPED
        return replace(self._status, state=state, message=self._stop.reason, paused=False)

    def _serve(self) -> None:
        self._served_at = self._clock.monotonic()
        self._desk.serve()
        if self._served_at - self._told_at >= _PROGRESS_S:
            self._tell()

    def _tell(self) -> None:
        self._told_at = self._clock.monotonic()
        if self._on_progress is not None:
            self._on_progress(
                Progress(
                    self._status.step,
                    self._total_steps,
                    self._status.steps_per_s,
                    self._status.degraded,
                )
            )

    def _turn(self) -> None:
        self._loop.turn()
        now = self._clock.monotonic()
        self._pacer.turn_taken(now)
        marked_at, marked_step = self._speed_mark
        step = self._loop.last.index
        if now - marked_at >= _SPEED_WINDOW_S:
            steps_per_s = (step - marked_step) / (now - marked_at)
            self._status = replace(self._status, steps_per_s=steps_per_s)
            self._speed_mark = (now, step)
        if self._turned is not None:
            self._status = self._turned(self._status)
        self._report()

    def _report(self) -> None:
        control, last = self._loop.control, self._loop.last
        self._status = replace(
            self._status,
            state=RunState.RUNNING,
            message=self._loop.held_because,
            mode=control.mode,
            former_mode=control.former_mode,
            override_target=control.override_target,
            override_ends_s=control.override_ends_s,
            speed=self._pacer.speed,
            paused=self._pacer.paused,
            degraded=self._loop.degraded,
            time_s=last.state.time_s,
            step=last.index,
        )
        self._writer.set_status(self._status)

    def _event(self, message: str) -> None:
        last = self._loop.last
        self._writer.add_event(
            EventKind.PACE,
            Actor.OPERATOR,
            message,
            time_s=last.state.time_s,
            step=last.index,
        )

    # -- commands, see `Controls` -------------------------------------------------------------

    def pause(self) -> str:
        """Stop before the next decision."""
        if self._pacer.paused:
            return "already paused"
        self._pacer.pause(self._clock.monotonic())
        self._event("paused")
        self._report()
        return "paused"

    def resume(self) -> str:
        """Go on."""
        if not self._pacer.paused:
            return "already running"
        self._pacer.resume(self._clock.monotonic())
        self._event("resumed")
        self._report()
        return "resumed"

    def step_once(self) -> str:
        """Take one decision and stay paused.

        Raises:
            InputError: The scenario has ended.
        """
        if self._loop.finished:
            raise InputError("expected another decision to take, found the end of the scenario.")
        self.pause()
        self._turn()
        return f"step {self._loop.last.index}"

    def set_speed(self, speed: float | None) -> str:
        """Change the speed; None: as fast as possible.

        Raises:
            InputError: A real cluster lives in real time.
        """
        if self._real_time:
            raise InputError("expected a simulation for another speed, found a real cluster.")
        self._pacer.set_speed(speed, self._clock.monotonic())
        words = "speed max" if speed is None else f"speed {speed:g}×"
        self._event(words)
        self._report()
        return words

    def set_mode(self, mode: ControlMode, confirmation: str = "") -> str:
        """Change the control mode."""
        words = self._loop.set_mode(mode, confirmation)
        self._report()
        return words

    def override(self, replicas: int, ttl_s: float | None, confirmation: str = "") -> str:
        """Pin replicas at once."""
        words = self._loop.override(replicas, ttl_s, confirmation)
        self._report()
        return words

    def release(self) -> str:
        """End the override."""
        words = self._loop.release()
        self._report()
        return words

    def stop(self, reason: str, rule: ExitRule | None = None) -> str:
        """End the session after this command.

        Raises:
            InputError: Replicas are to be restored that are not under control.
        """
        if rule is not None:
            self._loop.choose_exit(rule is ExitRule.RESTORE)
        self._stop.request(reason)
        return "stopping"
