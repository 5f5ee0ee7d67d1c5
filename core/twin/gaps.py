"""Stretches of traffic that were not measured: cut off, bridged or refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.twin.recording import LATENCIES, SERIES, Floats, Recording
from core.twin.span import span_text

SHORT_GAP_S = 600
"""A gap of up to this long is bridged by a straight line without being asked."""

_SHOWN = 3


@dataclass(frozen=True, slots=True, eq=False)
class Bridged:
    """A recording without gaps in its traffic."""

    recording: Recording
    measured: NDArray[np.bool_]
    """Steps whose traffic was measured, shape (n,)."""
    notes: tuple[str, ...]
    """What was cut off and bridged, one sentence each."""


def bridge_gaps(recording: Recording, *, all_gaps: bool = False) -> Bridged:
    """Cut off what has no traffic at both ends, and bridge the gaps between.

    Args:
        recording: As it came.
        all_gaps: Bridge long gaps too.

    Raises:
        InputError: There is no traffic, or a long gap.
    """
    known = np.flatnonzero(np.isfinite(recording.rps))
    if len(known) < 2:
        raise InputError(
            f"expected the request rate of {recording.source} in Prometheus, found "
            f"{'none' if not len(known) else 'one value'} in {span_text(recording.duration_s)} "
            f"from {recording.moment(0)} on.",
            "`rlscale-console doctor --env k8s` shows which queries have data; check --range.",
        )
    first, last = int(known[0]), int(known[-1])
    notes = []
    step_s = recording.step_s
    if first:
        notes.append(f"No traffic was recorded before {recording.moment(first)}; it begins there.")
    if last < recording.steps - 1:
        notes.append(f"No traffic was recorded after {recording.moment(last)}; it ends there.")
    kept = _cut(recording, first, last + 1)
    measured = np.isfinite(kept.rps)
    gaps = _gaps(measured)
    long = [gap for gap in gaps if (gap[1] - gap[0]) * step_s > SHORT_GAP_S]
    if long and not all_gaps:
        raise InputError(
            f"expected traffic without long gaps, found {len(long)} of more than "
            f"{span_text(SHORT_GAP_S)}: {_list(kept, long)}.",
            "Give a shorter --range, or --bridge-gaps to bridge them with straight lines.",
        )
    if gaps:
        count = int((~measured).sum())
        notes.append(
            f"{len(gaps)} gap{'s' if len(gaps) > 1 else ''} without traffic data "
            f"({span_text(count * step_s)} in all: {_list(kept, gaps)}), bridged with "
            "straight lines."
        )
    index = np.arange(kept.steps, dtype=np.float64)
    rps = np.interp(index, index[measured], kept.rps[measured])
    return Bridged(replace(kept, rps=rps), measured, tuple(notes))


def held(values: Floats) -> Floats:
    """The values, each gap filled with what was before it (at the start: what comes first)."""
    known = np.isfinite(values)
    if not known.any():
        return values
    index = np.where(known, np.arange(len(values)), -1)
    index = np.maximum.accumulate(index)
    index[index < 0] = int(np.argmax(known))
    return values[index]


def settled(recording: Recording, measured: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Steps that can be compared with a model: everything was measured over the whole window."""
    usable = measured & np.isfinite(recording.ready) & (recording.ready > 0)
    for name in LATENCIES[:2]:
        usable &= np.isfinite(getattr(recording, name))
    return usable & (recording.rps > 0)


def _cut(recording: Recording, first: int, end: int) -> Recording:
    return replace(
        recording,
        start_s=recording.start_s + first * recording.step_s,
        **{name: getattr(recording, name)[first:end] for name in SERIES},
    )


def _gaps(measured: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[True], measured, [True]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _list(recording: Recording, gaps: list[tuple[int, int]]) -> str:
    ordered = sorted(gaps, key=lambda gap: gap[0] - gap[1])
    shown = ", ".join(
        f"{span_text((end - begin) * recording.step_s)} from {recording.moment(begin)}"
        for begin, end in ordered[:_SHOWN]
    )
    return f"{shown}, …" if len(gaps) > _SHOWN else shown
