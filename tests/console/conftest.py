"""Runs to look at: written once, copied for every test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.locations import runs_directory
from core.runs.records import RunKind
from tests.core.runs.factory import write_run

FINISHED = "20261122-141503-ppo-flash-crowd-3f2a"
TRAINING = "20261122-150000-ppo-broad-77aa"


@pytest.fixture(scope="session")
def written_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished inference run and one finished training."""
    folder = tmp_path_factory.mktemp("runs")
    write_run(folder / FINISHED, 400)
    write_run(folder / TRAINING, 400, kind=RunKind.TRAINING)
    return folder


@pytest.fixture
def finished_run(isolated: Path, written_runs: Path) -> Path:
    """A finished inference run of 400 decisions."""
    return Path(shutil.copytree(written_runs / FINISHED, runs_directory() / FINISHED))


@pytest.fixture
def training_run(isolated: Path, written_runs: Path) -> Path:
    """A finished training."""
    return Path(shutil.copytree(written_runs / TRAINING, runs_directory() / TRAINING))
