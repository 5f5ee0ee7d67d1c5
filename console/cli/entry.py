"""The entry point: picks the command, and turns every way to end into an exit code."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from console.cli import (
    attach,
    bench,
    debug,
    demo,
    doctor,
    load,
    policy,
    report,
    run,
    runs,
    scenario,
    serve,
    train,
    twin,
)
from console.cli.arguments import Parser, add_drawing
from console.cli.output import print_error
from core import __version__
from core.errors import RlscaleError

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130

_DESCRIPTION = """\
Train, watch, debug and trust a learned autoscaler, in the terminal.

Without a command the console opens."""

_EPILOG = """\
exit codes: 0 ok, 1 failure, 2 usage or invalid input, 130 interrupted
environment: RLSCALE_DATA_DIR runs and trained policies, RLSCALE_CONFIG_DIR settings,
             RLSCALE_TRACEBACK=1 whole tracebacks, NO_COLOR no colours"""

_COMMANDS = (
    demo,
    train,
    run,
    bench,
    runs,
    report,
    attach,
    serve,
    debug,
    scenario,
    twin,
    policy,
    load,
    doctor,
)


def build_parser() -> Parser:
    """The whole command line."""
    parser = Parser(prog="rlscale-console", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"rlscale-console {__version__}")
    add_drawing(parser)
    parser.set_defaults(ascii=False, low_bandwidth=None, fps=None)
    parser.set_defaults(execute=_open_console, parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for module in _COMMANDS:
        module.configure(commands)
    return parser


def _open_console(arguments: argparse.Namespace) -> int:
    from console.cli.screen import open_console
    from console.start import StartSetup

    return open_console(StartSetup(), arguments)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None takes the process's own.

    Returns:
        0 ok, 1 failure, 2 usage or invalid input, 130 interrupted.
    """
    _tolerate_narrow_encodings()
    _calculate_on_one_core()
    try:
        with _terminable():
            code = _execute(argv)
            sys.stdout.flush()
            return code
    except RlscaleError as error:
        return _fail(error, str(error), error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain at exit when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except OSError as error:
        return _fail(error, _os_error(error), EXIT_FAILURE)
    except Exception as error:
        text = f"unexpected {type(error).__name__}: {error}. RLSCALE_TRACEBACK=1 shows where."
        return _fail(error, text, EXIT_FAILURE)


def _tolerate_narrow_encodings() -> None:
    """Print a question mark where the terminal's encoding lacks a character, and go on."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _calculate_on_one_core() -> None:
    """Before NumPy is imported: for networks this small more threads only wait for each other."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _execute(argv: Sequence[str] | None) -> int:
    parser = build_parser()
    try:
        arguments, unknown = parser.parse_known_args(argv)
    except SystemExit as leaving:
        # argparse's way to end after --help and --version.
        return leaving.code if isinstance(leaving.code, int) else EXIT_OK
    if unknown:
        used: Parser = arguments.parser
        used.refuse(unknown)
    execute: Callable[[argparse.Namespace], int] = arguments.execute
    return execute(arguments)


def _fail(error: Exception, text: str, code: int) -> int:
    if os.environ.get("RLSCALE_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    print_error(text)
    return code


def _os_error(error: OSError) -> str:
    """An operating system's error in our form."""
    where = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or str(error)
    hint = ""
    if isinstance(error, PermissionError):
        hint = " Change its permissions, or set RLSCALE_DATA_DIR to a directory that you may write."
    return f"{where}{reason[:1].lower()}{reason[1:]}.{hint}"


class _terminable:
    """While it is entered, SIGTERM ends the command as Ctrl-C does, so that runs are closed."""

    def __enter__(self) -> None:
        self._former = signal.getsignal(signal.SIGTERM)
        try:
            signal.signal(signal.SIGTERM, self._interrupt)
        except ValueError:  # Not in the main thread: whoever started that thread handles signals.
            self._former = None

    def __exit__(self, *_: object) -> None:
        if self._former is not None:
            signal.signal(signal.SIGTERM, self._former)

    @staticmethod
    def _interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt
