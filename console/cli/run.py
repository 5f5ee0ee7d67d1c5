"""`run`: a policy on a scenario or on a real Deployment, headless or in the console."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from console.cli.arguments import (
    LARGEST_SEED,
    add_drawing,
    add_json,
    add_mode,
    add_peak,
    positive_number,
    speed,
    whole_number,
)
from console.cli.kubernetes import (
    add_environment,
    add_kubernetes_arguments,
    refuse_kubernetes_arguments,
)
from console.cli.live import add_writing
from core.errors import InputError

if TYPE_CHECKING:
    from core.runs.config import InferenceConfig

_LAST_PORT = 65_535
_CONSOLE_SPEED = 10.0
"""Simulated seconds per second when somebody watches."""


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "run",
        help="run a policy on a scenario or a real Deployment",
        description=(
            "Run a policy on a scenario. With --headless it runs here, as fast as possible, and "
            "prints\nits figures; otherwise an engine runs it and the console opens on it.\n\n"
            "With --env k8s it runs on a Deployment, in real time, until it is stopped. It only "
            "advises\n(mode SHADOW) unless --write is given and the Deployment's full name is "
            "confirmed."
        ),
    )
    add_environment(parser, "where the policy acts")
    parser.add_argument(
        "--policy",
        default="ppo",
        metavar="POLICY",
        help="ppo, dqn, hpa, hpa:0.6, hpa:FILE.yaml (a manifest), rule, keda, kpa, predictive, "
        "oracle, threshold, static:N, a trained policy's name, or a bundle's directory; `policy "
        "list` says what they are (default ppo)",
    )
    parser.add_argument(
        "--scenario",
        metavar="NAME|FILE",
        help="a name, a .yaml file or a trace .csv (default flash-crowd); with --env k8s the twin "
        "that was fitted to the service, if there is one",
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
    add_mode(
        parser, "--mode", "control mode at the start (default: AUTO in the simulator, else SHADOW)"
    )
    parser.add_argument(
        "--replicas", type=whole_number(0), metavar="N", help="pinned replicas, with --mode MANUAL"
    )
    add_kubernetes_arguments(parser)
    live = add_writing(parser)
    live.add_argument(
        "--duration",
        type=positive_number,
        metavar="S",
        help="seconds after which the run ends (default: when it is stopped)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--headless", action="store_true", help="run here, without the console")
    how.add_argument(
        "--detach", action="store_true", help="let an engine run it in the background and return"
    )
    told = parser.add_argument_group("for other programs (with --headless)")
    told.add_argument(
        "--metrics-port",
        type=whole_number(0, _LAST_PORT),
        metavar="N",
        help="serve /metrics for Prometheus, and the probes /healthz and /readyz; 0 takes a free "
        "port and names it on stderr (default: nothing is served)",
    )
    told.add_argument(
        "--metrics-address",
        metavar="ADDRESS",
        help="address to serve them on; 0.0.0.0 is all of them (default 127.0.0.1)",
    )
    add_drawing(parser)
    add_json(parser)
    parser.set_defaults(
        execute=_execute, parser=parser, without_terminal="Add --headless or --detach."
    )


def _execute(arguments: argparse.Namespace) -> int:
    if arguments.json and not (arguments.headless or arguments.detach):
        raise InputError(
            "expected --headless or --detach beside --json, found neither.",
            "The console itself prints no JSON.",
        )
    if arguments.metrics_port is not None and not arguments.headless:
        raise InputError("expected --headless beside --metrics-port, found none.")
    if arguments.metrics_address is not None and arguments.metrics_port is None:
        raise InputError("expected --metrics-port beside --metrics-address, found none.")
    from console.cli.running import run_detached, run_headless, run_in_console

    config = _config(arguments)
    if arguments.headless:
        return run_headless(config, arguments)
    if arguments.detach:
        return run_detached(config, arguments)
    return run_in_console(config, arguments)


def _config(arguments: argparse.Namespace) -> InferenceConfig:
    from core.state import ControlMode

    on_cluster = arguments.env == "k8s"
    default = ControlMode.SHADOW if on_cluster else ControlMode.AUTO
    mode = ControlMode(arguments.mode) if arguments.mode else default
    if arguments.replicas is not None and mode is not ControlMode.MANUAL:
        raise InputError(
            f"expected --mode MANUAL beside --replicas, found --mode {mode}.",
            "Replicas are pinned in mode MANUAL only.",
        )
    if arguments.replicas is None and mode is ControlMode.MANUAL:
        raise InputError(
            "expected --replicas beside --mode MANUAL, found none.",
            "In MANUAL they stay as you pin them.",
        )
    if on_cluster:
        from console.cli.live import cluster_config

        return cluster_config(arguments, mode)
    refuse_kubernetes_arguments(arguments)
    for name, given in (
        ("--write", arguments.write),
        ("--confirm", arguments.confirm),
        ("--duration", arguments.duration),
    ):
        if given:
            raise InputError(f"expected --env k8s beside {name}, found --env sim.")
    from core.runs.config import InferenceConfig, checked

    # None is a speed, as fast as possible, so it cannot stand for "not given" too.
    pace = getattr(arguments, "speed", None if arguments.headless else _CONSOLE_SPEED)
    return checked(
        InferenceConfig,
        policy=arguments.policy,
        scenario=arguments.scenario or "flash-crowd",
        peak_rps=arguments.peak_rps,
        seed=arguments.seed,
        speed=pace,
        mode=mode,
        override_replicas=arguments.replicas,
    )
