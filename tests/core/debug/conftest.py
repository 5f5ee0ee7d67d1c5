"""Runs to look back on: lived through once for all tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.locations import shipped_policies_directory
from tests.core.debug.factory import ORDERS, played


@pytest.fixture(scope="session")
def operated_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished PPO run in which an operator pinned, held and shadowed."""
    return played(tmp_path_factory.mktemp("operated"), "ppo", orders=ORDERS)


@pytest.fixture(scope="session")
def plain_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished PPO run in mode AUTO throughout."""
    return played(tmp_path_factory.mktemp("plain"), "ppo")


@pytest.fixture(scope="session")
def dqn_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with DQN."""
    return played(tmp_path_factory.mktemp("dqn"), "dqn")


@pytest.fixture(scope="session")
def hpa_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with an HPA, which has no actions but a memory."""
    return played(tmp_path_factory.mktemp("hpa"), "hpa")


@pytest.fixture(scope="session")
def orphaned_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a policy whose bundle, "mine" beside the run, is there no more."""
    home = tmp_path_factory.mktemp("orphaned")
    shutil.copytree(shipped_policies_directory() / "ppo", home / "mine")
    run = played(home, str(home / "mine"))
    shutil.rmtree(home / "mine")
    return run
