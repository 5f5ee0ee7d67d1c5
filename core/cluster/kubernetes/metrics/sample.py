"""What one look at the metrics of a Deployment gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class MetricsSample:
    """Measured over the last window; what could not be measured is None, never 0."""

    rps: float | None = None
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    latency_p99_ms: float | None = None
    slo_violation_ratio: float | None = None
    error_ratio: float | None = None
    cpu_utilization: float | None = None
    memory_utilization: float | None = None
    queue_requests: float | None = None
    age_s: float | None = None
    """Age of the newest sample of the traffic (of CPU where the source does not measure traffic) by
    the clock of the server that took it; None if there is none."""
    problems: tuple[str, ...] = ()
    """What went wrong, one line each: no answer, an answer that makes no sense."""
    notices: tuple[str, ...] = ()
    """What is worth knowing though nothing went wrong: a metric that does not exist here."""


class MetricsSource(Protocol):
    """Something that measures a Deployment."""

    @property
    def measures_traffic(self) -> bool:
        """Whether it can know the request rate at all; if not, only CPU and memory are known."""

    def sample(self) -> MetricsSample:
        """Measure now; never raises for what a server does, see `problems`."""

    def close(self) -> None:
        """Let go of connections."""
