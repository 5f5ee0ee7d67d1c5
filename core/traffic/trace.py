"""Recorded traffic: how it is read, scaled and replayed second by second."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.traffic.trace_rows import TraceRows, parse_quickly

HOLD_STEP_S = 15.0
"""Up to this median step a sample is held; coarser traces are interpolated."""

PEAK_PERCENTILE = 99.5
"""The percentile that is meant by a trace's peak."""

WINDOW_REQUESTS = 100.0
"""Requests that a window must hold before a trace is scaled up."""

_PROBLEMS_SHOWN = 10


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Mean requests per second over consecutive steps."""

    t_seconds: NDArray[np.float64]
    """Start of each step, ascending from 0, shape (n,) with n ≥ 2."""
    rps: NDArray[np.float64]
    """Mean rate over the step that begins there, ≥ 0, shape (n,)."""
    end_s: float
    """End of the last step."""

    @property
    def widths_s(self) -> NDArray[np.float64]:
        """Length of each step, shape (n,)."""
        return np.diff(self.t_seconds, append=self.end_s)

    @property
    def duration_s(self) -> int:
        """Whole seconds that the trace covers."""
        return max(1, int(self.end_s))

    def rates(self, seconds: NDArray[np.float64], *, repeat: bool) -> NDArray[np.float64]:
        """The rate at each moment.

        Steps of up to `HOLD_STEP_S` (the median decides) are held. Coarser ones are interpolated
        in a straight line between the middles of the steps, because traffic does not jump every
        five minutes; that blunts the highest steps a little.

        Args:
            seconds: Moments from the start of the trace, shape (m,).
            repeat: Start over after the end; otherwise the rate there is 0.

        Returns:
            Shape (m,), requests per second.
        """
        moments = seconds % self.end_s if repeat else seconds
        widths = self.widths_s
        if float(np.median(widths)) <= HOLD_STEP_S:
            index = np.searchsorted(self.t_seconds, moments, side="right") - 1
            values = self.rps[np.maximum(index, 0)]
        else:
            values = np.interp(moments, self.t_seconds + 0.5 * widths, self.rps)
        return values if repeat else np.where(seconds < self.end_s, values, 0.0)


def read_trace(path: Path) -> Trace:
    """Read a CSV file of `t_seconds,rps`.

    The header is optional, empty lines and lines that begin with # are skipped. The first moment
    may be any; it becomes 0. The last step is as long as the median step.

    Raises:
        InputError: If the file cannot be read or is not a trace; it lists the faulty lines.
    """
    numbered = [
        (number, text)
        for number, line in enumerate(_read_text(path).splitlines(), start=1)
        if (text := line.strip()) and not text.startswith("#")
    ]
    quick = parse_quickly([text for _, text in numbered])
    if quick is not None:
        return _trace(quick[:, 0], quick[:, 1])
    rows = TraceRows()
    for number, text in numbered:
        rows.add(number, text)
    rows.find_gaps()
    if rows.problems:
        raise _bad_trace(path, rows.problems)
    if len(rows.times) < 2:
        raise InputError(
            f"{path}: expected at least 2 rows of t_seconds,rps, found {len(rows.times)}.",
            "Check that this is the right file.",
        )
    return _trace(np.array(rows.times), np.array(rows.rates))


def _trace(times: NDArray[np.float64], rates: NDArray[np.float64]) -> Trace:
    t_seconds = times - times[0]
    return Trace(t_seconds, rates, float(t_seconds[-1] + np.median(np.diff(t_seconds))))


def average_windows(trace: Trace, requests: float = WINDOW_REQUESTS) -> Trace:
    """Join steps into windows in which at least `requests` requests fall.

    A step that holds enough by itself stays as it is, so a well-counted spike keeps its height.
    Too thin steps before it join the neighbour with the lower rate. Each window's rate is its
    requests divided by its length, so no request is gained or lost.

    Returns:
        A trace with one step per window; a single window if the whole trace holds too few.
    """
    starts: list[float] = []
    counts: list[float] = []
    ends: list[float] = []
    open_start, open_count = 0.0, 0.0
    widths = trace.widths_s
    steps = zip(
        trace.t_seconds.tolist(),
        (trace.t_seconds + widths).tolist(),
        (trace.rps * widths).tolist(),
        strict=True,
    )
    for start, end, count in steps:
        thin_before = start > open_start
        if thin_before and count >= requests and starts:
            rate_before = counts[-1] / (ends[-1] - starts[-1])
            if rate_before <= count / (end - start):
                counts[-1] += open_count
                ends[-1] = start
                open_start, open_count = start, 0.0
        open_count += count
        if open_count >= requests:
            starts.append(open_start)
            counts.append(open_count)
            ends.append(end)
            open_start, open_count = end, 0.0
    if not starts:
        starts, counts, ends = [0.0], [open_count], [trace.end_s]
    elif open_start < trace.end_s:
        counts[-1] += open_count
        ends[-1] = trace.end_s
    t_seconds = np.array(starts)
    return Trace(t_seconds, np.array(counts) / (np.array(ends) - t_seconds), trace.end_s)


def scale_to_peak(trace: Trace, peak_rps: float) -> Trace:
    """Scale a trace so that the 99.5th percentile of its seconds is `peak_rps`.

    Counts are a noisy sample of a rate, and scaling up would blow the noise up with it. So a trace
    that has to be scaled up is first averaged over windows in which at least 100 requests fall.

    Raises:
        InputError: If `peak_rps` is not positive or the trace has no traffic to scale.
    """
    if not (math.isfinite(peak_rps) and peak_rps > 0):
        raise InputError(f"Expected a positive peak rate, found {peak_rps:g}.")
    if peak_of(trace) < peak_rps:
        trace = average_windows(trace)
    peak = peak_of(trace)
    if peak <= 0:
        raise InputError(
            f"Expected a trace with traffic to scale to {peak_rps:g} rps, "
            f"found none in {PEAK_PERCENTILE} % of its time."
        )
    return Trace(trace.t_seconds, trace.rps * (peak_rps / peak), trace.end_s)


def peak_of(trace: Trace) -> float:
    """The 99.5th percentile of the trace's rate over its seconds, as it is replayed."""
    seconds = np.arange(trace.duration_s, dtype=np.float64)
    return float(np.percentile(trace.rates(seconds, repeat=True), PEAK_PERCENTILE))


