"""From the command line into the console."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from core.errors import InputError

if TYPE_CHECKING:
    from console.start import StartRequest


def require_terminal(arguments: argparse.Namespace) -> None:
    """Make sure that the console can be drawn and heard.

    Args:
        arguments: Their `without_terminal` says what the command offers in place of the console.

    Raises:
        InputError: Input or output is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()) and not _in_browser():
        raise InputError(
            "expected a terminal to open the console on, found a pipe or a file.",
            getattr(arguments, "without_terminal", "See rlscale-console --help."),
        )


def _in_browser() -> bool:
    """Whether `serve` started this process, which then draws into a page."""
    return os.environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")


def open_console(start: StartRequest, arguments: argparse.Namespace) -> int:
    """Open the console and stay until it is left; returns the exit code.

    Raises:
        InputError: There is no terminal.
    """
    require_terminal(arguments)
    if _in_browser():
        from core.subprocesses import end_with_parent

        end_with_parent()
    from console.app import run_console

    return run_console(
        start,
        ascii_only=arguments.ascii,
        low_bandwidth=arguments.low_bandwidth,
        fps=arguments.fps,
    )
