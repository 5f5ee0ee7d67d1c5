"""What commands with --env k8s are asked to do, and the confirmation that writing takes."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from core.errors import InputError

if TYPE_CHECKING:
    from core.cluster.kubernetes.settings import KubernetesSettings
    from core.runs.config import InferenceConfig, OnlineTrainingConfig
    from core.state import ControlMode

DAY_OF_DECISIONS = 5_760
"""Decisions of a training on a cluster that nobody gave a length: a day of one every 15 s."""
_WRITING = ("AUTO", "MANUAL")


def add_writing(parser: argparse.ArgumentParser) -> Any:
    """Add `--write` and `--confirm`; returns their group."""
    group = parser.add_argument_group("writing to a real cluster (with --env k8s)")
    group.add_argument(
        "--write", action="store_true", help="it may scale the Deployment, once confirmed"
    )
    group.add_argument(
        "--confirm",
        metavar="CONTEXT/NAMESPACE/DEPLOYMENT",
        help="confirm that this very Deployment may be scaled; asked for on a terminal",
    )
    return group


def cluster_config(arguments: argparse.Namespace, mode: ControlMode) -> InferenceConfig:
    """The config of a run on a cluster.

    Raises:
        InputError: Flags contradict each other, something is missing, or nothing was confirmed.
    """
    from core.runs.config import EnvironmentKind, InferenceConfig, checked

    if getattr(arguments, "speed", 1.0) != 1.0:
        raise InputError("expected --speed 1 or none with --env k8s: a cluster lives in real time.")
    settings, confirmation = _permission(arguments, mode.value)
    return checked(
        InferenceConfig,
        environment=EnvironmentKind.KUBERNETES,
        kubernetes=settings,
        policy=arguments.policy,
        scenario=arguments.scenario or "",
        peak_rps=arguments.peak_rps,
        seed=arguments.seed,
        speed=1.0,
        mode=mode,
        override_replicas=arguments.replicas,
        write=arguments.write,
        confirmation=confirmation,
        duration_s=arguments.duration,
    )


def online_config(arguments: argparse.Namespace, values: dict[str, Any]) -> OnlineTrainingConfig:
    """The config of a training on a cluster.

    Args:
        arguments: Of the command line.
        values: Of the config, as for a training in the simulator.

    Raises:
        InputError: Flags contradict each other, something is missing, or nothing was confirmed.
    """
    from core.agents.registry import bundle_directory
    from core.runs.config import OnlineTrainingConfig, checked
    from core.state import ControlMode

    if arguments.algo == "ppo":
        raise InputError(
            "expected --algo dqn or none with --env k8s, found --algo ppo.",
            "PPO learns only from its own choices, and a cluster gives one per interval.",
        )
    twins = tuple(name for name in arguments.scenario if name != "random")
    if len(twins) > 1:
        raise InputError(f"expected one scenario fitted to the service, found {', '.join(twins)}.")
    start_from = arguments.start_from or "dqn"
    bundle = bundle_directory(start_from)
    if bundle is None:
        raise InputError(
            f"expected a DQN policy's name or its bundle's directory with --from, "
            f"found {start_from!r}."
        )
    settings, confirmation = _permission(arguments, arguments.mode or "SHADOW")
    return checked(
        OnlineTrainingConfig,
        **values
        | {
            "steps": arguments.steps or DAY_OF_DECISIONS,
            "kubernetes": settings,
            "start_from": str(bundle),
            "twin": twins[0] if twins else "",
            "write": arguments.write,
            "confirmation": confirmation,
            "mode": ControlMode(arguments.mode or "SHADOW"),
        },
    )


def _permission(arguments: argparse.Namespace, mode: str) -> tuple[KubernetesSettings, str]:
    """Which Deployment, and the confirmation that it may be scaled, asked for if need be."""
    from console.cli.kubernetes import settings_from
    from core.cluster.kubernetes.kubeconfig import IN_CLUSTER, pinned
    from core.cluster.kubernetes.target import Target

    if arguments.confirm and not arguments.write:
        raise InputError("expected --write beside --confirm, found none.")
    if mode in _WRITING and not arguments.write:
        raise InputError(
            f"expected --write with --mode {mode}, found none.",
            "Without it a run on a cluster may only look: --mode SHADOW.",
        )
    settings = pinned(settings_from(arguments))
    context = settings.context or IN_CLUSTER
    target = Target(context, settings.namespace or "default", settings.deployment)
    confirmation = arguments.confirm or ""
    if mode in _WRITING and not confirmation:
        confirmation = _ask(target)
    return settings, confirmation


def _ask(target: object) -> str:
    """Let the operator type the Deployment's full name.

    Raises:
        InputError: There is nobody to ask.
    """
    from console.cli.output import ask, note

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError(
            f"expected --confirm {target} beside --write, found none.",
            "It says that this very Deployment may be scaled.",
        )
    note(f"This will scale {target}.")
    return ask("Type its full name to confirm:")
