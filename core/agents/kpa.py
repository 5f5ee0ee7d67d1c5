"""Knative's pod autoscaler (KPA): the mean of a minute, and panic when seconds say otherwise.

Source: knative/serving `pkg/autoscaler/scaling/autoscaler.go`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.agents.policy import Situation
from core.state import ClusterState, Decision, DeploymentFacts

TARGET_SHARE: Final = 0.7
"""Share of what a pod can hold that is aimed at: `target-utilization-percentage` 70 %."""


class KpaMetric(StrEnum):
    """What is observed: `autoscaling.knative.dev/metric`."""

    CONCURRENCY = "concurrency"
    RPS = "rps"


@dataclass(frozen=True, slots=True)
class KpaSettings:
    """The settings of config-autoscaler, with their defaults."""

    stable_window_s: float = 60.0
    panic_window_share: float = 0.1
    """Length of the panic window as a share of the stable one."""
    panic_threshold: float = 2.0
    """Panic when the panic window asks for this times the ready pods."""
    max_scale_up_rate: float = 1000.0
    max_scale_down_rate: float = 2.0

    @property
    def panic_window_s(self) -> float:
        """Length of the panic window."""
        return self.stable_window_s * self.panic_window_share


@dataclass(frozen=True, slots=True)
class KpaState:
    """What is remembered between decisions."""

    panic_s: float | None = None
    """When the threshold was reached last; None while not panicking."""
    most_pods: int = 0
    """Most pods wanted during this panic."""


@dataclass(frozen=True, slots=True)
class KpaResult:
    """What one decision came to, before the bounds of the revision."""

    desired: int
    stable: int
    """Pods for the stable window, within the rates."""
    panic: int
    """Pods for the panic window, within the rates."""
    is_panicking: bool


def begin(ready: int, now_s: float) -> KpaState:
    """The first state: panicking if there is more than one pod.

    A new autoscaler has seen nothing yet, so it keeps at least what is there for a while.
    """
    return KpaState(now_s if ready > 1 else None, ready)


def scale(
    settings: KpaSettings,
    state: KpaState,
    now_s: float,
    ready: int,
    stable_pods: float,
    panic_pods: float,
) -> tuple[KpaResult, KpaState]:
    """One decision, as a pure function.

    Args:
        settings: Windows and rates.
        state: What is remembered.
        now_s: Time of the decision.
        ready: Ready pods.
        stable_pods: Observed value over the stable window divided by the target of a pod.
        panic_pods: The same over the panic window.

    Returns:
        The result, and what to remember.
    """
    pods = max(ready, 1)
    highest = math.ceil(settings.max_scale_up_rate * pods)
    lowest = math.floor(pods / settings.max_scale_down_rate)
    # The threshold is compared with what the panic window asks for, not with what is allowed.
    for_stable, for_panic = math.ceil(stable_pods), math.ceil(panic_pods)
    stable = min(max(for_stable, lowest), highest)
    panic = min(max(for_panic, lowest), highest)
    if for_panic / pods >= settings.panic_threshold:
        # Every time over the threshold the window begins anew.
        state = KpaState(now_s, state.most_pods)
    elif state.panic_s is not None and state.panic_s + settings.stable_window_s < now_s:
        state = KpaState()
    if state.panic_s is None:
        return KpaResult(stable, stable, panic, False), state
    state = KpaState(state.panic_s, max(stable, panic, state.most_pods))
    return KpaResult(state.most_pods, stable, panic, True), state


class KpaPolicy:
    """A revision under the KPA with Knative's defaults.

    Args:
        metric: What is observed.
        settings: Windows and rates.
    """

    def __init__(
        self, metric: KpaMetric = KpaMetric.CONCURRENCY, settings: KpaSettings | None = None
    ) -> None:
        self._metric = metric
        self._settings = settings or KpaSettings()
        self._low = 1
        self._high = 1
        self._capacity_rps = 1.0
        self._state: KpaState | None = None
        self._seen: deque[tuple[float, float]] = deque()
        self._fastest_ms = math.inf

    @property
    def name(self) -> str:
        """See `Policy`."""
        return "kpa" if self._metric is KpaMetric.CONCURRENCY else f"kpa:{self._metric}"

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`; a baseline has no actions."""
        return ()

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`."""
        self._low, self._high = facts.min_replicas, facts.max_replicas
        self._capacity_rps = facts.pod_capacity_rps
        self._state = None
        self._seen.clear()
        self._fastest_ms = math.inf

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`."""
        state = situation.state
        current, now_s = state.replicas_desired, state.time_s
        if self._state is None:
            self._state = begin(state.replicas_ready, now_s)
        pods = self._wanted_pods(state)
        if pods is None:
            return Decision(current, 0, f"keep: no {self._metric}")
        stable_pods, panic_pods = self._windows(now_s, pods)
        found, self._state = scale(
            self._settings, self._state, now_s, state.replicas_ready, stable_pods, panic_pods
        )
        target = min(max(found.desired, self._low), self._high)
        words = f"{self._metric} of the last {self._settings.stable_window_s:g} s: {found.stable}"
        words += f", of the last {self._settings.panic_window_s:g} s: {found.panic}"
        if found.is_panicking:
            words += f"; panic, no fewer than {found.desired}"
        if target != found.desired:
            words += f", but {target} is the limit"
        return Decision(target, target - current, words)

    def _wanted_pods(self, state: ClusterState) -> float | None:
        """The observed value of the newest interval divided by the target of a pod.

        Little's law makes concurrency of rate and latency. What a pod holds when full is its
        capacity times the latency of a service that nobody waits for, of which the lowest median
        so far is taken: so neither workers nor service time need be known.
        """
        if state.rps is None:
            return None
        wanted = state.rps / (self._capacity_rps * TARGET_SHARE)
        if self._metric is KpaMetric.RPS or state.rps == 0.0:
            return wanted
        if state.latency_p50_ms is None:
            return None
        self._fastest_ms = min(self._fastest_ms, state.latency_p50_ms)
        return wanted * (state.latency_p50_ms / self._fastest_ms)

    def _windows(self, now_s: float, pods: float) -> tuple[float, float]:
        """Means over the stable and the panic window; the newest value is in both."""
        self._seen.append((now_s, pods))
        while now_s - self._seen[0][0] >= self._settings.stable_window_s:
            self._seen.popleft()
        recent = [
            one for time_s, one in self._seen if now_s - time_s < self._settings.panic_window_s
        ]
        stable = math.fsum(one for _, one in self._seen) / len(self._seen)
        return stable, math.fsum(recent) / len(recent)