def load_replay(path: Path, peak_rps: float | None = None) -> Trace:
    """Read and scale a trace; kept in memory for as long as the file does not change.

    Raises:
        InputError: If the file cannot be read or scaled.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return _cached_replay(path, peak_rps, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=32)
def _cached_replay(path: Path, peak_rps: float | None, _modified: int, _size: int) -> Trace:
    trace = read_trace(path)
    return trace if peak_rps is None else scale_to_peak(trace, peak_rps)


def _bad_trace(path: Path, problems: Sequence[tuple[int, str]]) -> InputError:
    ordered = sorted(problems)
    shown = "; ".join(f"line {number}: {text}" for number, text in ordered[:_PROBLEMS_SHOWN])
    more = len(ordered) - _PROBLEMS_SHOWN
    plural = "s" if len(ordered) > 1 else ""
    has_gap = any(text.startswith("gap") for _, text in ordered)
    gaps = "; fill a gap with rows, of rps 0 if nothing came" if has_gap else ""
    return InputError(
        f"{path}: expected rows of t_seconds,rps in ascending order, "
        f"found {len(ordered)} problem{plural}: {shown}{f'; and {more} more' if more > 0 else ''}.",
        f"Correct the line{plural}{gaps}.",
    )


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: expected a text file of t_seconds,rps, found other bytes.",
            "Unpack it first if it is compressed.",
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path}: expected a readable trace file, found: {error.strerror or error}.",
        "Check the path.",
    )
