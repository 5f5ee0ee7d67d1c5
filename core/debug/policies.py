"""The policy that decided in a run, as it is on this machine now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.agents.policy import ClairvoyantPolicy, Policy
from core.agents.registry import load_policy
from core.errors import InputError
from core.runs.config import InferenceConfig

if TYPE_CHECKING:
    from core.runs.reader import RunReader


def policy_of(reader: RunReader) -> tuple[Policy | None, str]:
    """Who decides in a run, without any memory of it; or None and why it cannot be loaded.

    Args:
        reader: The run, no training.
    """
    config = reader.config()
    if not isinstance(config, InferenceConfig):
        return None, "a training has no one policy"
    try:
        policy = load_policy(config.policy)
        if isinstance(policy, ClairvoyantPolicy):
            policy.foresee(reader.scenario(), reader.info().seed)
    except InputError as error:
        return None, str(error)
    return policy, ""
