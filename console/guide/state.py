"""How far the guide has come; kept in a file, so that it goes on where it was left."""

from __future__ import annotations

import json
import os
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from core.locations import data_directory


class Step(StrEnum):
    """One step of the guide; the value is its title."""

    RECORD = "Record traffic"
    FIT = "Fit a twin"
    TRAIN = "Train in the twin"
    SHADOW = "Shadow beside what scales it now"
    REPORT = "Report"


STEPS = tuple(Step)


class Result(BaseModel):
    """What came of a step, in lines to show."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """A table, if there is one."""
    notes: tuple[str, ...] = ()
    """What is worth knowing, one line each."""


class GuideState(BaseModel):
    """Everything that the steps have made so far."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    settings: dict[str, Any] = {}
    """`KubernetesSettings`, ready for JSON; empty before the first step."""
    target: str = ""
    """context/namespace/deployment."""
    range_s: int = 0
    scenario: str = ""
    """The twin's YAML file."""
    recording: str = ""
    training: str = ""
    """Directory of the training's run."""
    bundle: str = ""
    """Where the trained policy goes."""
    shadow: str = ""
    """Directory of the shadow run."""
    markdown: str = ""
    """The report as a file."""
    results: dict[Step, Result] = {}
    """Steps that are done, apart from the two that are runs."""

    def made(self, step: Step) -> bool:
        """Whether what a step makes is there, or on its way."""
        if step is Step.TRAIN:
            return bool(self.training)
        if step is Step.SHADOW:
            return bool(self.shadow)
        return step in self.results

    def without(self, step: Step) -> GuideState:
        """As it was before a step and all that follow it."""
        first = STEPS.index(step)
        fields: dict[str, object] = {
            "results": {
                one: result for one, result in self.results.items() if STEPS.index(one) < first
            }
        }
        for later, names in _MADE.items():
            if STEPS.index(later) >= first:
                fields |= dict.fromkeys(names, "")
        return self.model_copy(update=fields)

    def with_result(self, step: Step, result: Result, **fields: object) -> GuideState:
        """With what came of a step; what was made of its former result is dropped."""
        cleared = self.without(step)
        return cleared.model_copy(update={"results": {**cleared.results, step: result}, **fields})


_MADE: dict[Step, tuple[str, ...]] = {
    Step.TRAIN: ("training", "bundle"),
    Step.SHADOW: ("shadow",),
    Step.REPORT: ("markdown",),
}


def guide_directory() -> Path:
    """Where the guide keeps its state, twins and reports."""
    return data_directory() / "guide"


def load_state() -> GuideState:
    """The state as it was left; a fresh one if there is none or it cannot be read."""
    try:
        text = (guide_directory() / "guide.json").read_text(encoding="utf-8")
        return GuideState.model_validate_json(text)
    except (OSError, ValidationError, UnicodeDecodeError):
        return GuideState()


def save_state(state: GuideState) -> None:
    """Keep the state; the file appears whole.

    Raises:
        OSError: It cannot be written.
    """
    folder = guide_directory()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".guide.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(state.model_dump(mode="json"), file)
        os.replace(name, folder / "guide.json")
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
