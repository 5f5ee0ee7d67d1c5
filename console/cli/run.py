"""`run`: a policy on a scenario, headless or in the console."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from console.cli.arguments import LARGEST_SEED, add_ascii, add_json, add_peak, speed, whole_number
from core.errors import InputError

if TYPE_CHECKING:
    from core.runs.config import InferenceConfig

_CONSOLE_SPEED = 10.0
"""Simulated seconds per second when somebody watches."""


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "run",
        help="run a policy on a scenario",
        description=(
            "Run a policy on a scenario. With --headless it runs here, as fast as possible, and "
            "prints\nits figures; otherwise an engine runs it and the console opens on it."
        ),
    )
    parser.add_argument(
        "--policy",
        default="ppo",
        metavar="POLICY",
        help="ppo, dqn, hpa, hpa:0.6, hpa:FILE.yaml (a manifest), threshold, static:N, a trained "
        "policy's name, or a bundle's directory (default ppo)",
    )
    parser.add_argument(
        "--scenario",
        default="flash-crowd",
        metavar="NAME|FILE",
        help="a name, a .yaml file or a trace .csv (default flash-crowd)",
    )
    add_peak(parser)
    parser.add_argument(
        "--seed",
        type=whole_number(0, LARGEST_SEED),
        metavar="N",
        help="where all randomness comes from (default: the scenario's own)",
    )
    parser.add_argument(
        "--speed",
        type=speed,
        default=argparse.SUPPRESS,
        metavar="N|max",
        help="simulated seconds per second (default: max when headless, else 10)",
    )
    parser.add_argument(
        "--mode",
        choices=("AUTO", "SHADOW", "MANUAL", "HOLD"),
        default="AUTO",
        help="control mode at the start (default AUTO)",
    )
    parser.add_argument(
        "--replicas", type=whole_number(0), metavar="N", help="pinned replicas, with --mode MANUAL"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--headless", action="store_true", help="run here, without the console")
    how.add_argument(
        "--detach", action="store_true", help="let an engine run it in the background and return"
    )
    add_ascii(parser)
    add_json(parser)
    parser.set_defaults(execute=_execute, parser=parser)


def _execute(arguments: argparse.Namespace) -> int:
    if arguments.json and not (arguments.headless or arguments.detach):
        raise InputError(
            "expected --headless or --detach beside --json, found neither.",
            "The console itself prints no JSON.",
        )
    from console.cli.running import run_detached, run_headless, run_in_console

    config = _config(arguments)
    if arguments.headless:
        return run_headless(config, arguments)
    if arguments.detach:
        return run_detached(config, arguments)
    return run_in_console(config, arguments)


def _config(arguments: argparse.Namespace) -> InferenceConfig:
    from core.runs.config import InferenceConfig
    from core.state import ControlMode

    manual = arguments.mode == ControlMode.MANUAL
    if arguments.replicas is not None and not manual:
        raise InputError(
            f"expected --mode MANUAL beside --replicas, found --mode {arguments.mode}.",
            "Replicas are pinned in mode MANUAL only.",
        )
    # None is a speed, as fast as possible, so it cannot stand for "not given" too.
    pace = getattr(arguments, "speed", None if arguments.headless else _CONSOLE_SPEED)
    return InferenceConfig(
        policy=arguments.policy,
        scenario=arguments.scenario,
        peak_rps=arguments.peak_rps,
        seed=arguments.seed,
        speed=pace,
        mode=ControlMode(arguments.mode),
        override_replicas=arguments.replicas,
    )
