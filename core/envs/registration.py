"""Registers the environment with Gymnasium.

Gymnasium 1.0 gave up loading plugins by itself. `gymnasium.make` imports what stands before a
colon, so `gymnasium.make("core.envs.registration:rlscale/Autoscale-v0")` always works, and the
short id does once this module or `core.envs.autoscale` is imported. The package declares `register`
in the entry point group `gymnasium.envs` for tools that still look there.
"""

from __future__ import annotations

import gymnasium

ENVIRONMENT_ID = "rlscale/Autoscale-v0"


def register() -> None:
    """Make the id known to Gymnasium; calling it again changes nothing."""
    if ENVIRONMENT_ID not in gymnasium.registry:
        gymnasium.register(ENVIRONMENT_ID, entry_point="core.envs.autoscale:AutoscaleEnv")


register()
