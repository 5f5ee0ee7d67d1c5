"""Replica counts out of runs of our own, where Prometheus has none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.runs.catalogue import list_runs
from core.runs.reader import RunReader
from core.twin.recording import Recording

_COLUMNS = ("wall_time", "replicas_ready", "replicas_desired")


def with_own_runs(recording: Recording) -> Recording:
    """Fill replicas that are missing from the steps of runs on the same Deployment."""
    ready, desired = recording.ready.copy(), recording.desired.copy()
    end_s = recording.start_s + recording.duration_s
    for entry in list_runs():
        # context/namespace/deployment; Prometheus does not know the context, which may hold "/".
        if entry.info is None or not entry.info.target.endswith(f"/{recording.source}"):
            continue
        reader = RunReader(entry.directory)
        try:
            rows = reader.raw_steps(_COLUMNS, 0, reader.last_step())
        finally:
            reader.close()
        for wall_time, is_ready, is_desired in rows:
            if not recording.start_s <= wall_time < end_s:
                continue
            step = int((wall_time - recording.start_s) // recording.step_s)
            if np.isnan(ready[step]):
                ready[step] = is_ready
            if np.isnan(desired[step]):
                desired[step] = is_desired
    return replace(recording, ready=ready, desired=desired)
