"""Runs to look at, written fast, and the application on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.locations import runs_directory
from core.runs.records import RunKind
from tests.core.runs.factory import write_run

FINISHED = "20261122-141503-ppo-flash-crowd-3f2a"
TRAINING = "20261122-150000-ppo-broad-77aa"


@pytest.fixture
def finished_run(isolated: Path) -> Path:
    """A finished inference run of 400 decisions."""
    return write_run(runs_directory() / FINISHED, 400)


@pytest.fixture
def training_run(isolated: Path) -> Path:
    """A finished training."""
    return write_run(runs_directory() / TRAINING, 400, kind=RunKind.TRAINING)
