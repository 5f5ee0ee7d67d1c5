"""Registers the environment with Gymnasium, through this package's entry point."""

from __future__ import annotations

import gymnasium

ENVIRONMENT_ID = "rlscale/Autoscale-v0"


def register() -> None:
    """Make `gymnasium.make("rlscale/Autoscale-v0")` work."""
    if ENVIRONMENT_ID not in gymnasium.registry:
        gymnasium.register(ENVIRONMENT_ID, entry_point="core.envs.autoscale:AutoscaleEnv")
