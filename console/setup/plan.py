"""From what is chosen to what is started: the sentence that says it, and the engine's config."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.settings import SetupChoices
from console.setup.cluster_settings import ClusterSetup
from core.agents.config import DEFAULT_STEPS, RANDOM_TRAFFIC, Algorithm

if TYPE_CHECKING:
    from core.runs.config import RunConfig


def sentence(
    choices: SetupChoices, kept_as: str | None, cluster: ClusterSetup | None = None
) -> str:
    """What enter would start, in one line.

    Args:
        choices: Everything chosen.
        kept_as: Name of the trained policy.
        cluster: The Deployment, if the run is on one.
    """
    if cluster is not None:
        writes = "may scale once you confirm" if cluster.write else "nothing is written"
        model = f", model of {_short(cluster.scenario)}" if cluster.scenario else ""
        return f"Run {choices.policy} on {cluster.target}, SHADOW: {writes}{model}"
    seed = "" if choices.seed is None else f", seed {choices.seed}"
    scenario = _short(choices.scenario)
    if choices.peak_rps is not None:
        scenario += f" scaled to {choices.peak_rps:g} rps"
    if choices.kind == "training":
        steps = choices.steps or DEFAULT_STEPS[Algorithm(choices.algorithm)]
        traffic = "broad random traffic" if choices.traffic == "broad" else scenario
        return (
            f"Train {choices.algorithm.upper()} for {steps:,} steps on {traffic}{seed}, "
            f"keep it as {kept_as}"
        )
    pace = "at full speed" if choices.speed == "max" else f"at {choices.speed}x"
    return f"Run {choices.policy} on {scenario} {pace}, {choices.mode}{seed}"


def _short(scenario: str) -> str:
    """A scenario's name, or that of its file without the folder."""
    return scenario.rpartition("/")[2]


def run_config(
    choices: SetupChoices, kept_as: str | None, cluster: ClusterSetup | None = None
) -> RunConfig:
    """What the engine is asked to do.

    Args:
        choices: Everything chosen, all of it valid.
        kept_as: Name under which a trained policy is kept; None keeps it in its run alone.
        cluster: The Deployment, if the run is on one; it always starts in SHADOW.
    """
    from core.agents.config import HyperParameters, TrainingConfig
    from core.locations import trained_policies_directory
    from core.runs.config import EnvironmentKind, InferenceConfig
    from core.state import ControlMode

    if cluster is not None:
        return InferenceConfig(
            environment=EnvironmentKind.KUBERNETES,
            kubernetes=cluster.settings,
            policy=choices.policy,
            scenario=cluster.scenario,
            speed=1.0,
            mode=ControlMode.SHADOW,
            write=cluster.write,
        )
    if choices.kind == "policy":
        return InferenceConfig(
            policy=choices.policy,
            scenario=choices.scenario,
            peak_rps=choices.peak_rps,
            seed=choices.seed,
            speed=None if choices.speed == "max" else float(choices.speed),
            mode=ControlMode(choices.mode),
        )
    algorithm = Algorithm(choices.algorithm)
    alone = choices.traffic == "scenario"
    return TrainingConfig(
        algo=algorithm,
        scenarios=(choices.scenario,) if alone else (RANDOM_TRAFFIC,),
        peak_rps=choices.peak_rps if alone else None,
        steps=choices.steps or DEFAULT_STEPS[algorithm],
        seed=choices.seed or 0,
        out=None if kept_as is None else trained_policies_directory() / kept_as,
        hyper_parameters=HyperParameters(
            learning_rate=choices.learning_rate,
            gamma=choices.gamma,
            environments=choices.environments,
        ),
    )
