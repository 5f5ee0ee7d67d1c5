"""The Kubernetes horizontal pod autoscaler on CPU, in its essentials.

After kubernetes `pkg/controller/podautoscaler/replica_calculator.go` and `horizontal.go`.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from core.agents.policy import Situation
from core.state import Decision, DeploymentFacts

TARGET_UTILIZATION: Final = 0.70
TOLERANCE: Final = 0.10
DOWN_STABILIZATION_S: Final = 300.0


class HpaPolicy:
    """ceil(ready pods × utilisation / target), with tolerance and downscale stabilisation.

    Args:
        target: CPU utilisation of the request to aim at, above 0.
        tolerance: Ratios within 1 ± this change nothing, bounds included.
        down_stabilization_s: Scaling down goes no lower than the highest recommendation of this
            many seconds; one exactly as old as that no longer counts.
    """

    def __init__(
        self,
        target: float = TARGET_UTILIZATION,
        tolerance: float = TOLERANCE,
        down_stabilization_s: float = DOWN_STABILIZATION_S,
    ) -> None:
        self._target = target
        self._tolerance = tolerance
        self._window_s = down_stabilization_s
        self._low_replicas = 1
        self._high_replicas = 1
        self._recommendations: deque[tuple[float, int]] = deque()

    @property
    def name(self) -> str:
        """See `Policy`."""
        return "hpa" if self._target == TARGET_UTILIZATION else f"hpa:{self._target:g}"

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`; a baseline has no actions."""
        return ()

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`."""
        self._low_replicas = facts.min_replicas
        self._high_replicas = facts.max_replicas
        self._recommendations.clear()

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`."""
        state = situation.state
        current, ready = state.replicas_desired, state.replicas_ready
        if not self._recommendations:
            # The controller stores the count it finds at its first sync as a recommendation.
            self._recommendations.append((state.time_s, current))
        if state.cpu_utilization is None or ready == 0:
            return Decision(current, 0, "keep: no CPU metric of ready pods")
        # The controller computes with whole percents, truncated, of usage and of the target.
        utilization = math.trunc(state.cpu_utilization * 100.0 + 1e-9)
        ratio = utilization / round(self._target * 100.0)
        if 1.0 - self._tolerance <= ratio <= 1.0 + self._tolerance:
            recommended = current
            words = f"CPU {utilization} % is within {self._tolerance:.0%} of {self._target:.0%}"
        else:
            recommended = math.ceil(ratio * ready)
            words = f"CPU {utilization} % of {self._target:.0%} on {ready} ready: {recommended}"
        target = self._stabilize(state.time_s, current, recommended)
        if target > recommended and target <= current:
            minutes = self._window_s / 60.0
            words += f", held by the highest of the last {minutes:g} min, {target}"
        limited = min(max(target, self._low_replicas), self._high_replicas)
        if limited != target:
            words += f", limited to {limited}"
        return Decision(limited, limited - current, words)

    def _stabilize(self, now_s: float, current: int, recommended: int) -> int:
        self._recommendations.append((now_s, recommended))
        while now_s - self._recommendations[0][0] >= self._window_s:
            self._recommendations.popleft()
        highest = max(count for _, count in self._recommendations)
        return min(max(current, recommended), highest)
