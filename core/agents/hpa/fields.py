"""Reading the fields of a manifest one by one, with errors that name the field."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from core.agents.hpa.quantity import parse_quantity
from core.errors import InputError

Choice = TypeVar("Choice", bound=StrEnum)

_HINT = "Correct the manifest."


class Fields:
    """One mapping of a manifest, and where it stands in it.

    A field that is absent or null counts as not given, as in Kubernetes.

    Args:
        value: What was found there.
        path: Where, such as `spec.behavior.scaleUp`.

    Raises:
        InputError: It is not a mapping; so do all methods when a field is not what it must be.
    """

    def __init__(self, value: object, path: str) -> None:
        self.path = path
        if not isinstance(value, Mapping):
            raise _refusal(path, "fields (name: value)", value)
        self._values: Mapping[Any, Any] = value
        self._asked: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether a field is given."""
        return self._get(name) is not None

    def integer(self, name: str, low: int, high: int = 2**31 - 1) -> int | None:
        """A whole number in low…high."""
        value = self._get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            limit = f"at least {low}" if high == 2**31 - 1 else f"in {low}…{high}"
            self.refuse(name, f"a whole number {limit}")
        return value

    def text(self, name: str) -> str | None:
        """Text that is not empty."""
        value = self._get(name)
        if value is not None and not (isinstance(value, str) and value):
            self.refuse(name, "text")
        return value

    def choice(self, name: str, kind: type[Choice]) -> Choice | None:
        """One of the words of an enumeration."""
        value = self._get(name)
        if value is None:
            return None
        if not isinstance(value, str) or value not in tuple(kind):
            self.refuse(name, " or ".join(kind))
        return kind(value)

    def quantity(self, name: str) -> Decimal | None:
        """A quantity, such as 500m."""
        value = self._get(name)
        if value is None:
            return None
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            try:
                return parse_quantity(str(value))
            except ValueError:
                pass
        self.refuse(name, "a quantity such as 500m or 0.5")

    def part(self, name: str) -> Fields | None:
        """A mapping within this one."""
        value = self._get(name)
        return None if value is None else Fields(value, self._place(name))

    def parts(self, name: str) -> list[Fields] | None:
        """A list of mappings."""
        value = self._get(name)
        if value is None:
            return None
        if not isinstance(value, list | tuple):
            self.refuse(name, "a list")
        return [Fields(one, f"{self._place(name)}[{index}]") for index, one in enumerate(value)]

    def skip(self, *names: str) -> None:
        """Accept fields that do not matter here."""
        self._asked.update(names)

    def finish(self) -> None:
        """Refuse fields that nobody asked for: most likely misspelt."""
        for name in self._values:
            if name not in self._asked:
                known = sorted(self._asked)
                close = difflib.get_close_matches(str(name), known, n=1)
                where = f"{self.path}: " if self.path else ""
                raise InputError(
                    f"{where}expected no fields but {', '.join(known)}, found {name}.",
                    f"Did you mean {close[0]}?" if close else _HINT,
                )

    def refuse(self, name: str, expected: str) -> NoReturn:
        """Say that a field is not as expected."""
        raise _refusal(self._place(name), expected, self._values.get(name))

    def _get(self, name: str) -> Any:
        self._asked.add(name)
        return self._values.get(name)

    def _place(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def _refusal(place: str, expected: str, found: object) -> InputError:
    text = "nothing" if found is None else repr(found)
    shown = text if len(text) <= 40 else f"{text[:39]}…"
    where = f"{place}: " if place else ""
    return InputError(f"{where}expected {expected}, found {shown}.", _HINT)
