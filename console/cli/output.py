"""Results on stdout: tables for people, one JSON object for programs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from core.times import clock

if TYPE_CHECKING:
    from rich.table import Table

_WIDTH_WITHOUT_TERMINAL = 200
"""Columns of a table that goes into a file or a pipe, where nothing would be cut at 80."""
_LEAST_NAME = 24
"""Columns that a shortened name keeps: when a run began, and what it ends with."""


def plain(value: Any) -> Any:
    """Turn `value` into what JSON knows: NumPy numbers, paths and enums; NaN becomes null."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in value]
    if isinstance(value, bool | None):
        return value
    if isinstance(value, str | PurePath):
        return str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, int):
        return int(value)
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_json(content: Mapping[str, Any]) -> None:
    """Print `content` as one line of JSON."""
    print(json.dumps(plain(content), allow_nan=False, ensure_ascii=False), flush=True)


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
    shortened: str = "",
) -> None:
    """Print a table.

    Args:
        columns: Headings.
        rows: Cells; None shows as "-".
        right: Headings of the columns that are aligned to the right; they are never cut, because
            half a number is a wrong number.
        whole: Headings of other columns that are never cut, such as names to be copied.
        shortened: Heading of one of these whose texts lose their middle at a terminal that is too
            narrow, because their beginning or end is enough to copy.
    """
    from rich.console import Console
    from rich.measure import Measurement

    width = None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
    console = Console(file=sys.stdout, width=width, highlight=False)
    unbounded = console.options.update(max_width=10_000)
    table = _table(columns, rows, right, whole)
    least = Measurement.get(console, unbounded, table).minimum
    if shortened and least > console.width:
        index = columns.index(shortened)
        longest = max(len(str(row[index])) for row in rows)
        room = max(_LEAST_NAME, longest - (least - console.width))
        mark = "~" if console.options.ascii_only else "…"
        rows = [
            [*row[:index], _without_middle(str(row[index]), room, mark), *row[index + 1 :]]
            for row in rows
        ]
        table = _table(columns, rows, right, whole)
        least = Measurement.get(console, unbounded, table).minimum
    # Wider than the terminal rather than cut: the terminal wraps.
    console.width = max(console.width, least)
    # Printed by ourselves: rich has its own idea of how to end when the reader of a pipe left.
    with console.capture() as captured:
        console.print(table)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()), flush=True)


def _table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    right: Sequence[str],
    whole: Sequence[str],
) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        uncut = name in right or name in whole
        length = max((len(str(row[len(table.columns)])) for row in rows), default=0)
        table.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=uncut,
            min_width=length if uncut else None,
        )
    for row in rows:
        table.add_row(*(Text("-" if cell is None else str(cell)) for cell in row))
    return table


def _without_middle(text: str, room: int, mark: str) -> str:
    if len(text) <= room:
        return text
    end = (room - 1) // 3
    return f"{text[: room - 1 - end]}{mark}{text[-end:]}"


def print_pairs(pairs: Mapping[str, object]) -> None:
    """Print names and values, one pair a line."""
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        print(f"{name:<{width}}  {'-' if value is None else value}")


def number(value: float | None, digits: int = 1, unit: str = "") -> str:
    """A number for people, with its unit; "-" if there is none."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:,.{digits}f}{' ' + unit if unit else ''}"


def percent(value: float | None, digits: int = 2) -> str:
    """A ratio as a percentage; "-" if there is none."""
    return "-" if value is None else f"{100 * value:.{digits}f} %"


def duration(seconds: float | None) -> str:
    """Seconds as `clock` says them; "-" if there are none."""
    return "-" if seconds is None or not math.isfinite(seconds) else clock(seconds)


def note(text: str) -> None:
    """Say something to the operator, on stderr."""
    print(text, file=sys.stderr, flush=True)


def ask(question: str) -> str:
    """What the operator answers, nothing if the input has ended; the question goes to stderr."""
    print(question, end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def print_error(text: str) -> None:
    """Say what went wrong in one line on stderr, however the text was laid out."""
    line = " ".join(text.split())
    note(f"error: {'e' + line[1:] if line.startswith('Expected ') else line}")
