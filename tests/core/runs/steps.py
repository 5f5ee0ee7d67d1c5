"""Synthetic steps: waves with a crowd in the middle, under every mode and every actor."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.runs.records import RunTotals
from core.runs.rows import StepRecord
from core.state import (
    Actor,
    ClusterState,
    ControlMode,
    Decision,
    RewardComponents,
    Step,
    ValuesKind,
)

CAPACITY_RPS: Final = 57.0
INTERVAL_S: Final = 15.0
ACTIONS: Final = tuple(
    f"{window} x {factor}"
    for window in ("15 s", "1 min", "3 min", "10 min")
    for factor in (1.05, 1.2, 1.4, 1.6, 1.9, 2.3, 2.8)
)
FEATURES: Final = tuple(f"feature_{number}" for number in range(24))
FIRST_WALL_TIME: Final = 1_800_000_000.0


def records(count: int, rng: np.random.Generator, last_mode: ControlMode) -> list[StepRecord]:
    """The first `count` steps of a run.

    Args:
        count: How many.
        rng: Source of the noise.
        last_mode: Control mode at the end (before it, all modes occur).
    """
    if count == 0:
        return []
    time_s = np.arange(count) * INTERVAL_S
    rps = 400 + 250 * np.sin(time_s / 900) + rng.normal(0, 15, count)
    rps[count // 2 : count // 2 + 12] *= 2.5
    wanted = np.clip(np.ceil(rps / CAPACITY_RPS * 1.4), 2, 60).astype(int)
    ready = np.concatenate([wanted[:1], wanted[:1], wanted[:-2]])[:count]
    load = rps / (ready * CAPACITY_RPS)
    p95 = 105 + 900 * np.clip(load - 0.8, 0, None)
    values = rng.dirichlet(np.ones(len(ACTIONS)), size=min(count, 512))
    observations = rng.random((min(count, 512), len(FEATURES)))
    found: list[StepRecord] = []
    totals = RunTotals()
    desired = int(wanted[0])
    for index in range(count):
        before, desired = desired, int(wanted[max(0, index - 1)])
        mode, actor, target = _control(index, count, desired, int(wanted[index]), last_mode)
        violations = float(np.clip(load[index] - 0.85, 0.0008, 1))
        state = ClusterState(
            time_s=float(time_s[index]),
            rps=float(rps[index]),
            latency_p50_ms=None if index % 97 == 5 else float(p95[index] / 3),
            latency_p95_ms=None if index % 97 == 5 else float(p95[index]),
            latency_p99_ms=None if index % 97 == 5 else float(p95[index] * 1.6),
            slo_violation_ratio=violations,
            error_ratio=violations / 10,
            cpu_utilization=float(load[index]),
            memory_utilization=0.4,
            queue_requests=float(max(0.0, load[index] - 1) * 100),
            replicas_desired=desired,
            replicas_ready=int(ready[index]),
            replicas_starting=max(0, desired - int(ready[index])),
            nodes=4,
            metrics_age_s=5.0,
        )
        requests = float(rps[index]) * INTERVAL_S
        reward = RewardComponents(-30 * violations, -float(ready[index]) / 60, 0.0, 0.0)
        totals = RunTotals(
            requests=totals.requests + requests,
            violations=totals.violations + requests * violations,
            errors=totals.errors + requests * violations / 10,
            pod_seconds=totals.pod_seconds + int(ready[index]) * INTERVAL_S,
            churn=totals.churn + abs(desired - before),
            reward=totals.reward + reward.total,
        )
        step = Step(
            index=index,
            wall_time=FIRST_WALL_TIME + index * 1.5,
            state=state,
            mode=mode,
            actor=actor,
            decision=Decision(
                target=int(wanted[index]),
                change=int(wanted[index]) - desired,
                reason=f"cover the 3-minute peak of {rps[index]:.0f} rps with 1.4x",
                action=index % len(ACTIONS),
                action_values=tuple(values[index % 512].tolist()),
                values_kind=ValuesKind.PROBABILITIES,
                value=-3.5,
            ),
            target=target,
            guardrail="scale-down vetoed while the SLO is violated"
            if actor is Actor.GUARDRAIL
            else "",
            reward=reward,
            observation=tuple(observations[index % 512].tolist()),
        )
        found.append(StepRecord(step, int(ready[index]) * CAPACITY_RPS, totals))
    return found


def _control(
    index: int, count: int, desired: int, wanted: int, last_mode: ControlMode
) -> tuple[ControlMode, Actor, int]:
    if index == count - 1 and last_mode is not ControlMode.AUTO:
        actor = Actor.OPERATOR if last_mode is ControlMode.MANUAL else Actor.NOBODY
        return last_mode, actor, desired
    if index % 50 in (30, 31, 32):
        return ControlMode.MANUAL, Actor.OPERATOR, 12
    if index % 50 == 40:
        return ControlMode.SHADOW, Actor.NOBODY, desired
    if index % 50 == 45:
        return ControlMode.HOLD, Actor.NOBODY, desired
    if index % 50 == 20:
        return ControlMode.AUTO, Actor.GUARDRAIL, desired
    return ControlMode.AUTO, Actor.POLICY, wanted
