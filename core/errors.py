"""The one exception family. Every message says what was expected, what was found, what to do."""

from __future__ import annotations


class RlscaleError(Exception):
    """Anything that the operator can be told in one line.

    Args:
        message: What was expected and what was found.
        hint: What to do about it; may be empty.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(RlscaleError):
    """Invalid input from the operator: a file, a name, a number, a combination of flags."""

    exit_code = 2


class BundleError(InputError):
    """A policy bundle that cannot be trusted or does not fit this version."""


class RunError(RlscaleError):
    """A run that cannot be read, started, resumed or commanded."""
