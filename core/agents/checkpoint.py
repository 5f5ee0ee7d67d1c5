"""Where a training stands, stored so that it goes on after the process was killed.

A checkpoint is a policy bundle with the optimiser's tensors and a `state.json` beside it. It is
written to a directory of its own and renamed into place, so that it is there whole or not at all.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.agents.bundle_files import STATE_FILE, read_bounded
from core.errors import BundleError

_STATE_LIMIT_BYTES: Final = 1 << 20
_NAME: Final = re.compile(r"step-[0-9]{12}")
_KEEP: Final = 2


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LegacyGenerator(_Model):
    """State of NumPy's global Mersenne twister."""

    key: tuple[Annotated[int, Field(ge=0, lt=2**32)], ...] = Field(min_length=624, max_length=624)
    position: int = Field(ge=0, le=624)
    has_gauss: Literal[0, 1]
    cached_gaussian: float


class Pcg64Generator(_Model):
    """State of a NumPy `Generator` over PCG64."""

    state: int = Field(ge=0, lt=2**128)
    increment: int = Field(ge=0, lt=2**128)
    has_uint32: Literal[0, 1]
    uinteger: int = Field(ge=0, lt=2**32)


class RandomStates(_Model):
    """Where all random number generators of a training stand."""

    torch: str = Field(pattern=r"^[A-Za-z0-9+/=]+$", max_length=100_000)
    """Base64 of the bytes of torch's generator."""
    numpy: LegacyGenerator
    """Stable-Baselines3 shuffles with NumPy's global generator."""
    own: Pcg64Generator | None = None
    """The generator of exploration and replay (DQN)."""


class TrainingState(_Model):
    """All of a training's progress that is not a tensor."""

    timesteps: int = Field(ge=0)
    updates: int = Field(ge=0)
    """Passes over a rollout (PPO) or gradient steps (DQN)."""
    episodes: int = Field(ge=0)
    wall_s: float = Field(ge=0)
    """Seconds of training so far."""
    best_score: float | None = None
    """Best score of the evaluations so far."""
    baseline_score: float | None = None
    """Score of the baseline on the same validation traffic."""
    random: RandomStates


def checkpoint_directory(home: Path, timesteps: int) -> Path:
    """Where the checkpoint of that moment goes."""
    return home / f"step-{timesteps:012d}"


def find_checkpoints(home: Path) -> list[Path]:
    """Checkpoints below a directory, newest first."""
    if not home.is_dir():
        return []
    found = (path for path in home.iterdir() if _NAME.fullmatch(path.name))
    return sorted(found, key=lambda path: path.name, reverse=True)


def prune_checkpoints(home: Path) -> None:
    """Delete all checkpoints but the newest two."""
    for path in find_checkpoints(home)[_KEEP:]:
        shutil.rmtree(path, ignore_errors=True)


def read_state(path: Path) -> TrainingState:
    """Where the training of a checkpoint stood.

    Raises:
        BundleError: The file is missing or damaged.
    """
    content = read_bounded(path, STATE_FILE, _STATE_LIMIT_BYTES)
    try:
        return TrainingState.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise BundleError(
            f"expected a valid {place!r} in {path / STATE_FILE}, found: {first['msg']}.",
            "Delete the checkpoint to start the training over.",
        ) from None
