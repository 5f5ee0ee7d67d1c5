"""What a policy in SHADOW would have done, and what it would have cost, against what happened.

Both schedules of replicas, the real one and the advised one, are played in the twin on the
recorded traffic, with the same chance, so that they are compared alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InputError, RunError
from core.runs.columns import Steps
from core.runs.guardrails import guardrails_of
from core.runs.reader import RunReader
from core.runs.records import RunInfo, RunKind
from core.state import ControlMode
from core.summary import score
from core.traffic.scenario import Scenario
from core.twin.double import Schedule, play_schedules
from core.twin.recording import Floats

_LEAST_STEPS = 4
_FAR_APART = 0.02
"""Shares of violations that differ by less tell nothing of a twin."""
_ADVICE = "Start one with `run --mode shadow`, or with `run --env k8s`, which shadows by itself."
_MOMENTS = 5
_APART = 20
"""Moments that are shown are so many intervals apart."""
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two schedules."""

    pod_hours: float
    churn: float
    """Sum of |change of desired replicas|."""
    slo_violation_ratio: float | None
    """Expected, in the twin; None without one."""
    latency_p95_ms: float | None
    """Likewise."""
    score: float | None
    """pod_hours / needed_pod_hours + 30 * slo_violation_ratio, in the twin; lower is better."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A decision at which the policy wanted something quite different."""

    step: int
    time_s: float
    """Since the start of the run."""
    wall_time: float
    rps: float | None
    actual: int
    advised: int
    latency_p95_ms: float | None
    reason: str
    """Why the policy wanted it, in words."""


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """A shadow run in figures."""

    run: str
    target: str
    """What was shadowed."""
    policy: str
    twin: str
    """Name of the scenario both were played in; empty if there was none."""
    steps: int
    hours: float
    begin_time_s: float
    """Of the run."""
    begin_wall_time: float
    simulated: bool
    """Whether the simulator was shadowed, whose wall time says nothing about the traffic."""
    shadowed: float
    """Share of the decisions that were advice only."""
    measured_violation_ratio: float | None
    """What was really measured."""
    actual: Side
    advised: Side
    agreement: float
    """Share of the decisions at which the advice was what was there."""
    moments: tuple[Moment, ...]
    """Where the two differed most, in order of time."""
    notes: tuple[str, ...]
    """What limits these figures, one line each."""

    @property
    def saved_pod_hours(self) -> float:
        """By how much the advice is cheaper; below 0 if it is dearer."""
        return self.actual.pod_hours - self.advised.pod_hours


def shadow_report(reader: RunReader, twin: Scenario | None = None) -> ShadowReport:
    """Judge a run in SHADOW.

    Args:
        reader: Of the run.
        twin: The service as fitted; by default the run's own scenario.

    Raises:
        InputError: The run is a training, or never in SHADOW.
        RunError: The run is too short, or nothing was measured.
    """
    info = reader.info()
    steps = _steps(reader)
    _require(info, steps)
    assert info.facts is not None
    notes: list[str] = []
    if twin is None:
        twin = _own_twin(reader, notes)
    rps = _bridged(steps.rps, notes)
    schedule = Schedule(
        time_s=steps.time_s,
        rps=rps,
        desired=steps.replicas_desired,
        wanted=steps.policy_target,
    )
    measured = _measured_violations(steps)
    hours = float(steps.time_s[-1] - steps.time_s[0]) / 3600.0
    needed = _mean(rps) * hours / info.facts.pod_capacity_rps
    if twin is None:
        actual = _counted(steps, steps.replicas_desired)
        advised = _counted(
            steps, np.clip(steps.policy_target, info.facts.min_replicas, info.facts.max_replicas)
        )
        wanted = steps.policy_target
    else:
        if twin.fit is None and info.target:
            notes.append(
                f"The twin {twin.name} was never fitted to the service: its violations are those "
                "of the model in it."
            )
        elif twin.fit is not None:
            notes.extend(twin.fit.warnings)
        played = play_schedules(schedule, twin, info.facts, guardrails_of(reader))
        actual, advised = (
            Side(
                one.pod_hours,
                one.churn,
                one.slo_violation_ratio,
                one.latency_p95_ms,
                score(one.pod_hours, needed, one.slo_violation_ratio),
            )
            for one in (played.actual, played.advised)
        )
        wanted = played.advised_at(steps.time_s)
        notes.extend(_beside_the_point(actual.slo_violation_ratio, measured))
    shadowed = float(np.mean([mode is not ControlMode.AUTO for mode in steps.mode]))
    if shadowed < 1.0:
        notes.append(
            f"The policy itself was in control of {100 * (1 - shadowed):.0f} % of the decisions."
        )
    return ShadowReport(
        run=info.run_id,
        target=info.target or info.scenario,
        policy=info.policy,
        twin="" if twin is None else twin.name,
        steps=len(steps),
        hours=hours,
        begin_time_s=float(steps.time_s[0]),
        begin_wall_time=float(steps.wall_time[0]),
        simulated=info.environment == "sim",
        shadowed=shadowed,
        measured_violation_ratio=measured,
        actual=actual,
        advised=advised,
        agreement=float(np.mean(wanted == steps.replicas_desired)),
        moments=_moments(steps, wanted),
        notes=tuple(notes),
    )


