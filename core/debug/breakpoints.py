"""Breakpoints of a run: conditions that are listed, switched, counted, and kept beside its file."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.debug.search import Indices, RunSearch
from core.errors import InputError, RunError

if TYPE_CHECKING:
    from core.debug.expressions import Condition

FILE_NAME: Final = "breakpoints.json"
MOST: Final = 50
_VERSION: Final = 1


class When(StrEnum):
    """At which of the steps where its condition holds a breakpoint stops."""

    EACH = "each"
    """At every one."""
    START = "start"
    """At the first of every stretch of them."""


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """One condition to stop at."""

    text: str
    enabled: bool = True
    when: When = When.EACH


@dataclass(frozen=True, slots=True)
class BreakpointCount:
    """A breakpoint as it stands in the list."""

    breakpoint: Breakpoint
    hits: int
    """Steps of the run so far at which it stops, or would if it were enabled."""
    problem: str
    """Why it cannot be used, as after a change of version; empty if it can."""


class _Known:
    """Where a condition holds in the part of a run that changes no more."""

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
        self._hits: Indices = np.zeros(0, dtype=np.int64)
        self._until = 0

    def hits(self, search: RunSearch, newest: int) -> Indices:
        # The newest step may still be amended by an override; all others are as they stay.
        if newest > self._until:
            found = search.hits(self.condition, self._until, newest - 1)
            self._hits, self._until = np.concatenate([self._hits, found]), newest
        return np.concatenate([self._hits, search.hits(self.condition, newest, newest)])


class Breakpoints:
    """The breakpoints of one run; safe to use from several threads.

    Args:
        search: Looks for conditions in the run.
        directory: The run directory, where they are kept; None keeps them nowhere.
    """

    def __init__(self, search: RunSearch, directory: Path | None = None) -> None:
        self._search = search
        self._path = None if directory is None else directory / FILE_NAME
        self._lock = threading.RLock()
        self._known: dict[str, _Known | str] = {}
        self._all: tuple[Breakpoint, ...] = () if self._path is None else _read(self._path)

    @property
    def all(self) -> tuple[Breakpoint, ...]:
        """All of them, in the order in which they were added."""
        return self._all

    def add(self, text: str, when: When = When.EACH) -> Breakpoint:
        """Add one, enabled; one with the same condition is replaced.

        Raises:
            InputError: It is no condition, or there are too many.
            RunError: They cannot be kept.
        """
        condition = self._search.condition(text)
        added = Breakpoint(condition.text, when=when)
        others = [one for one in self._all if one.text != added.text]
        if len(others) >= MOST:
            raise InputError(f"expected at most {MOST} breakpoints, found one more.", "Remove one.")
        self._keep([*others, added])
        return added

    def remove(self, index: int) -> None:
        """Remove one.

        Raises:
            RunError: They cannot be kept.
        """
        self._keep([one for place, one in enumerate(self._all) if place != index])

    def toggle(self, index: int) -> None:
        """Enable or disable one; see `remove`."""
        self._change(index, enabled=not self._all[index].enabled)

    def switch(self, index: int) -> None:
        """Stop at each step or at the start of each stretch, in turn; see `remove`."""
        other = When.START if self._all[index].when is When.EACH else When.EACH
        self._change(index, when=other)

    def _change(self, index: int, **changes: Any) -> None:
        changed = replace(self._all[index], **changes)
        self._keep([changed if place == index else one for place, one in enumerate(self._all)])

    def _keep(self, wanted: Sequence[Breakpoint]) -> None:
        with self._lock:
            self._all = tuple(wanted)
            if self._path is not None:
                _write(self._path, self._all)

    # -- where they stop ----------------------------------------------------------------------

    def counts(self) -> list[BreakpointCount]:
        """All of them with how often they hit so far."""
        newest = self._search.newest
        counted = []
        for one in self._all:
            known = self._knowledge(one)
            problem = known if isinstance(known, str) else ""
            hits = 0 if problem else len(self._hits(one, newest))
            counted.append(BreakpointCount(one, hits, problem))
        return counted

    def stops(self) -> Indices:
        """Every step at which an enabled one stops, ascending."""
        newest = self._search.newest
        found = [self._hits(one, newest) for one in self._all if one.enabled]
        empty = np.zeros(0, dtype=np.int64)
        return np.unique(np.concatenate([empty, *found]))

    def at(self, step: int) -> tuple[Breakpoint, ...]:
        """The enabled ones that stop at a step."""
        newest = self._search.newest
        return tuple(
            one for one in self._all if one.enabled and step in self._hits(one, newest).tolist()
        )

    def after(self, step: int) -> int | None:
        """The next step at which to stop; None if there is none yet."""
        stops = self.stops()
        later = stops[stops > step]
        return int(later[0]) if len(later) else None

    def before(self, step: int) -> int | None:
        """The last step before `step` at which to stop; None if there is none."""
        stops = self.stops()
        earlier = stops[stops < step]
        return int(earlier[-1]) if len(earlier) else None

    def _hits(self, one: Breakpoint, newest: int) -> Indices:
        with self._lock:
            known = self._knowledge(one)
            if isinstance(known, str):
                return np.zeros(0, dtype=np.int64)
            hits = known.hits(self._search, newest)
        if one.when is When.START and len(hits):
            return hits[np.diff(hits, prepend=-2) > 1]
        return hits

    def _knowledge(self, one: Breakpoint) -> _Known | str:
        if one.text not in self._known:
            try:
                self._known[one.text] = _Known(self._search.condition(one.text))
            except InputError as error:
                self._known[one.text] = error.message
        return self._known[one.text]


def _read(path: Path) -> tuple[Breakpoint, ...]:
    """Those that were kept; none if there are none or the file is not one of ours."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return tuple(
            Breakpoint(str(one["condition"]), bool(one["enabled"]), When(one["when"]))
            for one in content["breakpoints"]
        )
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"expected the breakpoints of a run in {path}, found something else.",
            "Delete that file.",
        ) from error


def _write(path: Path, wanted: Sequence[Breakpoint]) -> None:
    content = {
        "version": _VERSION,
        "breakpoints": [
            {"condition": one.text, "enabled": one.enabled, "when": one.when.value}
            for one in wanted
        ],
    }
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(content, indent=2) + "\n")
        part.replace(path)
    except OSError as error:
        raise RunError(
            f"expected to write {path}, found that impossible: {error.strerror}.",
            "The breakpoints hold until this console is left.",
        ) from error
