"""After an engine was killed: what became of the scaling that it had begun.

The intent is in the file of the run that died, its outcome is not. The next engine on the same
Deployment looks what is there and writes it down, in both files; a training that goes on is its own
next engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock
from core.cluster.base import ScaleOutcome
from core.errors import RlscaleError
from core.runs.database import FILE_NAME
from core.runs.journal import Journal
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
    """The unfinished intent of an earlier sitting, or of the last run on the same Deployment.

    Args:
        home: Directory of runs.
        own: The run that asks, which has not begun to scale.
        environment: As in `RunInfo`; names the Deployment.
    """
    for directory in (own, *_newest_first(home, own)):
        try:
            reader = RunReader(directory)
        except RlscaleError:
            continue
        try:
            info = reader.info()
            if info.environment != environment:
                continue
            if directory != own and is_alive(directory):
                # Its engine may be in the middle of the call.
                return None
            scaling = _last_unfinished(reader)
            if scaling is not None:
                return Unfinished(directory, info.run_id, scaling, info.steers_floor)
            if directory != own:
                return None
        except (RlscaleError, ValueError):
            continue
        finally:
            reader.close()
    return None


def reconcile(
    unfinished: Unfinished, found: int, clock: Clock, own: Path, own_journal: Journal
) -> str:
    """Write the outcome of an intent into the run that died; returns it in words.

    Args:
        unfinished: The intent.
        found: What stands there now, in the terms of the intent (replicas, or a floor).
        clock: For the times of the rows.
        own: The run that found out.
        own_journal: Where its engine writes.

    Raises:
        RunError: The file cannot be written.
    """
    scaling, asking_run = unfinished.scaling, own.name
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
    if unfinished.directory == own:
        # Its lock and its writer are in use, by this engine itself.
        own_journal.finish_scaling(scaling.id, outcome)
        return words
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
    own: Path,
    environment: str,
    clock: Clock,
    own_journal: Journal,
    look: Callable[[bool], int | None],
) -> str:
    """Find the last unfinished intent and write its outcome; returns it in words, or nothing.

    Also in words, if it cannot be written down: what became of another run is no reason not to run.

    Args:
        own: The run that asks.
        environment: As in `RunInfo`.
        clock: For the times of the rows.
        own_journal: Where its engine writes.
        look: What stands there now: replicas, or the floor of the HPA where the argument is True;
            asked only if there is such an intent. None if it cannot be told.
    """
    unfinished = find_unfinished(own.parent, own, environment)
    found = look(unfinished.of_floor) if unfinished is not None else None
    if unfinished is None or found is None:
        return ""
    try:
        return reconcile(unfinished, found, clock, own, own_journal)
    except RlscaleError as error:
        scaling = unfinished.scaling
        return (
            f"what became of {scaling.replicas_before} → {scaling.target} of {unfinished.run_id}, "
            f"which was killed, could not be written down (found {found}): {error}"
        )


def _newest_first(home: Path, own: Path) -> Iterator[Path]:
    # The names of runs begin with the time.
    found = sorted((path.parent for path in home.glob(f"*/{FILE_NAME}")), reverse=True)
    others = [directory for directory in found if directory.resolve() != own.resolve()]
    yield from others[:_MOST_RUNS]


def _last_unfinished(reader: RunReader) -> Scaling | None:
    found, last = None, 0
    while rows := reader.scalings_after(last, _PAGE):
        last = rows[-1].id
        for row in rows:
            if row.accepted is None:
                found = row
            elif row.accepted:
                # What stands there now tells nothing any more of what was begun before that.
                found = None
    return found