def _beside_the_point(in_twin: float | None, measured: float | None) -> list[str]:
    """Whether the twin makes of what happened something else than was measured, in words."""
    if in_twin is None or measured is None:
        return []
    apart, larger = abs(in_twin - measured), max(in_twin, measured)
    if apart < _FAR_APART or apart < 0.5 * larger:
        return []
    return [
        f"In the twin {100 * in_twin:.2f} % of the requests would have broken the SLO with what "
        f"happened, {100 * measured:.2f} % did: it does not hold for this time, whatever it says "
        "of the advice."
    ]


def _steps(reader: RunReader) -> Steps:
    parts = [reader.steps_after(after, _CHUNK) for after in range(-1, reader.last_step(), _CHUNK)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return reader.steps_after(-1, 1)
    joined: dict[str, Any] = {}
    for name in Steps.__slots__:
        values = [getattr(part, name) for part in parts]
        whole = isinstance(values[0], tuple)
        joined[name] = sum(values, ()) if whole else np.concatenate(values)
    return Steps(**joined)


def _require(info: RunInfo, steps: Steps) -> None:
    if info.kind is not RunKind.INFERENCE:
        raise InputError(f"expected a run in SHADOW, found the training {info.run_id}.", _ADVICE)
    if len(steps) < _LEAST_STEPS or info.facts is None:
        raise RunError(
            f"expected a run of at least {_LEAST_STEPS} decisions, found {len(steps)} in "
            f"{info.run_id}.",
            "Let it run for longer.",
        )
    if not any(mode is ControlMode.SHADOW for mode in steps.mode):
        raise InputError(f"expected decisions in SHADOW, found none in {info.run_id}.", _ADVICE)
    if not np.isfinite(steps.rps).any():
        raise RunError(f"expected a measured request rate, found none in {info.run_id}.")


def _own_twin(reader: RunReader, notes: list[str]) -> Scenario | None:
    if reader.meta("scenario") is None:
        notes.append(
            "The run has no twin of the service, so violations are not known; give one with "
            "--scenario."
        )
        return None
    return reader.scenario()


def _bridged(rps: Floats, notes: list[str]) -> Floats:
    known = np.isfinite(rps)
    missing = int((~known).sum())
    if missing:
        notes.append(
            f"The request rate of {missing} of {len(rps)} decisions was not measured; straight "
            "lines stand for it."
        )
    index = np.arange(len(rps), dtype=np.float64)
    bridged: Floats = np.interp(index, index[known], rps[known])
    return bridged


def _counted(steps: Steps, replicas: Floats) -> Side:
    """Without a twin: replicas over time alone."""
    lengths_s = np.diff(steps.time_s)
    return Side(
        pod_hours=float((replicas[:-1] * lengths_s).sum()) / 3600.0,
        churn=float(np.abs(np.diff(replicas)).sum()),
        slo_violation_ratio=None,
        latency_p95_ms=None,
        score=None,
    )


def _measured_violations(steps: Steps) -> float | None:
    known = np.isfinite(steps.rps) & np.isfinite(steps.slo_violation_ratio)
    requests = float(steps.rps[known].sum())
    if requests <= 0:
        return None
    return float((steps.rps[known] * steps.slo_violation_ratio[known]).sum()) / requests


def _moments(steps: Steps, wanted: Floats) -> tuple[Moment, ...]:
    """The largest differences, relative to what was there, each `_APART` from the others."""
    off = np.abs(np.log(np.maximum(wanted, 1.0) / np.maximum(steps.replicas_desired, 1.0)))
    picked: list[int] = []
    for index in np.argsort(-off, kind="stable").tolist():
        if off[index] <= 0 or len(picked) == _MOMENTS:
            break
        if all(abs(index - other) >= _APART for other in picked):
            picked.append(index)
    return tuple(
        Moment(
            step=int(steps.step[index]),
            time_s=float(steps.time_s[index]),
            wall_time=float(steps.wall_time[index]),
            rps=_known(steps.rps[index]),
            actual=int(steps.replicas_desired[index]),
            advised=int(wanted[index]),
            latency_p95_ms=_known(steps.latency_p95_ms[index]),
            reason=steps.policy_reason[index],
        )
        for index in sorted(picked)
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _mean(values: Floats) -> float:
    return float(values.mean())
