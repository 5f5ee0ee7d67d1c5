"""How the runs of a guide stand, read from their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.guide.state import GuideState, Step


@dataclass(frozen=True, slots=True)
class RunGlance:
    """One run in a line."""

    live: bool
    finished: bool
    """Whether it came to its regular end."""
    share: float | None
    """How much of it is done; None where there is no end."""
    left_s: float | None
    text: str
    decisions: int = 0


def glance_at(directory: str) -> RunGlance:
    """Read how a run stands; one that is gone or unreadable says so."""
    from core.errors import RlscaleError
    from core.runs.reader import RunReader
    from core.runs.records import RunState

    try:
        reader = RunReader(Path(directory))
        try:
            status = reader.status()
        finally:
            reader.close()
    except (RlscaleError, OSError) as error:
        return RunGlance(False, False, None, None, f"The run cannot be read: {error}")
    training = status.training
    if training is None:
        degraded = f", degraded: {status.degraded}" if status.degraded else ""
        text = f"{status.state}, mode {status.mode}, {status.step + 1:,} decisions{degraded}"
        return RunGlance(status.state.is_live, status.step >= 0, None, None, text, status.step + 1)
    share = min(1.0, training.timesteps / max(1, training.total_timesteps))
    score = ""
    if training.best_score is not None and training.baseline_score is not None:
        score = f", score {training.best_score:.2f} (HPA {training.baseline_score:.2f})"
    message = f": {status.message}" if status.message and not status.state.is_live else ""
    # The score matters most, and the line may be cut at its end.
    done = "" if status.state is RunState.FINISHED else f", {100 * share:.0f} %"
    return RunGlance(
        status.state.is_live,
        status.state is RunState.FINISHED,
        share,
        training.eta_s,
        f"{status.state}{done}{score}{message}",
    )


def read_glances(state: GuideState) -> dict[Step, RunGlance]:
    """Of every run that the guide has started."""
    found = {}
    for step, directory in ((Step.TRAIN, state.training), (Step.SHADOW, state.shadow)):
        if directory:
            found[step] = glance_at(directory)
    return found
