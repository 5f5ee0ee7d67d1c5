"""What a run on a real cluster writes down before it begins, everything checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from core.agents.bundle import load_bundle
from core.agents.config import Algorithm
from core.agents.policy import refuse_clairvoyant
from core.agents.registry import load_policy
from core.cluster.kubernetes.facts import resolve_facts
from core.cluster.kubernetes.kubeconfig import IN_CLUSTER, pinned
from core.cluster.kubernetes.settings import Actuator, KubernetesSettings
from core.cluster.kubernetes.target import Target
from core.envs.observation import FEATURE_NAMES
from core.envs.pipeline import EpisodeSettings
from core.errors import InputError, RunError
from core.runs.config import InferenceConfig, OnlineTrainingConfig
from core.runs.control import check_override
from core.state import DeploymentFacts
from core.traffic.library import load_scenario
from core.traffic.scenario import GuardrailSettings, RewardWeights, Scenario

ENVIRONMENT: Final = "k8s"
"""First word of `environment` in `meta`; the Deployment's full name follows."""

CAREFUL: Final = GuardrailSettings(
    largest_step_up_ratio=1.0,
    largest_step_down_ratio=0.5,
    stabilization_down_s=60.0,
)
"""Guardrails of a run on a cluster for which nobody chose any."""


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """What is going to be done to which Deployment."""

    settings: KubernetesSettings
    """With everything that depends on the surroundings written out."""
    target: Target
    facts: DeploymentFacts
    episode: EpisodeSettings
    scenario: Scenario | None
    """The twin of the service; None without one."""


def plan_of(settings: KubernetesSettings, scenario: Scenario | None) -> ClusterPlan:
    """Fill in everything that the settings leave open.

    Raises:
        InputError: No kubeconfig or context, or no model of the service.
    """
    settings = pinned(settings)
    target = Target(
        settings.context or IN_CLUSTER, settings.namespace or "default", settings.deployment
    )
    chosen = scenario is not None and "guardrails" in scenario.model_fields_set
    guardrails = settings.guardrails or (scenario.guardrails if scenario and chosen else CAREFUL)
    weights = scenario.reward if scenario is not None else RewardWeights()
    return ClusterPlan(
        settings.model_copy(
            update={"guardrails": guardrails, "metrics": _with_absolute_files(settings)}
        ),
        target,
        resolve_facts(settings, scenario),
        EpisodeSettings(weights, guardrails),
        scenario,
    )


def twin_of(config: InferenceConfig) -> Scenario | None:
    """The scenario that a config for a cluster names; None if it names none.

    Raises:
        InputError: There is no such scenario.
    """
    if not config.scenario:
        return None
    return load_scenario(config.scenario, peak_rps=config.peak_rps)


def check_confirmation(confirmation: str, target: Target) -> None:
    """Refuse a confirmation of another Deployment than the one that would be scaled.

    Raises:
        InputError: That is so.
    """
    if confirmation and confirmation != str(target):
        raise InputError(
            f"expected the confirmation {str(target)!r}, found {confirmation!r}.",
            "Confirm with the full name of the Deployment that is to be scaled.",
        )


def cluster_meta(config: InferenceConfig, plan: ClusterPlan) -> dict[str, Any]:
    """Facts for `meta` of a run on a cluster.

    Raises:
        InputError: The policy is unknown or clairvoyant, or the confirmation or an override does
            not fit.
    """
    policy = load_policy(config.policy)
    refuse_clairvoyant(policy)
    check_confirmation(config.confirmation, plan.target)
    if config.override_replicas is not None:
        check_override(config.override_replicas, None, plan.facts)
    return _meta(plan, config.write) | {
        "policy_name": policy.name,
        "seed": config.seed or 0,
        "duration_s": config.duration_s,
    }


def online_meta(config: OnlineTrainingConfig, plan: ClusterPlan) -> dict[str, Any]:
    """Facts for `meta` of a training on a cluster.

    Raises:
        InputError: The bundle cannot go on learning, or the confirmation does not fit.
    """
    bundle = load_bundle(Path(config.start_from))
    found = bundle.manifest.algorithm
    if found is not Algorithm.DQN:
        raise InputError(
            f"expected a DQN policy to go on learning on a cluster, found {found.upper()} at "
            f"{config.start_from}.",
            "PPO learns only from its own choices, and a cluster gives one per interval; DQN "
            "learns from what operators and guardrails did too.",
        )
    check_confirmation(config.confirmation, plan.target)
    return _meta(plan, config.write) | {
        "policy_name": config.algo.value,
        "seed": config.seed,
        "duration_s": None,
        "facts": asdict(plan.facts),
        "action_labels": bundle.manifest.action_labels,
        "feature_names": FEATURE_NAMES,
    }


def _meta(plan: ClusterPlan, write: bool) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "environment": f"{ENVIRONMENT} {plan.target}",
        "target": str(plan.target),
        "may_write": write,
        "steers_floor": plan.settings.actuator is Actuator.HPA_FLOOR,
        "scenario_name": f"{plan.target.namespace}/{plan.target.deployment}",
        "interval_s": plan.facts.interval_s,
        "guardrails": plan.episode.guardrails.model_dump(mode="json"),
        "reward": plan.episode.weights.model_dump(mode="json"),
    }
    if plan.scenario is not None:
        meta["scenario"] = plan.scenario.model_dump(mode="json")
    return meta


def require_settings(config: InferenceConfig) -> KubernetesSettings:
    """The settings of a config for a cluster.

    Raises:
        RunError: It is for a simulation.
    """
    if config.kubernetes is None:
        raise RunError("expected a run on a cluster, found one in the simulator.")
    return config.kubernetes


def _with_absolute_files(settings: KubernetesSettings) -> Any:
    """Whoever restarts the run may do so in another working directory."""
    metrics = settings.metrics
    files = {
        name: value.expanduser().resolve()
        for name in type(metrics).model_fields
        if isinstance(value := getattr(metrics, name), Path)
    }
    return metrics.model_copy(update=files)
