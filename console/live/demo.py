"""The run that the console opens with for newcomers."""

from __future__ import annotations

from pathlib import Path

CAPTION = (
    "Traffic triples at 00:10. Watch how the policy answers. Press o to take over, ? for help."
)
SCENARIO = "flash-crowd"
POLICY = "ppo"
SPEED = 30.0
"""Simulated seconds per second: the first wave comes after twenty."""


def start_demo(seed: int | None = None) -> Path:
    """Launch an engine on the demo and return its run directory.

    Args:
        seed: Source of all randomness; None takes the scenario's own.

    Raises:
        RlscaleError: The engine did not start.
    """
    # Imported here: launching needs much that a console on an existing run never does.
    from core.runs.config import InferenceConfig
    from core.runs.launch import launch

    return launch(InferenceConfig(policy=POLICY, scenario=SCENARIO, seed=seed, speed=SPEED))
