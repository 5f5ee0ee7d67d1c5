"""What `run --env k8s` is asked to do, and the confirmation that writing takes."""

from __future__ import annotations

import argparse
import sys

from console.cli.kubernetes import settings_from
from console.cli.output import note
from core.errors import InputError
from core.runs.config import EnvironmentKind, InferenceConfig
from core.state import ControlMode


def cluster_config(arguments: argparse.Namespace, mode: ControlMode) -> InferenceConfig:
    """The config of a run on a cluster.

    Raises:
        InputError: Flags contradict each other, something is missing, or nothing was confirmed.
    """
    from core.cluster.kubernetes.kubeconfig import IN_CLUSTER, pinned
    from core.cluster.kubernetes.target import Target

    if getattr(arguments, "speed", 1.0) != 1.0:
        raise InputError("expected --speed 1 or none with --env k8s: a cluster lives in real time.")
    if arguments.confirm and not arguments.write:
        raise InputError("expected --write beside --confirm, found none.")
    writing = mode in (ControlMode.AUTO, ControlMode.MANUAL)
    if writing and not arguments.write:
        raise InputError(
            f"expected --write with --mode {mode}, found none.",
            "Without it a run on a cluster may only look: --mode SHADOW.",
        )
    settings = pinned(settings_from(arguments))
    context = settings.context or IN_CLUSTER
    target = Target(context, settings.namespace or "default", settings.deployment)
    confirmation = arguments.confirm or ""
    if writing and not confirmation:
        confirmation = _ask(target)
    return InferenceConfig(
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


def _ask(target: object) -> str:
    """Let the operator type the Deployment's full name.

    Raises:
        InputError: There is nobody to ask.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError(
            f"expected --confirm {target} beside --write, found none.",
            "It says that this very Deployment may be scaled.",
        )
    note(f"This run will scale {target}.")
    print("Type its full name to confirm: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()
