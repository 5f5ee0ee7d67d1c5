"""Which options of `debug` go together: one that would do nothing is a mistake."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Final

from core.errors import InputError

_HEADLESS: Final = ("json", "print", "export", "conditions", "names", "what_if", "branch")
_ANSWERS: Final = ("versus", "branch", "names", "conditions")
"""Each is answered instead of what is asked about one decision."""
_OF_DECISION: Final = ("export", "what_if", "question", "baseline")
_WHERE: Final = ("step", "time")
_BESIDE: Final = {
    "target": "branch",
    "then": "branch",
    "policies": "what_if",
    "horizon": "what_if",
    "samples": "what_if",
    "seed": "what_if",
    "force": "export",
}
"""What each option belongs to."""


def is_headless(arguments: argparse.Namespace) -> bool:
    """Whether the answer is printed or written, rather than shown in the console."""
    return bool(_given(arguments, _HEADLESS))


def check_options(arguments: argparse.Namespace) -> None:
    """Refuse options of which one would do nothing.

    Raises:
        InputError: There are such options.
    """
    for name in _given(arguments, _BESIDE):
        needed = _flag(_BESIDE[name])
        if not _given(arguments, [_BESIDE[name]]):
            raise InputError(
                f"expected {needed} beside {_flag(name)}, found none.", f"Add {needed}."
            )
    answers = _given(arguments, _ANSWERS)
    if arguments.branch and arguments.read_only:
        _refuse("branch", "read_only", "A branch is a new run, which is started.")
    if answers[1:]:
        _refuse(answers[0], answers[1], "Ask one after the other.")
    if answers and (unheard := _given(arguments, _OF_DECISION)):
        _refuse(answers[0], unheard[0], "Ask one after the other.")
    explained = _given(arguments, ("question", "baseline"))
    if explained and not is_headless(arguments):
        raise InputError(
            f"expected --print, --export or --json beside {_flag(explained[0])}, found none.",
            "Add one; in the console y and m ask it.",
        )
    whole = [name for name in answers if name != "branch" and is_headless(arguments)]
    if whole and (where := _given(arguments, _WHERE)):
        _refuse(whole[0], where[0], "It is answered for the whole run.")


def _refuse(name: str, other: str, hint: str) -> None:
    raise InputError(f"expected {_flag(name)} without {_flag(other)}, found both.", hint)


def _given(arguments: argparse.Namespace, names: Iterable[str]) -> list[str]:
    values = {name: getattr(arguments, name) for name in names}
    # 0 is given, though it is false.
    return [name for name, value in values.items() if value or (value == 0 and value is not False)]


def _flag(name: str) -> str:
    return "--break" if name == "conditions" else f"--{name.replace('_', '-')}"
