"""What was measured of one Deployment over a stretch of time, step by step."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError

Floats = NDArray[np.float64]

LATENCIES = ("latency_p50_ms", "latency_p95_ms", "latency_p99_ms")


def _nothing() -> Floats:
    return np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The history of one Deployment; series have shape (n,), and NaN means not measured.

    Step k covers the seconds k·step_s … (k+1)·step_s after the start. Rates, latencies and CPU
    are means over a window of `window_s` around the step; replicas are those of its middle.
    """

    source: str
    """namespace/deployment."""
    start_s: int
    """Seconds since the epoch."""
    step_s: int
    window_s: int
    """A whole number of steps."""
    slo_ms: float
    rps: Floats
    ready: Floats = field(default_factory=_nothing)
    desired: Floats = field(default_factory=_nothing)
    latency_p50_ms: Floats = field(default_factory=_nothing)
    latency_p95_ms: Floats = field(default_factory=_nothing)
    latency_p99_ms: Floats = field(default_factory=_nothing)
    latency_mean_ms: Floats = field(default_factory=_nothing)
    cpu_utilization: Floats = field(default_factory=_nothing)
    memory_utilization: Floats = field(default_factory=_nothing)
    startup_s: Floats = field(default_factory=_nothing)
    """From creation to ready, one per pod; shape (pods,)."""
    bounds_ms: Floats = field(default_factory=_nothing)
    """Finite bounds of the latency histogram that the quantiles are interpolated from, ascending;
    empty if they are not."""
    cpu_request_cores: float | None = None
    """Of one pod."""
    min_replicas: int | None = None
    """What an HPA allows; None if there is none."""
    max_replicas: int | None = None

    def __post_init__(self) -> None:
        for name in SERIES:
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.full(len(self.rps), np.nan))

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.rps)

    @property
    def duration_s(self) -> int:
        """Length in seconds."""
        return self.steps * self.step_s

    @property
    def window_steps(self) -> int:
        """Steps per window of rates."""
        return self.window_s // self.step_s

    @property
    def begin(self) -> str:
        """Moment of the start, ISO 8601."""
        return datetime.fromtimestamp(self.start_s, UTC).isoformat().replace("+00:00", "Z")

    def moment(self, step: int) -> str:
        """When a step began, for people, in UTC."""
        moment = datetime.fromtimestamp(self.start_s + step * self.step_s, UTC)
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

    def write(self, file: BinaryIO) -> None:
        """Write it as `load_recording` reads it."""
        values = {name: getattr(self, name) for name in (*SERIES, *_EXTRA)}
        facts = {name: value for name, value in asdict(self).items() if name not in values}
        np.savez_compressed(file, facts=np.array(json.dumps(facts)), **values)


SERIES = (
    "rps",
    "ready",
    "desired",
    *LATENCIES,
    "latency_mean_ms",
    "cpu_utilization",
    "memory_utilization",
)
_EXTRA = ("startup_s", "bounds_ms")


def load_recording(path: Path) -> Recording:
    """Read what `Recording.write` wrote.

    Raises:
        InputError: It is no recording.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            facts = json.loads(str(file["facts"]))
            values = {name: file[name].astype(np.float64) for name in (*SERIES, *_EXTRA)}
        known = {item.name for item in fields(Recording)}
        return Recording(**{name: facts[name] for name in facts if name in known}, **values)
    except OSError as error:
        raise InputError(
            f"{path}: expected a recording, found: {error.strerror or error}."
        ) from None
    except (KeyError, ValueError, TypeError, BadZipFile, EOFError):
        raise InputError(
            f"{path}: expected a recording, found something else.",
            "`rlscale-console scenario import prometheus` makes one.",
        ) from None
