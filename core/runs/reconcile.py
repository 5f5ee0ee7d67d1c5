"""After an engine was killed: what became of the scaling that it had begun.

The intent is in the file of the run that died, its outcome is not. The next engine on the same
Deployment looks what is there and writes it down, in both files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock
from core.cluster.base import ScaleOutcome
from core.cluster.kubernetes.settings import Actuator
from core.errors import RlscaleError
from core.runs.config import InferenceConfig
from core.runs.database import FILE_NAME
from core.runs.lock import EngineLock, is_alive
from core.runs.reader import RunReader
from core.runs.records import EventKind, Scaling
from core.runs.store import RunWriter
from core.state import Actor

_MOST_RUNS = 200
"""Runs that are looked at, newest first, for one on the same Deployment."""
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An intent without an outcome."""

    directory: Path
    run_id: str
    scaling: Scaling
    of_floor: bool
    """Whether the floor of an HPA was to be moved, and not the replicas."""


def find_unfinished(home: Path, own: Path, environment: str) -> Unfinished | None:
    """The unfinished intent of the last run on the same Deployment, if it has one.

    Args:
        home: Directory of runs.
        own: The run that asks.
        environment: As in `RunInfo`; names the Deployment.
    """
    for directory in _newest_first(home, own):
        try:
            reader = RunReader(directory)
        except RlscaleError:
            continue
        try:
            info = reader.info()
            if info.environment != environment:
                continue
            if is_alive(directory):
                # Its engine may be in the middle of the call.
                return None
            scaling = _last_unfinished(reader)
            if scaling is None:
                return None
            return Unfinished(directory, info.run_id, scaling, _steers_floor(reader))
        except (RlscaleError, KeyError, ValueError):
            continue
        finally:
            reader.close()
    return None


def reconcile(unfinished: Unfinished, found: int, clock: Clock, asking_run: str) -> str:
    """Write the outcome of an intent into the run that died; returns it in words.

    Args:
        unfinished: The intent.
        found: What stands there now, in the terms of the intent (replicas, or a floor).
        clock: For the times of the rows.
        asking_run: Who found out.

    Raises:
        RunError: The file cannot be written.
    """
    scaling = unfinished.scaling
    wanted = f"{scaling.replicas_before} → {scaling.target}"
    if found == scaling.target:
        outcome = ScaleOutcome(True, f"found done by {asking_run}")
        words = f"{wanted} of {unfinished.run_id}, which was killed, had been carried out"
    elif found == scaling.replicas_before:
        outcome = ScaleOutcome(False, f"found not done by {asking_run}")
        words = f"{wanted} of {unfinished.run_id}, which was killed, had not been carried out"
    else:
        outcome = ScaleOutcome(False, f"found {found} by {asking_run}: somebody set that since")
        words = f"{wanted} of {unfinished.run_id}, which was killed, was followed by {found}"
    with EngineLock(unfinished.directory, clock):
        writer = RunWriter(unfinished.directory, clock, durable=True)
        try:
            writer.finish_scaling(scaling.id, outcome)
            status = writer.status
            writer.add_event(
                EventKind.SCALING, Actor.NOBODY, words, time_s=status.time_s, step=status.step
            )
        finally:
            writer.close()
    return words


def reconcile_last(
    own: Path, environment: str, clock: Clock, look: Callable[[bool], int | None]
) -> str:
    """Find the last unfinished intent and write its outcome; returns it in words, or nothing.

    Args:
        own: The run that asks.
        environment: As in `RunInfo`.
        clock: For the times of the rows.
        look: What stands there now: replicas, or the floor of the HPA where the argument is True;
            asked only if there is such an intent. None if it cannot be told.
    """
    unfinished = find_unfinished(own.parent, own, environment)
    found = look(unfinished.of_floor) if unfinished is not None else None
    if unfinished is None or found is None:
        return ""
    return reconcile(unfinished, found, clock, own.name)


def _newest_first(home: Path, own: Path) -> Iterator[Path]:
    # The names of runs begin with the time.
    found = sorted((path.parent for path in home.glob(f"*/{FILE_NAME}")), reverse=True)
    others = [directory for directory in found if directory.resolve() != own.resolve()]
    yield from others[:_MOST_RUNS]


def _last_unfinished(reader: RunReader) -> Scaling | None:
    found, last = None, 0
    while rows := reader.scalings_after(last, _PAGE):
        last = rows[-1].id
        found = next((row for row in reversed(rows) if row.accepted is None), found)
    return found


def _steers_floor(reader: RunReader) -> bool:
    config = reader.config()
    settings = config.kubernetes if isinstance(config, InferenceConfig) else None
    return settings is not None and settings.actuator is Actuator.HPA_FLOOR
