"""Playing a moment forward, many times at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.agents.deciders import Decider
from core.debug.deciders import many
from core.debug.repeating import repeated
from core.envs.history_part import history_part
from core.envs.observation import build_observation
from core.envs.reward import WeightsBatch, rewards
from core.traffic.scenario import MetricsGapFault

if TYPE_CHECKING:
    from core.agents.policy import Policy
    from core.cluster.simulator import SimulatorBatch
    from core.debug.moment import Moment

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Course:
    """One way to go on from a moment."""

    policy: Policy
    """Who decides, with its memory of what was before the moment."""
    first: int | None = None
    """Replicas wanted at the moment itself; None leaves that to the policy too."""


@dataclass(frozen=True, slots=True, eq=False)
class Futures:
    """What came of some courses, each lived through once per sample.

    The k-th sample of every course met the same arrivals and start-up times.
    """

    time_s: Floats
    """Ends of the intervals that were lived through, shape (steps,)."""
    granted: Integers
    """What was asked for at the moment, after the guardrails, shape (courses,)."""
    latency_p95_ms: Floats
    """Shape (courses, samples, steps); NaN where nothing was measured."""
    violation_ratio: Floats
    """As measured, likewise."""
    replicas_ready: Floats
    replicas_desired: Floats
    reward: Floats
    requests: Floats
    """Exact, over the whole horizon, shape (courses, samples)."""
    violations: Floats
    pod_seconds: Floats


def play(
    moment: Moment, courses: Sequence[Course], steps: int, seeds: Sequence[int] | None
) -> Futures:
    """Live through the next `steps` intervals under every course.

    The policies are in control, whoever was in the recorded run; guardrails and the reactive
    baseline act as ever, and so do the faults of the scenario.

    Args:
        moment: Where they begin; stays as it is.
        courses: At least one.
        steps: How many intervals; at most what is left of the scenario.
        seeds: One per sample, from which arrivals and start-up times are drawn anew; None lets
            the one sample meet what the recorded run met.
    """
    samples = 1 if seeds is None else len(seeds)
    size = len(courses) * samples
    clusters = _Clusters(moment, size, _fork(moment, len(courses), steps, seeds), steps)
    parts = [slice(place * samples, (place + 1) * samples) for place in range(len(courses))]
    groups = _by_policy(moment, courses, parts, samples)
    states, taken = [], []
    granted = np.zeros(0, dtype=np.int64)
    for turn in range(steps):
        observations = build_observation(clusters.history)
        wanted = np.zeros(size, dtype=np.int64)
        for decider, columns in groups:
            part = history_part(clusters.history, columns)
            wanted[columns] = decider.targets(part, observations[columns])
        if turn == 0:
            for course, columns in zip(courses, parts, strict=True):
                if course.first is not None:
                    wanted[columns] = course.first
        ruled = clusters.step(wanted)
        granted = ruled[::samples] if turn == 0 else granted
        states.append(clusters.history.state)
        taken.append(clusters.rewards())

    def curves(values: list[Floats]) -> Floats:
        return np.stack(values, axis=-1).reshape(len(courses), samples, steps)

    requests, violations, pod_seconds = clusters.counted().reshape(3, len(courses), samples)
    return Futures(
        time_s=np.array([float(state.time_s[0]) for state in states]),
        granted=granted,
        latency_p95_ms=curves([state.latency_p95_ms for state in states]),
        violation_ratio=curves([state.slo_violation_ratio for state in states]),
        replicas_ready=curves([state.replicas_ready for state in states]),
        replicas_desired=curves([state.replicas_desired for state in states]),
        reward=curves(taken),
        requests=requests,
        violations=violations,
        pod_seconds=pod_seconds,
    )


def _fork(moment: Moment, courses: int, steps: int, seeds: Sequence[int] | None) -> SimulatorBatch:
    if seeds is None:
        return moment.simulator.fork(0, courses)
    # A pod that starts at the end of the horizon draws from its own list, not from arrivals.
    ticks = steps * moment.scenario.interval_s
    return moment.simulator.fork(0, courses * len(seeds), list(seeds) * courses, ticks)


def _by_policy(
    moment: Moment, courses: Sequence[Course], parts: Sequence[slice], samples: int
) -> list[tuple[Decider, slice]]:
    """One decider for each stretch of courses that the same policy goes on with."""
    facts, recent = moment.situation.facts, moment.recent
    groups: list[tuple[Decider, slice]] = []
    begin = 0
    for place in range(1, len(courses) + 1):
        if place == len(courses) or courses[place].policy is not courses[begin].policy:
            columns = slice(parts[begin].start, parts[place - 1].stop)
            size = (place - begin) * samples
            groups.append((many(courses[begin].policy, size, facts, recent), columns))
            begin = place
    return groups


class _Clusters:
    """Simulated clusters with the same past, their guardrails, and what they earn."""

    def __init__(self, moment: Moment, size: int, simulator: SimulatorBatch, steps: int) -> None:
        self.history = repeated(moment.history, size)
        self._simulator = simulator
        self._guardrails = repeated(moment.guardrails, size)
        self._weights = WeightsBatch.from_weights([moment.scenario.reward] * size)
        self._standby: Decider | None = None
        if _metrics_may_be_old(moment, steps):
            facts = moment.situation.facts
            self._standby = many(moment.fallback, size, facts, moment.recent)
        self._shift_s = moment.shift_s
        self._before = self._counters()

    def step(self, wanted: Integers) -> Integers:
        """Let one interval pass; returns what was asked for, shape (n,)."""
        states = self.history.state
        old = None
        if self._standby is not None:
            old = self._guardrails.needs_fallback(states)
            standby = self._standby.targets(self.history, build_observation(self.history))
            wanted = np.where(old, standby, wanted)
        targets = self._guardrails.rule(wanted, states, old).targets
        self._simulator.scale(targets)
        passed = self._simulator.advance()
        if self._shift_s:
            passed = replace(passed, time_s=passed.time_s + self._shift_s)
        self.history.push(passed)
        return targets

    def rewards(self) -> Floats:
        """Of the interval that has passed, shape (n,)."""
        return rewards(self.history, self._weights).total

    def counted(self) -> Floats:
        """Requests, violations and pod seconds since the moment, shape (3, n)."""
        return self._counters() - self._before

    def _counters(self) -> Floats:
        totals = [self._simulator.totals(index) for index in range(self._simulator.size)]
        rows = [[one.arrived_requests, one.violations, one.pod_seconds] for one in totals]
        return np.array(rows, dtype=np.float64).T


def _metrics_may_be_old(moment: Moment, steps: int) -> bool:
    """Whether the reactive baseline could be needed before the horizon ends."""
    scenario, now_s = moment.scenario, moment.step.state.time_s - moment.shift_s
    end_s = now_s + steps * scenario.interval_s
    return scenario.metrics.delay_s >= scenario.interval_s or any(
        isinstance(fault, MetricsGapFault)
        and fault.at_s < end_s
        and now_s <= fault.at_s + fault.duration_s + scenario.metrics.delay_s
        for fault in scenario.faults
    )
