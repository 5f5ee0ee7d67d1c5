"""What the three parts of Setup say together, to be started and to be remembered."""

from __future__ import annotations

from console.settings import SetupChoices
from console.setup.decider import DeciderPanel
from console.setup.environment import EnvironmentPanel
from console.setup.traffic import TrafficPanel


def gathered(
    environment: EnvironmentPanel, traffic: TrafficPanel, decider: DeciderPanel
) -> SetupChoices:
    """Everything as it stands; fields that are wrong count as empty."""
    policy, training = decider.policy_form, decider.training_form
    return SetupChoices.model_validate(
        {
            "environment": environment.chosen,
            "cluster": environment.cluster.choices,
            "kind": "training" if decider.is_training else "policy",
            "scenario": traffic.scenario,
            "peak_rps": traffic.peak_rps,
            "policy": policy.policy,
            "algorithm": training.algorithm.value,
            "steps": training.steps,
            "learning_rate": training.learning_rate,
            "gamma": training.gamma,
            "environments": training.environments,
            "traffic": training.traffic,
            "seed": environment.simulator.seed,
            "speed": environment.simulator.speed,
            "mode": policy.mode,
        }
    )
