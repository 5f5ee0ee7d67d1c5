"""An inference run on a real cluster: what the engine does there besides the loop."""

from __future__ import annotations

import socket
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from core.agents.registry import load_policy
from core.clock import Clock
from core.cluster.kubernetes.build import open_cluster
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.envs.observation import FEATURE_NAMES
from core.runs.cluster_meta import (
    ENVIRONMENT,
    ClusterPlan,
    check_confirmation,
    plan_of,
    require_settings,
)
from core.runs.config import InferenceConfig
from core.runs.control import Control
from core.runs.journal import Journal
from core.runs.loop import ControlLoop
from core.runs.reconcile import reconcile_last
from core.runs.store import RunWriter
from core.traffic.scenario import Scenario


def plan_cluster(
    plan: ClusterPlan,
    clock: Clock,
    directory: Path,
    journal: Journal,
    write: bool,
    seed: int,
    duration_s: float | None = None,
) -> KubernetesCluster:
    """The Deployment of a plan; its first look finds out what a killed engine had begun.

    Args:
        plan: Which Deployment.
        clock: Paces everything.
        directory: Of the run; its name is in the lease, so that people see who holds it.
        journal: Where the run is written.
        write: Whether it may ever be written to.
        seed: Spreads retries.
        duration_s: When it counts as finished; None: never.

    Raises:
        InputError: The kubeconfig or a secret is gone.
    """
    return open_cluster(
        plan.settings,
        plan.facts,
        clock,
        np.random.default_rng(seed),
        write=write,
        holder=f"{directory.name}@{socket.gethostname()}",
        duration_s=duration_s,
        past=partial(reconcile_last, directory, f"{ENVIRONMENT} {plan.target}", clock, journal),
    )


def live_loop(
    writer: RunWriter,
    clock: Clock,
    config: InferenceConfig,
    scenario: Scenario | None,
    directory: Path,
) -> ControlLoop:
    """The control loop of a run on a cluster, not yet started.

    Args:
        writer: Store of the run; its status says in which mode to begin.
        clock: Paces everything.
        config: Of the run.
        scenario: The twin of the service, if there is one.
        directory: Of the run.

    Raises:
        InputError: The policy, the kubeconfig or a secret is gone, or another Deployment would be
            scaled than the one that was confirmed.
    """
    plan = plan_of(require_settings(config), scenario)
    check_confirmation(config.confirmation, plan.target)
    policy = load_policy(config.policy)
    status = writer.status
    control = Control(
        status.mode, status.former_mode, status.override_target, status.override_ends_s
    )
    cluster = plan_cluster(
        plan, clock, directory, writer, config.write, config.seed or 0, config.duration_s
    )
    writer.set_meta(
        {
            "facts": asdict(plan.facts),
            "action_labels": policy.action_labels,
            "feature_names": FEATURE_NAMES,
        }
    )
    return ControlLoop(cluster, policy, plan.episode, writer, clock, control)
