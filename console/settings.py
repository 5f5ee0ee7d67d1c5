"""What the console remembers between two starts: typed, in one JSON file, never in the way."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from console.start import over_ssh
from core.locations import config_directory


class _Section(BaseModel):
    # Unknown keys are left out: a file of a newer version must not take the settings away.
    model_config = ConfigDict(extra="ignore", validate_assignment=True)


class ClusterChoices(_Section):
    """Which Deployment was chosen last; empty and None mean what the settings' own default is."""

    context: str = ""
    namespace: str = ""
    deployment: str = ""
    prometheus_url: str = ""
    config: str = ""
    """Path of a file with further settings."""
    pod_capacity_rps: float | None = Field(default=None, gt=0)
    """This and the next ones: None takes the scenario's."""
    slo_ms: float | None = Field(default=None, gt=0)
    min_replicas: int | None = Field(default=None, ge=1)
    max_replicas: int | None = Field(default=None, ge=1)
    startup_median_s: float | None = Field(default=None, gt=0)


class SetupChoices(_Section):
    """The last choices of the Setup screen."""

    environment: Literal["simulator", "cluster"] = "simulator"
    """Where a policy was run; trainings are in the simulator."""
    cluster: ClusterChoices = Field(default_factory=ClusterChoices)
    kind: Literal["policy", "training"] = "policy"
    """Whether a policy was run or one was trained."""
    scenario: str = "flash-crowd"
    """Name of a shipped scenario, or the path of an own file."""
    peak_rps: float | None = Field(default=None, gt=0)
    """Peak to which an own trace is scaled, in requests per second; None keeps it as it is."""
    policy: str = "ppo"
    """Policy specification: a shipped or trained one, or a baseline such as `hpa:0.7`."""
    algorithm: Literal["ppo", "dqn"] = "ppo"
    """What to train with."""
    steps: int | None = Field(default=None, gt=0)
    """Decisions to train for; None takes the algorithm's own."""
    learning_rate: float | None = Field(default=None, gt=0, le=1)
    """None takes the algorithm's own."""
    gamma: float | None = Field(default=None, ge=0, le=1)
    """Discount per decision; None takes the algorithm's own."""
    environments: int | None = Field(default=None, gt=0, le=4096)
    """Simulated clusters that train at once; None takes the algorithm's own."""
    traffic: Literal["broad", "scenario"] = "broad"
    """What to train on: random traffic of every kind, or the chosen scenario alone."""
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)
    """Where all randomness comes from; None takes the scenario's own, or 0 in a training."""
    speed: Literal["1", "10", "60", "max"] = "10"
    """Simulated seconds per second."""
    mode: Literal["AUTO", "SHADOW", "HOLD"] = "AUTO"
    """Control mode at the start; MANUAL needs a replica count, which is pinned later."""


class Settings(_Section):
    """Everything that is remembered."""

    theme: Literal["dark", "light", "colour-blind"] = "dark"
    ascii: bool = False
    """Draw without Unicode; the flag `--ascii` turns it on for one start."""
    low_bandwidth: Literal["auto", "on", "off"] = "auto"
    """Redraw once a second and without animation; `auto` does so over SSH."""
    setup: SetupChoices = Field(default_factory=SetupChoices)

    def low_bandwidth_now(self, environment: Mapping[str, str]) -> bool:
        """Whether to save bytes, given the environment variables of the process."""
        if self.low_bandwidth == "auto":
            return over_ssh(environment)
        return self.low_bandwidth == "on"


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, and what to tell the operator about how they were read."""

    settings: Settings
    notice: str = ""
    """Why defaults stand in for what was remembered; empty if all is well."""


def settings_path() -> Path:
    """Where the settings are kept."""
    return config_directory() / "settings.json"


def load_settings() -> LoadedSettings:
    """Read the settings; what is missing, unknown or broken becomes the default.

    One broken value costs that value, not the file.
    """
    path = settings_path()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return LoadedSettings(Settings())
    except (OSError, UnicodeDecodeError) as error:
        return LoadedSettings(Settings(), f"Settings not read, defaults used: {path}: {error}")
    try:
        content = json.loads(text)
    except ValueError as error:
        return LoadedSettings(Settings(), f"Settings not read, defaults used: {path}: {error}")
    if not isinstance(content, dict):
        return LoadedSettings(
            Settings(), f"Settings not read, defaults used: {path}: expected a JSON object"
        )
    return _validated(content, path)


def _validated(content: dict[str, object], path: Path) -> LoadedSettings:
    dropped: list[str] = []
    try:
        return LoadedSettings(Settings.model_validate(content))
    except ValidationError as error:
        for problem in error.errors():
            location = problem["loc"]
            dropped.append(".".join(str(part) for part in location))
            _drop(content, location)
    try:
        settings = Settings.model_validate(content)
    except ValidationError:
        settings = Settings()
    return LoadedSettings(settings, f"Defaults used for {', '.join(dropped)}: not valid in {path}")


def _drop(content: dict[str, object], location: tuple[int | str, ...]) -> None:
    section: object = content
    for part in location[:-1]:
        if not isinstance(section, dict) or part not in section:
            return
        section = section[part]
    if isinstance(section, dict):
        section.pop(location[-1], None)


def save_settings(settings: Settings) -> None:
    """Write the settings at once or not at all.

    Raises:
        OSError: The directory cannot be written.
    """
    path = settings_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".settings-", suffix=".json")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(settings.model_dump_json(indent=2) + "\n")
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
