"""The other run to hold beside one: a run there is, or another policy on the same traffic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InputError, RunError

if TYPE_CHECKING:
    from core.debug.debugger import Debugger


def rival_of(debugger: Debugger, directory: Path, text: str) -> Path:
    """The directory of the run that `text` means; its engine may still be at work.

    Args:
        debugger: The run to hold it beside.
        directory: Of that run.
        text: A policy, which then runs on the same scenario and seed as fast as it can, or a run.

    Raises:
        InputError: It is neither.
        RunError: The engine did not start.
    """
    from core.agents.registry import load_policy
    from core.runs.catalogue import find_run
    from core.runs.config import InferenceConfig
    from core.runs.creation import create_run
    from core.runs.launch import start_engine

    words = text.strip()
    try:
        found = find_run(words)
    except InputError:
        found = None
    if found is not None:
        if found.resolve() == directory.resolve():
            raise InputError("expected another run than this one.")
        return found
    try:
        load_policy(words)
    except InputError as error:
        raise InputError(
            f"expected a policy's name or a run's, found {words!r}.", error.hint
        ) from error
    info, config = debugger.info, debugger.reader.config()
    if not isinstance(config, InferenceConfig) or info.environment != "sim":
        raise RunError(
            f"expected a simulator run to repeat under another policy, found {info.environment}."
        )
    rival = InferenceConfig(
        policy=words, scenario=config.scenario, seed=info.seed, peak_rps=config.peak_rps, speed=None
    )
    made = create_run(rival, parent=info.run_id, scenario=debugger.reader.scenario())
    start_engine(made)
    return made
