"""Runs to debug: lived through once, copied for every test."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from core.locations import runs_directory
from tests.core.agents.factory import saved_bundle
from tests.core.debug.factory import ORDERS, played

NAME = "20261122-141503-ppo-eventful-3f2a"
HPA_NAME = "20261122-141511-hpa-eventful-77aa"
SAMPLE_NAME = "20261122-141529-sample-eventful-5b1c"


def named(directory: Path, name: str) -> Path:
    """The same run under a name that does not change from test to test."""
    renamed = directory.with_name(name)
    directory.rename(renamed)
    connection = sqlite3.connect(renamed / "run.db")
    with connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'run_id'", (json.dumps(name),))
    connection.close()
    return renamed


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a PPO run that an operator disturbed, and undisturbed ones of others."""
    home = tmp_path_factory.mktemp("debugged")
    named(played(home, "ppo", orders=ORDERS), NAME)
    named(played(home, "hpa"), HPA_NAME)
    saved_bundle(home / "sample")
    named(played(home, str(home / "sample")), SAMPLE_NAME)
    return home


@pytest.fixture
def run(isolated: Path, written: Path) -> Path:
    """The PPO run, of 81 decisions."""
    return Path(shutil.copytree(written / NAME, runs_directory() / NAME))


@pytest.fixture
def sample_run(isolated: Path, written: Path) -> Path:
    """A run whose policy is never trained again, for pictures."""
    return Path(shutil.copytree(written / SAMPLE_NAME, runs_directory() / SAMPLE_NAME))


@pytest.fixture
def hpa_run(isolated: Path, written: Path) -> Path:
    """The HPA's run with the same scenario and seed."""
    return Path(shutil.copytree(written / HPA_NAME, runs_directory() / HPA_NAME))
