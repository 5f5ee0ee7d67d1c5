"""What the traffic of a scenario looks like before anything is started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.words import duration, rate

if TYPE_CHECKING:
    from console.charts.model import Floats


@dataclass(frozen=True, slots=True)
class TrafficPreview:
    """The curve of a scenario's traffic and the facts beside it."""

    name: str
    description: str
    seconds: Floats
    """Moments from the start of the run, ascending."""
    rps: Floats
    """Requests per second at those moments; every spike is among them."""
    duration_s: int
    mean_rps: float
    peak_rps: float
    slo_ms: float
    min_replicas: int
    max_replicas: int
    pod_capacity_rps: float
    faults: tuple[str, ...]
    """Each fault in words, such as `node-loss at 00:40`."""

    @property
    def facts(self) -> str:
        """Length, rates and bounds in one line."""
        # Those of random scenarios have many digits; below ten, one of them may tell something.
        slo = f"{self.slo_ms:.0f}" if self.slo_ms >= 10 else f"{self.slo_ms:g}"
        return (
            f"{duration(self.duration_s)}, mean {rate(self.mean_rps)} rps, "
            f"peak {rate(self.peak_rps)} rps. SLO {slo} ms, "
            f"{self.min_replicas} to {self.max_replicas} pods of {self.pod_capacity_rps:.0f} rps."
        )


def preview_traffic(
    scenario: str | Path, *, peak_rps: float | None, seed: int | None, columns: int = 400
) -> TrafficPreview:
    """Load a scenario and compute its traffic; takes a moment, so call it from a worker.

    Args:
        scenario: A shipped name, or the path of a YAML or CSV file.
        peak_rps: Peak that a trace is scaled to; None leaves it as recorded.
        seed: Where randomness comes from; None takes the scenario's own.
        columns: Into how many pieces of time the curve is reduced.

    Raises:
        InputError: The scenario does not exist or is not valid.
    """
    # Imported here: the first paint must not wait for them.
    import numpy as np

    from console.charts.reduce import reduce_to_extremes
    from core.traffic.library import load_scenario
    from core.traffic.workload import rates_per_second

    loaded = load_scenario(scenario, peak_rps=peak_rps)
    rng = np.random.default_rng(loaded.seed if seed is None else seed)
    rates = rates_per_second(loaded, rng)
    every_second = np.arange(len(rates), dtype=np.float64)
    moments, values = reduce_to_extremes(every_second, rates, 0.0, len(rates), columns)
    return TrafficPreview(
        name=loaded.name,
        description=loaded.description,
        seconds=moments,
        rps=values,
        duration_s=loaded.duration_s,
        mean_rps=float(rates.mean()),
        peak_rps=float(rates.max()),
        slo_ms=loaded.slo.latency_ms,
        min_replicas=loaded.cluster.min_replicas,
        max_replicas=loaded.cluster.max_replicas,
        pod_capacity_rps=loaded.service.pod_capacity_rps,
        faults=tuple(f"{fault.kind} at {_moment(fault.at_s)}" for fault in loaded.faults),
    )


def _moment(seconds: float) -> str:
    minutes = int(seconds) // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
