"""How long pods take to start, from the pods themselves or from the replicas' history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.twin.recording import Floats, Recording

_ENOUGH = 5
"""From so many pods on their own times count; below, those of the history join them."""
_LEAST_S = 0.5
_LONGEST_S = 3600.0
_LARGEST_SIGMA = 2.0
_ENDS = 0.05
_LEFT_BY_ENDS = 0.912
"""Standard deviation of a normal sample whose ends of 5 % are drawn in, over its own."""


@dataclass(frozen=True, slots=True)
class StartupFit:
    """A lognormal start-up time."""

    median_s: float
    sigma: float
    samples: int
    from_history: bool
    """Whether it comes from desired and ready replicas, no finer than the steps."""


def fit_startup(recording: Recording) -> StartupFit | None:
    """Median and sigma of the start-up time; None if no pod was seen to start."""
    pods = recording.startup_s[np.isfinite(recording.startup_s)]
    if len(pods) >= _ENOUGH:
        return _lognormal(pods, from_history=False)
    history = replica_delays(recording.desired, recording.ready, recording.step_s)
    if len(history) >= _ENOUGH or (len(history) and not len(pods)):
        return _lognormal(np.concatenate([pods, history]), from_history=True)
    return _lognormal(pods, from_history=False) if len(pods) else None


def replica_delays(desired: Floats, ready: Floats, step_s: int) -> Floats:
    """Seconds between a replica being asked for and one more being ready.

    When desired rises by k at once, the times until ready has risen by 1 … k are those of k pods,
    in order. What is asked for and taken back before is left out.
    """
    delays: list[float] = []
    known = np.isfinite(desired) & np.isfinite(ready)
    for step in np.flatnonzero(np.diff(desired) > 0).tolist():
        before, after = int(desired[step]), int(desired[step + 1])
        if not known[step] or ready[step] < before:
            # Others are still on their way: which of them comes first cannot be told.
            continue
        for level in range(before + 1, after + 1):
            waited = _until(desired, ready, known, step + 1, level, int(_LONGEST_S // step_s))
            if waited is not None:
                delays.append(waited * step_s)
    return np.array(delays)


def _until(
    desired: Floats, ready: Floats, known: np.ndarray, first: int, level: int, longest: int
) -> int | None:
    for offset in range(min(longest, len(desired) - first)):
        here = first + offset
        if not known[here] or desired[here] < level:
            return None
        if ready[here] >= level:
            return offset
    return None


def _lognormal(values: Floats, *, from_history: bool) -> StartupFit:
    logs = np.log(np.clip(values, _LEAST_S, _LONGEST_S))
    # A node that had to be bought first is not how pods usually start: ends are drawn in.
    low, high = np.quantile(logs, [_ENDS, 1.0 - _ENDS])
    drawn = np.clip(logs, low, high)
    spread = float(drawn.std()) / _LEFT_BY_ENDS
    return StartupFit(
        float(np.exp(drawn.mean())), min(spread, _LARGEST_SIGMA), len(values), from_history
    )
