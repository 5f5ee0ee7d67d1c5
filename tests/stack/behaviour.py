"""How the pods of a namespace behave."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class PodBehaviour:
    """What the stand-in for the kubelet does with the pods of one namespace."""

    startup_median_s: float = 0.3
    """Seconds from a pod's binding to Ready; the median of a lognormal distribution."""
    startup_sigma: float = 0.0
    """Spread of the start-up time's logarithm; 0: always the median."""
    schedulable_pods: int | None = None
    """How many pods find room on the nodes; further ones stay Unschedulable. None: all."""
    crash_looping: bool = False
    """Pods that start from now on end again and again instead of becoming Ready."""
    becomes_ready: bool = True
    """False: they run, but never pass their readiness probe."""
    termination_s: float = 0.1
    """Seconds from a pod's deletion to its end."""
    restart_every_s: float = 1.0
    """Seconds between two restarts of a crash-looping pod."""

    def startup_s(self, rng: np.random.Generator) -> float:
        """How long one pod takes to start."""
        if self.startup_sigma == 0.0:
            return self.startup_median_s
        return float(rng.lognormal(math.log(self.startup_median_s), self.startup_sigma))
