"""Turns what is typed into values, with messages short enough to stand beside a field."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from core.errors import InputError
from core.locations import typed_path

_SUFFIXES = {"k": 1_000, "m": 1_000_000}


@dataclass(frozen=True, slots=True)
class NumberRule:
    """Which numbers a field takes, bounds included."""

    low: float
    high: float
    integer: bool = False
    optional: bool = False
    """Whether an empty field is right; its value is None."""
    words: str = ""
    """What is expected, where the bounds would take too much room."""

    @property
    def expectation(self) -> str:
        """What is expected, in a few words, such as `1 to 4,096`."""
        return self.words or f"{_written(self.low)} to {_written(self.high)}"

    def parse(self, text: str) -> float | int | None:
        """The number in `text`; `300k` and `1.5M` are understood.

        Raises:
            InputError: Empty though required, no number, or outside the bounds.
        """
        text = text.strip().replace(",", "").replace("_", "")
        if not text:
            if self.optional:
                return None
            raise InputError(self.expectation)
        factor = _SUFFIXES.get(text[-1].lower(), 1)
        try:
            number = float(text[:-1] if factor > 1 else text) * factor
        except ValueError:
            raise InputError(self.expectation) from None
        if not math.isfinite(number) or not self.low <= number <= self.high:
            raise InputError(self.expectation)
        if not self.integer:
            return number
        if number != int(number):
            raise InputError(f"whole, {self.expectation}")
        return int(number)


def _written(number: float) -> str:
    if number >= 10_000 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:g}"


def optional_path(text: str) -> Path | None:
    """The file that `text` names, `~` expanded; None while nothing is typed.

    Raises:
        InputError: There is no such file, or it is neither YAML nor CSV.
    """
    text = text.strip()
    if not text:
        return None
    path = typed_path(text)
    # Unlike those of `Path`, these say False to any text that cannot be a path.
    if os.path.isdir(path):
        raise InputError("expected a file, this is a directory")
    if not os.path.exists(path):
        raise InputError("no such file")
    if path.suffix.lower() not in {".yaml", ".yml", ".csv"}:
        raise InputError("expected .yaml or .csv")
    return path


def settings_file(text: str) -> str:
    """The path of a YAML file that exists, `~` expanded; empty while nothing is typed.

    Raises:
        InputError: There is no such file.
    """
    text = text.strip()
    if not text:
        return ""
    path = typed_path(text)
    if not os.path.isfile(path):
        raise InputError("no such file")
    return str(path)


def base_url(text: str) -> str:
    """An address such as `http://prometheus:9090`; empty while nothing is typed.

    Raises:
        InputError: It is none, or a password stands in it.
    """
    text = text.strip()
    if not text:
        return ""
    if "@" in text:
        raise InputError("no password here: basic_auth in a settings file")
    if not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", text):
        raise InputError("expected http://HOST:PORT")
    return text.rstrip("/")


def hpa_target(text: str) -> float | Path:
    """The target CPU utilisation of an HPA, or the file of an HPA manifest.

    Raises:
        InputError: Neither a share of the request nor a YAML file that exists.
    """
    text = text.strip()
    if Path(text).suffix.lower() not in {".yaml", ".yml"}:
        return cast("float", UTILIZATION.parse(text))
    path = typed_path(text)
    if not os.path.isfile(path):
        raise InputError("no such file")
    return path


STEPS = NumberRule(1_000, 1_000_000_000, integer=True, optional=True)
SEED = NumberRule(0, 2**32 - 1, integer=True, optional=True, words="0 to 2^32-1")
LEARNING_RATE = NumberRule(1e-7, 1, optional=True)
GAMMA = NumberRule(0, 1, optional=True)
ENVIRONMENTS = NumberRule(1, 4096, integer=True, optional=True)
PEAK_RPS = NumberRule(0.1, 10_000_000, optional=True)
REPLICAS = NumberRule(1, 10_000, integer=True)
UTILIZATION = NumberRule(0.05, 1.5, words="0.05 to 1.5, or YAML")
CAPACITY_RPS = NumberRule(0.001, 1_000_000, optional=True)
SLO_MS = NumberRule(1, 600_000, optional=True)
LIMIT_REPLICAS = NumberRule(1, 10_000, integer=True, optional=True)
STARTUP_S = NumberRule(0.1, 3_600, optional=True)
