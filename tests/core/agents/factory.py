"""Policies and bundles for tests, made without training."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.agents.bundle import PolicyBundle, save_bundle
from core.agents.config import Algorithm, InferenceRule
from core.agents.manifest import NetworkLayout, tensor_shapes
from core.agents.papers import Provenance, make_manifest
from core.agents.policy import Situation
from core.agents.settings import DqnSettings, PpoSettings
from core.cluster.batch import FactsBatch, StateBatch
from core.envs.actions import action_set
from core.envs.history import StateHistory
from core.envs.observation import FEATURE_NAMES, build_observation
from core.state import ClusterState, DeploymentFacts


def make_bundle(
    algorithm: Algorithm = Algorithm.PPO,
    *,
    seed: int = 0,
    inference: InferenceRule = InferenceRule.MEAN_TARGET,
    actions: str = "headroom",
    reward_scale: float = 1.0,
) -> PolicyBundle:
    kind = PpoSettings if algorithm is Algorithm.PPO else DqnSettings
    settings = kind(reward_scale=reward_scale)
    layout = NetworkLayout(
        inputs=len(FEATURE_NAMES),
        hidden=settings.hidden,
        outputs=len(action_set(actions).labels),
        activation=settings.activation,
    )
    rng = np.random.default_rng(seed)
    weights = {
        name: rng.normal(0.0, 0.3, shape).astype(np.float32)
        for name, shape in tensor_shapes(algorithm, layout).items()
    }
    provenance = Provenance(actions, inference, ("flash-crowd",), seed)
    return PolicyBundle(make_manifest(algorithm, layout, settings, provenance, 1000), weights)


def saved_bundle(path: Path, algorithm: Algorithm = Algorithm.PPO) -> Path:
    save_bundle(path, make_bundle(algorithm))
    return path


FACTS = DeploymentFacts(
    pod_capacity_rps=50.0,
    slo_ms=250.0,
    min_replicas=2,
    max_replicas=40,
    interval_s=15.0,
    startup_median_s=20.0,
)


def make_state(
    *,
    time_s: float = 15.0,
    rps: float | None = 400.0,
    cpu: float | None = 0.7,
    ready: int = 10,
    desired: int = 10,
) -> ClusterState:
    return ClusterState(
        time_s=time_s,
        rps=rps,
        latency_p50_ms=30.0,
        latency_p95_ms=90.0,
        latency_p99_ms=150.0,
        slo_violation_ratio=0.0,
        error_ratio=0.0,
        cpu_utilization=cpu,
        memory_utilization=0.4,
        queue_requests=0.0,
        replicas_desired=desired,
        replicas_ready=ready,
        replicas_starting=0,
        nodes=1,
        metrics_age_s=5.0,
    )


def make_situation(state: ClusterState, facts: DeploymentFacts = FACTS) -> Situation:
    history = StateHistory(FactsBatch.from_facts([facts]))
    history.restart(np.ones(1, dtype=np.bool_), StateBatch.from_states([state]))
    return Situation(state, facts, history, build_observation(history)[0])
