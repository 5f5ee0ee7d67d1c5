"""What became of the requests: counts per interval, and latencies."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.load.schedule import Schedule


@dataclass(frozen=True, slots=True)
class IntervalReport:
    """One interval of the sending."""

    start_s: float
    end_s: float
    wanted_rps: float
    """What the scenario's rate is."""
    sent_rps: float
    """What was sent."""
    failed: int
    """Of the requests that were due in it."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """All of it."""

    duration_s: float
    wanted: float
    """Requests that the scenario's rate lets expect; what is drawn scatters around it."""
    due: int
    """Requests that were drawn."""
    sent: int
    failed: int
    """Answered with a status of 400 or more, or not at all."""
    missed: int
    """Not sent: too late, or too many on their way already. Not 0: the figures are too good."""
    latency_p50_ms: float | None
    """From the moment when a request was due to the end of its answer; so are the others."""
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    intervals: tuple[IntervalReport, ...]


@dataclass(slots=True)
class _Counts:
    sent: int = 0
    failed: int = 0


@dataclass(slots=True)
class Tally:
    """Counts while it is sent.

    Args:
        schedule: What is wanted.
        interval_s: Length of the intervals of the report.
    """

    schedule: Schedule
    interval_s: float
    due: int = 0
    missed: int = 0
    _counts: dict[int, _Counts] = field(default_factory=dict)

    def sent(self, due_s: float) -> None:
        """A request that was due then has left."""
        self._at(due_s).sent += 1

    def failed(self, due_s: float) -> None:
        """A request that was due then failed."""
        self._at(due_s).failed += 1

    @property
    def all_sent(self) -> int:
        """Requests that have left so far."""
        return sum(counts.sent for counts in self._counts.values())

    @property
    def all_failed(self) -> int:
        """Requests that have failed so far."""
        return sum(counts.failed for counts in self._counts.values())

    def _at(self, due_s: float) -> _Counts:
        return self._counts.setdefault(int(due_s // self.interval_s), _Counts())

    def report(self, ended_s: float, percentiles_ms: tuple[float | None, ...]) -> LoadReport:
        """The summary.

        Args:
            ended_s: When sending ended, in seconds since its start.
            percentiles_ms: 50th, 95th and 99th of the latency.
        """
        intervals = []
        for number in range(max(1, -int(-ended_s // self.interval_s))):
            start_s = number * self.interval_s
            end_s = min(start_s + self.interval_s, ended_s)
            if end_s <= start_s:
                break
            counts = self._counts.get(number, _Counts())
            intervals.append(
                IntervalReport(
                    start_s,
                    end_s,
                    self.schedule.wanted_requests(start_s, end_s) / (end_s - start_s),
                    counts.sent / (end_s - start_s),
                    counts.failed,
                )
            )
        p50, p95, p99 = percentiles_ms
        return LoadReport(
            duration_s=ended_s,
            wanted=self.schedule.wanted_requests(0.0, ended_s),
            due=self.due,
            sent=self.all_sent,
            failed=self.all_failed,
            missed=self.missed,
            latency_p50_ms=p50,
            latency_p95_ms=p95,
            latency_p99_ms=p99,
            intervals=tuple(intervals),
        )
