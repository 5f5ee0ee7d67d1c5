"""`demo`: the console on a live run, at once, and a story that steers it until you do."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli.arguments import LARGEST_SEED, add_drawing, add_json, positive_number, whole_number
from console.cli.output import print_error
from core.errors import InputError

if TYPE_CHECKING:
    from console.story.script import ScriptError

POLICY = "ppo"
SCENARIO = "flash-crowd"
"""Of the demo without a console."""

_PACES = (0.1, 100.0)


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "demo",
        help="a five-minute story that steers the console until you do",
        description=(
            "Open the console on a flash crowd in the simulator, scaled by the shipped policy,\n"
            "and let a script show what there is to see: space pauses it, any other key takes\n"
            "over, G lets it go on. With --headless the run alone, without console and story."
        ),
    )
    parser.add_argument(
        "--script",
        type=Path,
        metavar="FILE.yaml",
        help="tell another story; docs/demo.md says how to write one",
    )
    parser.add_argument(
        "--pace",
        type=_pace,
        default=1.0,
        metavar="X",
        help="how much faster than written, such as 0.5 or 2 (default 1)",
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0, LARGEST_SEED),
        metavar="N",
        help="where all randomness comes from (default: the scenario's own)",
    )
    parser.add_argument("--headless", action="store_true", help="run without the console")
    add_drawing(parser)
    add_json(parser)
    parser.set_defaults(execute=_execute, parser=parser, without_terminal="Add --headless.")


def _pace(text: str) -> float:
    pace = positive_number(text)
    low, high = _PACES
    if not low <= pace <= high:
        raise argparse.ArgumentTypeError(
            f"expected a number from {low:g} to {high:g}; found {text!r}"
        )
    return pace


def _execute(arguments: argparse.Namespace) -> int:
    if arguments.headless:
        if arguments.script is not None:
            raise InputError(
                "expected a console for --script, found --headless.", "A story is told on screen."
            )
        from console.cli.running import run_headless
        from core.runs.config import InferenceConfig

        config = InferenceConfig(policy=POLICY, scenario=SCENARIO, seed=arguments.seed, speed=None)
        return run_headless(config, arguments)
    if arguments.json:
        raise InputError(
            "expected --headless beside --json, found none.", "The console itself prints no JSON."
        )
    if arguments.script is not None:
        from console.story.script import ScriptError

        try:
            _check(arguments.script)
        except ScriptError as error:
            return _refuse(error)
    from console.cli.screen import open_console
    from console.start import StartDemo

    return open_console(StartDemo(arguments.seed, arguments.script, arguments.pace), arguments)


def _check(path: Path) -> None:
    """Everything that would end the story later is said before the console opens."""
    from console.story.company import Company
    from console.story.script import load_script, refusal

    problems = Company(load_script(path), path.resolve().parent).problems()
    if problems:
        places = [(("runs", name), words) for name, words in problems]
        raise refusal(path, path.read_text(encoding="utf-8"), places)


def _refuse(error: ScriptError) -> int:
    """One line for each thing that is wrong."""
    for line in error.lines:
        print_error(line)
    return error.exit_code
