"""Step scaling on CPU thresholds: the classic cloud alarm."""

from __future__ import annotations

import math
from typing import Final

from core.agents.policy import Situation
from core.state import Decision, DeploymentFacts

UPPER_UTILIZATION: Final = 0.75
LOWER_UTILIZATION: Final = 0.45
STEP_REPLICAS: Final = 1
COOLDOWN_S: Final = 60.0


class ThresholdPolicy:
    """One step up above the upper threshold, one down below the lower, then a pause.

    Args:
        upper: CPU utilisation of the request above which a step up is due.
        lower: CPU utilisation of the request below which a step down is due.
        step: Replicas per step.
        cooldown_s: Seconds after a step in which nothing is done.
    """

    def __init__(
        self,
        upper: float = UPPER_UTILIZATION,
        lower: float = LOWER_UTILIZATION,
        step: int = STEP_REPLICAS,
        cooldown_s: float = COOLDOWN_S,
    ) -> None:
        self._upper = upper
        self._lower = lower
        self._step = step
        self._cooldown_s = cooldown_s
        self._low_replicas = 1
        self._high_replicas = 1
        self._last_step_s = -math.inf

    @property
    def name(self) -> str:
        """See `Policy`."""
        return "threshold"

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`; a baseline has no actions."""
        return ()

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`."""
        self._low_replicas = facts.min_replicas
        self._high_replicas = facts.max_replicas
        self._last_step_s = -math.inf

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`."""
        state = situation.state
        current, cpu = state.replicas_desired, state.cpu_utilization
        if cpu is None:
            return Decision(current, 0, "keep: no CPU metric")
        left_s = self._last_step_s + self._cooldown_s - state.time_s
        if left_s > 0:
            return Decision(current, 0, f"keep: {left_s:.0f} s of cool-down left")
        if cpu > self._upper:
            wanted = current + self._step
            reason = f"CPU {cpu:.0%} over {self._upper:.0%}: {self._step:+d}"
        elif cpu < self._lower:
            wanted = current - self._step
            reason = f"CPU {cpu:.0%} under {self._lower:.0%}: {-self._step:+d}"
        else:
            reason = f"keep: CPU {cpu:.0%} between {self._lower:.0%} and {self._upper:.0%}"
            return Decision(current, 0, reason)
        target = min(max(wanted, self._low_replicas), self._high_replicas)
        if target == current:
            return Decision(current, 0, f"{reason}, but {current} is the limit")
        self._last_step_s = state.time_s
        return Decision(target, target - current, reason)
