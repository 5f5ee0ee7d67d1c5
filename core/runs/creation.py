"""Creating a run: everything is checked before its directory exists."""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import core
from core.agents.config import RANDOM_TRAFFIC
from core.agents.registry import from_anywhere, load_policy
from core.clock import Clock, SystemClock
from core.envs.actions import action_set
from core.envs.observation import FEATURE_NAMES
from core.locations import runs_directory, trained_policies_directory, typed_path
from core.runs.config import (
    InferenceConfig,
    OnlineTrainingConfig,
    RunConfig,
    TrainingConfig,
    kind_of,
    slug,
)
from core.runs.control import Control, check_override
from core.runs.database import create_run_file
from core.runs.reservations import reserve
from core.runs.rows import StatusRow
from core.traffic.library import load_scenario
from core.traffic.scenario import Scenario


def create_run(
    config: RunConfig,
    *,
    home: Path | None = None,
    parent: str | None = None,
    scenario: Scenario | None = None,
    clock: Clock | None = None,
) -> Path:
    """Check a config and create the directory and file of a run that has not begun.

    Args:
        config: What the run is asked to do.
        home: Directory below which the run's directory is made; `runs_directory()` by default.
        parent: Run that this one restarts.
        scenario: Taken instead of loading the one that an inference config names.
        clock: For the time of creation; the machine's by default.

    Returns:
        The run directory.

    Raises:
        InputError: Unknown scenario or policy, numbers that do not fit them, or a directory that
            cannot be written.
        RunError: Writing failed.
    """
    clock = clock or SystemClock()
    config = _with_absolute_paths(config)
    if isinstance(config, InferenceConfig) and config.on_cluster:
        config, about = _cluster_run(config, scenario)
        status = _inference_status(config)
    elif isinstance(config, InferenceConfig):
        about = _inference_meta(config, scenario)
        status = _inference_status(config)
    elif isinstance(config, OnlineTrainingConfig):
        config, about = _online_training(config, scenario)
        status = StatusRow(total_timesteps=config.steps, mode=config.mode, speed=1.0)
    else:
        about = _training_meta(config)
        status = StatusRow(total_timesteps=config.steps)
    now = clock.now()
    directory = (home or runs_directory()) / _run_id(now, about)
    meta: dict[str, Any] = {
        "run_id": directory.name,
        "kind": kind_of(config).value,
        "created_wall_time": now,
        "program_version": core.__version__,
        "parent": parent,
        "environment": "sim",
        "config": config.model_dump(mode="json"),
        **about,
    }
    create_run_file(directory, meta, status)
    out = None if isinstance(config, InferenceConfig) else config.out
    if out is not None and out.parent == trained_policies_directory().resolve():
        reserve(out, directory)
    return directory


def _cluster_run(
    config: InferenceConfig, scenario: Scenario | None
) -> tuple[InferenceConfig, dict[str, Any]]:
    from core.runs.cluster_meta import cluster_meta, plan_of, require_settings, twin_of

    plan = plan_of(require_settings(config), scenario or twin_of(config))
    config = config.model_copy(update={"kubernetes": plan.settings})
    return config, cluster_meta(config, plan)


def _online_training(
    config: OnlineTrainingConfig, scenario: Scenario | None
) -> tuple[OnlineTrainingConfig, dict[str, Any]]:
    from core.runs.cluster_meta import online_meta, plan_of

    twin = load_scenario(config.twin, peak_rps=config.peak_rps) if config.twin else None
    plan = plan_of(config.kubernetes, scenario or twin)
    config = config.model_copy(update={"kubernetes": plan.settings})
    return config, online_meta(config, plan)


def _run_id(now: float, about: dict[str, Any]) -> str:
    moment = datetime.fromtimestamp(now).strftime("%Y%m%d-%H%M%S")
    policy = str(about["policy_name"]).partition(" (")[0]
    return f"{moment}-{slug(policy)}-{slug(about['scenario_name'])}-{secrets.token_hex(2)}"


def _inference_meta(config: InferenceConfig, scenario: Scenario | None) -> dict[str, Any]:
    policy = load_policy(config.policy)
    scenario = scenario or load_scenario(config.scenario, peak_rps=config.peak_rps)
    if config.override_replicas is not None:
        check_override(config.override_replicas, None, scenario.facts)
    return {
        "scenario_name": scenario.name,
        "scenario": scenario.model_dump(mode="json"),
        "policy_name": policy.name,
        "seed": scenario.seed if config.seed is None else config.seed,
        "interval_s": float(scenario.interval_s),
        "duration_s": float(scenario.duration_s),
    }


def _inference_status(config: InferenceConfig) -> StatusRow:
    control = Control(config.mode)
    if config.override_replicas is not None:
        control = Control().with_override(config.override_replicas, None, 0.0)
    return StatusRow(
        mode=control.mode,
        former_mode=control.former_mode,
        override_target=control.override_target,
        speed=config.speed,
        paused=config.paused,
    )


def _training_meta(config: TrainingConfig) -> dict[str, Any]:
    interval_s = float(Scenario.model_fields["interval_s"].default)
    names: list[str] = []
    for name in config.scenarios:
        if name == RANDOM_TRAFFIC:
            names.append(name)
            continue
        scenario = load_scenario(name, peak_rps=config.peak_rps)
        interval_s = float(scenario.interval_s)
        names.append(scenario.name)
    return {
        "scenario_name": ",".join(names),
        "policy_name": config.algo.value,
        "seed": config.seed,
        "interval_s": interval_s,
        "duration_s": None,
        "action_labels": action_set(config.action_set).labels,
        "feature_names": FEATURE_NAMES,
    }


def _with_absolute_paths(config: RunConfig) -> RunConfig:
    """Whoever restarts or resumes the run may do so in another working directory."""
    if isinstance(config, InferenceConfig):
        return config.model_copy(
            update={
                "scenario": _absolute_scenario(config.scenario),
                "policy": from_anywhere(config.policy),
            }
        )
    return config.model_copy(
        update={
            "scenarios": tuple(map(_absolute_scenario, config.scenarios)),
            "out": None if config.out is None else typed_path(config.out).resolve(),
        }
    )


def _absolute_scenario(name: str) -> str:
    path = typed_path(name)
    return str(path.resolve()) if path.suffix and os.path.isfile(path) else name
