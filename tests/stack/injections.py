"""Faults in force, and which requests they are meant for."""

from __future__ import annotations

import re
from types import TracebackType

from aiohttp import web

from tests.stack.faults import Fault


class Injection:
    """A fault that is in force until it is removed, has been used up, or its block ends."""

    def __init__(self, fault: Fault, method: str, path: str, query: str, times: int | None) -> None:
        """Match with regular expressions: `method` whole, `path` and `query` anywhere."""
        self.fault = fault
        self.hits = 0
        self.active = True
        self._method, self._path, self._query = (re.compile(part) for part in (method, path, query))
        self._left = times

    def take(self, request: web.Request) -> bool:
        """Whether it is in force for `request`; that is then counted as one use."""
        if not (
            self.active
            and self._left != 0
            and self._method.fullmatch(request.method)
            and self._path.search(request.path)
            and self._query.search(request.query_string)
        ):
            return False
        self.hits += 1
        if self._left is not None:
            self._left -= 1
        return True

    def remove(self) -> None:
        """End it; requests that hang because of it go on."""
        self.active = False

    def __enter__(self) -> Injection:
        """It is in force already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self.remove()


class Injections:
    """All faults of one proxy; may be changed from any thread."""

    def __init__(self) -> None:
        """Begin with none."""
        self._all: tuple[Injection, ...] = ()

    def add(self, injection: Injection) -> Injection:
        """Put a fault in force; it is asked before those that are."""
        self._all = (injection, *self._all)
        return injection

    def taken_by(self, request: web.Request) -> list[Injection]:
        """The faults that `request` meets, the newest first."""
        return [injection for injection in self._all if injection.take(request)]

    def clear(self) -> None:
        """End all of them."""
        for injection in self._all:
            injection.remove()
        self._all = ()
