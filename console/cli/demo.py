"""`demo`: the console on a live run, at once."""

from __future__ import annotations

import argparse
from typing import Any

from console.cli.arguments import LARGEST_SEED, add_ascii, add_json, whole_number
from core.errors import InputError


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "demo",
        help="the shipped policy on a flash crowd, live at once",
        description=(
            "Open the console on a flash crowd in the simulator, scaled by the shipped policy.\n"
            "With --headless the same is run without the console."
        ),
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0, LARGEST_SEED),
        metavar="N",
        help="where all randomness comes from (default: the scenario's own)",
    )
    parser.add_argument("--headless", action="store_true", help="run without the console")
    add_ascii(parser)
    add_json(parser)
    parser.set_defaults(execute=_execute, parser=parser)


def _execute(arguments: argparse.Namespace) -> int:
    if arguments.headless:
        from console.cli.running import run_headless
        from console.live.demo import POLICY, SCENARIO
        from core.runs.config import InferenceConfig

        config = InferenceConfig(policy=POLICY, scenario=SCENARIO, seed=arguments.seed, speed=None)
        return run_headless(config, arguments)
    if arguments.json:
        raise InputError(
            "expected --headless beside --json, found none.", "The console itself prints no JSON."
        )
    from console.cli.screen import open_console
    from console.start import StartDemo

    return open_console(StartDemo(arguments.seed), arguments)
