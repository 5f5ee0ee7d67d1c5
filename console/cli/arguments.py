"""Parsing of arguments: one-line errors that name close matches, and checked numbers."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from core.errors import InputError

LARGEST_SEED = 2**32 - 1

_MISSING = "the following arguments are required: "
"""How argparse begins when positional arguments or required options are missing."""
_FEWEST_REDRAWS, _MOST_REDRAWS = 0.1, 10.0

RUN = "a run's name, a unique part of its beginning or end, 'latest', or its directory"
"""What stands for a run, in words for the help."""


def close_match(found: str, known: Iterable[str]) -> str:
    """A question that names what was probably meant, in whatever case, or nothing."""
    names = {name.lower(): name for name in known}
    matches = difflib.get_close_matches(found.lower(), names, n=1, cutoff=0.6)
    return f"Did you mean {names[matches[0]]!r}?" if matches else ""


def _name(action: argparse.Action) -> str:
    """What argparse calls an argument in its errors."""
    metavar = action.metavar
    if isinstance(metavar, tuple):
        metavar = "/".join(metavar)
    return "/".join(action.option_strings) or metavar or action.dest


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are raised as one-line `InputError`s."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving.

        Raises:
            InputError: Always.
        """
        if message.startswith(_MISSING):
            message = self._missing(message.removeprefix(_MISSING).split(", "))
        text = message.removeprefix("argument ").strip()
        for action in self._actions:
            # Nobody types the name of a positional argument.
            if not action.option_strings:
                text = text.removeprefix(f"{_name(action)}: ")
        if text.endswith("?"):
            raise InputError(text)
        raise InputError(f"{text.rstrip('.')}.", f"See {self.prog} --help.")

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Say that `unknown` arguments are not known here, and which may have been meant.

        Raises:
            InputError: Always.
        """
        first = unknown[0].split("=", 1)[0]
        known = [name for action in self._actions for name in action.option_strings]
        kind = "option" if first.startswith("-") else "argument"
        self.error(f"unknown {kind} {first!r}. {close_match(first, known)}".strip())

    def _missing(self, names: Sequence[str]) -> str:
        """In words, what was expected where nothing stands."""
        actions = {_name(action): action for action in self._actions}
        expected = []
        for name in names:
            action = actions.get(name)
            if action is not None and action.choices is not None:
                expected.append(f"one of {', '.join(map(str, action.choices))}")
            elif action is not None and action.help and not action.option_strings:
                expected.append(f"{name} ({action.help})")
            else:
                expected.append(name)
        return f"expected {' and '.join(expected)}; found none"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        names = [str(name) for name in action.choices]
        expected = f"expected one of {', '.join(names)}; found {str(value)!r}"
        raise argparse.ArgumentError(action, f"{expected}. {close_match(str(value), names)}")


def whole_number(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """A type for `add_argument`: a whole number of at least `minimum`, underscores allowed."""
    bound = f"at least {minimum}" if maximum is None else f"{minimum} to {maximum}"

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if value < minimum or (maximum is not None and value > maximum):
            raise argparse.ArgumentTypeError(f"expected a whole number, {bound}; found {text!r}")
        return value

    return parse


def positive_number(text: str) -> float:
    """A type for `add_argument`: a finite number greater than 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number greater than 0; found {text!r}")
    return value


def share(text: str) -> float:
    """A type for `add_argument`: a number greater than 0 and at most 1."""
    value = positive_number(text)
    if value > 1:
        raise argparse.ArgumentTypeError(f"expected a number of at most 1; found {text!r}")
    return value


def speed(text: str) -> float | None:
    """A type for `add_argument`: simulated seconds per second; None for as fast as possible."""
    if text == "max":
        return None
    try:
        return positive_number(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"expected 'max' or a number greater than 0, such as 10; found {text!r}"
        ) from None


def names(text: str) -> tuple[str, ...]:
    """A type for `add_argument`: names separated by commas."""
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not found:
        raise argparse.ArgumentTypeError(
            f"expected one name or several separated by commas; found {text!r}"
        )
    return found


def add_mode(
    parser: Any, name: str, help: str, modes: Sequence[str] = ("AUTO", "SHADOW", "MANUAL", "HOLD")
) -> None:
    """Add an argument that takes a control mode, typed in any case.

    Args:
        parser: Or a group of one.
        name: Of the option, or of the positional argument.
        help: What the mode is for.
        modes: Which ones there are to choose from.
    """
    known = {mode.lower(): mode for mode in modes}

    def parse(text: str) -> str:
        # What is no mode stays as it was typed, for the error that repeats it.
        return known.get(text.lower(), text)

    parser.add_argument(name, type=parse, choices=tuple(modes), help=help)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`, which every command understands."""
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object as the last line of stdout"
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Add `--seed`."""
    parser.add_argument(
        "--seed",
        type=whole_number(0, LARGEST_SEED),
        default=0,
        metavar="N",
        help="where all randomness comes from (default 0)",
    )


def add_peak(parser: argparse.ArgumentParser) -> None:
    """Add `--peak-rps`."""
    parser.add_argument(
        "--peak-rps",
        type=positive_number,
        metavar="R",
        help="scale a trace so that the 99.5th percentile of its rate is R requests per second",
    )


def redraws(text: str) -> float:
    """A type for `add_argument`: redraws per second."""
    value = positive_number(text)
    if not _FEWEST_REDRAWS <= value <= _MOST_REDRAWS:
        raise argparse.ArgumentTypeError(
            f"expected {_FEWEST_REDRAWS:g} to {_MOST_REDRAWS:g} redraws per second; found {text!r}"
        )
    return value


def add_drawing(parser: argparse.ArgumentParser) -> None:
    """Add `--ascii` and how often to draw; before the command they mean the same.

    For commands that open the console.
    """
    parser.add_argument(
        "--ascii",
        action="store_true",
        default=argparse.SUPPRESS,
        help="draw the console without characters outside ASCII",
    )
    parser.add_argument(
        "--low-bandwidth",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help="redraw once a second, without animation (default: over SSH)",
    )
    parser.add_argument(
        "--fps",
        type=redraws,
        metavar="N",
        default=argparse.SUPPRESS,
        help="redraws per second at most (default: 2, over SSH 1)",
    )
