"""Requests per second counted from a web server's access log."""

from __future__ import annotations

import functools
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.traffic.scenario import LONGEST_RUN_S

DISORDER_S = 60
"""A line may be this much older than the newest: requests are logged when they end."""

GAP_S = 60
"""Shorter silence is never reported as a gap."""

_GAP_MEAN_PAUSES = 30.0
"""Nor is one below this many mean pauses: at random it happens once in e³⁰ requests."""

_LARGEST_BAD_SHARE = 0.5
_LINES_SHOWN = 5

_LINE = re.compile(
    r"\S+ .*?"  # host, identity, user; also a virtual host in front
    r"\[(?P<minute>\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}):(?P<second>\d{2}) (?P<zone>[+-]\d{4})\] "
    r'"(?:[^"\\]|\\.)*" '  # request
    r"(?:\d{3}|-) (?:\d+|-)(?:\s|$)"  # status, bytes; Combined and others add more
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, eq=False)
class LogCounts:
    """What an access log says about traffic."""

    counts: NDArray[np.int64]
    """Requests in each second from the first to the last, shape (seconds,)."""
    begin: datetime
    """The first second, in UTC."""
    notes: tuple[str, ...]
    """What was left out or looks odd, with line numbers, one sentence each."""

    @property
    def requests(self) -> int:
        """All requests that were counted."""
        return int(self.counts.sum())


def count_requests(path: Path) -> LogCounts:
    """Count the requests of each second in a log of Common or Combined format.

    Fields behind the usual ones are ignored, gzip is recognised by its first bytes. Lines that
    cannot be read and lines far older than those before are left out and reported; silence counts
    as no requests and is reported too.

    Args:
        path: The log, plain or gzip.

    Raises:
        InputError: If the file cannot be read, most of its lines cannot be used, or it covers
            more than a scenario may last.
    """
    counts: dict[int, int] = {}
    malformed: list[int] = []
    disordered: list[int] = []
    pauses: list[tuple[int, int, int]] = []
    lines = newest = newest_line = 0
    for number, line in _lines(path):
        lines += 1
        second = _second_of(line)
        if second is None:
            malformed.append(number)
            continue
        if newest_line and second < newest - DISORDER_S:
            disordered.append(number)
            continue
        counts[second] = counts.get(second, 0) + 1
        if second >= newest or not newest_line:
            if newest_line and second - newest > GAP_S:
                pauses.append((second - newest, newest_line, number))
            newest, newest_line = second, number
    _check_usable(path, lines, malformed, disordered)
    first, last = min(counts), max(counts)
    length = last - first + 1
    if length > LONGEST_RUN_S:
        raise InputError(
            f"{path}: expected at most {LONGEST_RUN_S // 86_400} days of traffic, "
            f"found {length / 86_400:.1f} days.",
            "Cut the log, and look for a line with a wrong date.",
        )
    array = np.zeros(length, dtype=np.int64)
    for second, count in counts.items():
        array[second - first] = count
    shortest = max(float(GAP_S), _GAP_MEAN_PAUSES * length / int(array.sum()))
    notes = [
        *_left_out(lines, malformed, "not in Common or Combined format"),
        *_left_out(lines, disordered, f"more than {DISORDER_S} s older than lines before"),
        *(
            f"No requests for {pause} s between lines {before} and {after}; counted as 0 rps."
            for pause, before, after in pauses
            if pause > shortest
        ),
    ]
    return LogCounts(array, datetime.fromtimestamp(first, UTC), tuple(notes))


def _second_of(line: str) -> int | None:
    """Seconds since the epoch of a log line; None if it is malformed."""
    match = _LINE.match(line)
    if match is None:
        return None
    minute = _minute(match["minute"], match["zone"])
    second = int(match["second"])
    return None if minute is None or second > 60 else minute + second


@functools.lru_cache(maxsize=256)
def _minute(text: str, zone: str) -> int | None:
    """Seconds since the epoch of a minute such as 10/Oct/2000:13:55; None if there is none."""
    day, month, rest = text.split("/")
    year, hour, minute = rest.split(":")
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    try:
        moment = datetime(
            int(year),
            _MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            tzinfo=timezone(-offset if zone[0] == "-" else offset),
        )
    except ValueError:
        return None
    return int(moment.timestamp())


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines that are not empty."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            stream = gzip.GzipFile(fileobj=raw) if packed else raw
            for number, line in enumerate(
                io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="\n"), start=1
            ):
                if line.strip():
                    yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{path}: expected a complete gzip file, found: {error}.", "Fetch it again."
        ) from error
    except OSError as error:
        raise InputError(
            f"{path}: expected a readable access log, found: {error.strerror or error}.",
            "Check the path.",
        ) from error


def _check_usable(path: Path, lines: int, malformed: list[int], disordered: list[int]) -> None:
    if lines == 0:
        raise InputError(
            f"{path}: expected an access log, found no lines.", "Check that this is the right file."
        )
    if len(malformed) == lines or len(malformed) > _LARGEST_BAD_SHARE * lines:
        raise InputError(
            f"{path}: expected an access log in Common or Combined format, "
            f"found {len(malformed)} of {lines} lines in another: {_numbers(malformed)}.",
            "A CSV of t_seconds,rps must be named .csv.",
        )
    if len(disordered) > _LARGEST_BAD_SHARE * lines:
        raise InputError(
            f"{path}: expected lines in the order of time, found {len(disordered)} of {lines} "
            f"more than {DISORDER_S} s older than lines before: {_numbers(disordered)}.",
            "Sort the log, and look for a line with a wrong date before them.",
        )


def _left_out(lines: int, numbers: list[int], what: str) -> list[str]:
    if not numbers:
        return []
    are = "is" if len(numbers) == 1 else "are"
    return [f"{len(numbers)} of {lines} lines {are} {what} and left out: {_numbers(numbers)}."]


def _numbers(numbers: list[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:_LINES_SHOWN])
    word = "line" if len(numbers) == 1 else "lines"
    return f"{word} {shown}{', …' if len(numbers) > _LINES_SHOWN else ''}"
