from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.setup.names import free_name, policy_name
from core.agents.baselines import BASELINES
from core.agents.config import Algorithm
from core.errors import InputError
from core.locations import trained_policies_directory
from core.runs.config import TrainingConfig
from core.runs.creation import create_run
from core.runs.lock import EngineLock


def test_the_first_free_number_is_offered() -> None:
    assert free_name("ppo") == "ppo-1"
    (trained_policies_directory() / "ppo-1").mkdir(parents=True)
    assert free_name("ppo") == "ppo-2"
    assert free_name("dqn") == "dqn-1"


@pytest.mark.parametrize("text", ["", "a b", "../up", "a/b", ".hidden", "x" * 61])
def test_what_cannot_be_a_directory_name_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        policy_name(text)


def test_taken_names_are_refused() -> None:
    (trained_policies_directory() / "mine").mkdir(parents=True)
    for text in ("mine", "ppo", "HPA", "random", *(one.spec.split(":")[0] for one in BASELINES)):
        with pytest.raises(InputError, match="taken"):
            policy_name(text)
    assert policy_name(" mine-2 ") == "mine-2"


def test_a_name_is_taken_from_the_beginning_of_its_training() -> None:
    def training(name: str) -> Path:
        config = TrainingConfig(
            algo=Algorithm.PPO, steps=512, out=trained_policies_directory() / name
        )
        return create_run(config)

    run = training(free_name("ppo"))
    assert free_name("ppo") == "ppo-2", "its engine is about to start"
    note = trained_policies_directory() / ".ppo-1.training"
    os.utime(note, (0, 0))
    assert free_name("ppo") == "ppo-1", "it never started"
    with EngineLock(run):
        assert free_name("ppo") == "ppo-2"
        with pytest.raises(InputError, match="taken"):
            policy_name("ppo-1")
        training("ppo-2")
        assert note.exists()
    training("ppo-3")
    assert not note.exists(), "notes of what is over go"
