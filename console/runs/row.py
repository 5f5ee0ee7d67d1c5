"""One run as one line of a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from console.words import count, duration
from core.runs.records import RunInfo, RunKind, RunState, RunStatus
from core.summary import score
from core.times import clock

_SIGNS = {
    RunState.STARTING: "○",
    RunState.RUNNING: "●",
    RunState.PAUSED: "‖",
    RunState.FINISHED: "✓",
    RunState.STOPPED: "■",
    RunState.FAILED: "✗",
    RunState.LOST: "✗",
}
_ASCII_SIGNS = {
    RunState.STARTING: "o",
    RunState.RUNNING: "*",
    RunState.PAUSED: "=",
    RunState.FINISHED: "+",
    RunState.STOPPED: "-",
    RunState.FAILED: "!",
    RunState.LOST: "!",
}


@dataclass(frozen=True, slots=True)
class RunRow:
    """What the list says about a run, as text, and what can be done with it."""

    directory: Path
    run_id: str
    kind: RunKind
    state: RunState
    message: str
    """Why it stopped or failed; empty otherwise."""
    policy: str
    scenario: str
    seed: int
    started: str
    progress: str
    violations: str
    pod_hours: str
    churn: str
    score: str
    """Of a run so far, or of the best policy of a training; a dash before there is one."""

    readable: bool = True
    """Whether the file can be read; otherwise the message says why not."""

    @property
    def title(self) -> str:
        """Policy and scenario, or what is trained on what."""
        if self.kind is RunKind.TRAINING:
            return f"train {self.policy} on {self.scenario}"
        return f"{self.policy} on {self.scenario}"

    @property
    def is_live(self) -> bool:
        """Whether an engine works on it."""
        return self.state.is_live

    @property
    def can_resume(self) -> bool:
        """Whether a training could go on, or a policy's run be started over."""
        if self.is_live or not self.readable:
            return False
        return self.kind is RunKind.INFERENCE or self.state is not RunState.FINISHED

    @property
    def state_word(self) -> str:
        """The state in one word."""
        return self.state.value if self.readable else "broken"

    def sign(self, *, ascii_only: bool) -> str:
        """One character for the state; the word stands beside it."""
        return (_ASCII_SIGNS if ascii_only else _SIGNS)[self.state]

    def matches(self, words: str) -> bool:
        """Whether each of `words` occurs in what is said about the run."""
        text = f"{self.run_id} {self.title} {self.state_word} {self.kind} {self.started}".lower()
        return all(word in text for word in words.lower().split())


def run_row(info: RunInfo, status: RunStatus) -> RunRow:
    """Write a run as a line of the list."""
    totals, training = status.totals, status.training
    violations = totals.slo_violation_ratio
    is_training = training is not None
    return RunRow(
        directory=info.directory,
        run_id=info.run_id,
        kind=info.kind,
        state=status.state,
        message=status.message,
        policy=info.policy,
        scenario=info.scenario,
        seed=info.seed,
        started=datetime.fromtimestamp(info.created_wall_time).strftime("%d %b %H:%M"),
        progress=_progress(info, status),
        violations="-" if is_training or violations is None else f"{violations:.2%}",
        pod_hours="-" if is_training else f"{totals.pod_hours:.1f}",
        churn="-" if is_training else f"{totals.churn:.0f}",
        score=_score(info, status),
    )


def _score(info: RunInfo, status: RunStatus) -> str:
    totals, training = status.totals, status.training
    found: float | None = None
    if training is not None:
        found = training.best_score
    elif info.facts is not None:
        # The sums are at hand: what `runs show` prints needs no look at the steps.
        needed = totals.requests / info.facts.pod_capacity_rps / 3600.0
        found = score(totals.pod_hours, needed, totals.slo_violation_ratio or 0.0)
    return "-" if found is None else f"{found:.2f}"


def _progress(info: RunInfo, status: RunStatus) -> str:
    training = status.training
    if training is not None:
        share = min(training.timesteps / max(training.total_timesteps, 1), 1.0)
        return f"{share:.0%} of {count(training.total_timesteps)}"
    if info.duration_s is None:
        return clock(status.time_s)
    return f"{min(status.time_s / info.duration_s, 1):.0%} of {duration(info.duration_s)}"


def unreadable_row(directory: Path, reason: str) -> RunRow:
    """The line of a run whose file cannot be read."""
    return RunRow(
        directory=directory,
        run_id=directory.name,
        kind=RunKind.INFERENCE,
        state=RunState.FAILED,
        message=reason,
        policy="-",
        scenario="-",
        seed=0,
        started="-",
        progress="-",
        violations="-",
        pod_hours="-",
        churn="-",
        score="-",
        readable=False,
    )
