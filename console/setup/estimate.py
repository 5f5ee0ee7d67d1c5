"""How long a training will take, from what earlier trainings on this machine measured."""

from __future__ import annotations

from dataclasses import dataclass

from console.words import duration
from core.agents.config import Algorithm
from core.errors import RlscaleError
from core.locations import runs_directory

_RUNS_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class TrainingSpeed:
    """What a finished or running training measured."""

    steps_per_s: float
    """Decisions per second over all its clusters, everything included."""
    source: str
    """Which training it was, in words."""


def estimate(steps: int, speed: TrainingSpeed | None) -> str:
    """The time that `steps` decisions take, and how that is known.

    Args:
        steps: Decisions to train for.
        speed: The newest measurement with the same algorithm; None if there is none.
    """
    if speed is None or speed.steps_per_s <= 0:
        return f"{steps:,} steps. How long they take shows a few seconds after the start."
    seconds = steps / speed.steps_per_s
    return (
        f"about {duration(max(seconds, 1))}: {steps:,} steps "
        f"at the {speed.steps_per_s:,.0f} steps/s of {speed.source}."
    )


def measured_speeds() -> dict[Algorithm, TrainingSpeed]:
    """The newest measured training speed of each algorithm; reads run files, so use a worker."""
    from core.runs.config import TrainingConfig
    from core.runs.database import FILE_NAME
    from core.runs.reader import RunReader

    speeds: dict[Algorithm, TrainingSpeed] = {}
    # Names of runs begin with their time, so the newest come first.
    files = sorted(runs_directory().glob(f"*/{FILE_NAME}"), reverse=True)
    for file in files[:_RUNS_LOOKED_AT]:
        try:
            reader = RunReader(file)
            try:
                training, config = reader.status().training, reader.config()
            finally:
                reader.close()
        except (RlscaleError, OSError):
            continue
        measured = training is not None and training.steps_per_s
        if measured and isinstance(config, TrainingConfig) and config.algo not in speeds:
            speeds[config.algo] = TrainingSpeed(measured, "the last one here")
        if len(speeds) == len(Algorithm):
            break
    return speeds
