from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from core.envs.actions import action_set
from core.envs.observation import FEATURE_NAMES
from core.errors import InputError
from core.locations import shipped_policies_directory
from core.runs.config import InferenceConfig, TrainingConfig
from core.runs.creation import create_run
from core.runs.reader import RunReader

MANIFEST = "kind: HorizontalPodAutoscaler\nspec: {maxReplicas: 9}\n"


def test_a_manifest_is_found_again_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my-hpa.yaml").write_text(MANIFEST)
    monkeypatch.chdir(tmp_path)
    config = InferenceConfig(policy="hpa:my-hpa.yaml", scenario="baseline-steady")
    run = create_run(config, home=tmp_path / "runs")
    with closing(RunReader(run)) as reader:
        stored, info = reader.config(), reader.info()
    assert isinstance(stored, InferenceConfig)
    assert stored.policy == f"hpa:{tmp_path.resolve() / 'my-hpa.yaml'}"
    assert info.policy == "hpa:my-hpa.yaml"


@pytest.mark.parametrize("spec", ["mine", "./mine"])
def test_a_bundle_is_found_again_from_anywhere(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(shipped_policies_directory() / "ppo", tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    run = create_run(
        InferenceConfig(policy=spec, scenario="baseline-steady"), home=tmp_path / "runs"
    )
    with closing(RunReader(run)) as reader:
        stored = reader.config()
    assert isinstance(stored, InferenceConfig)
    assert stored.policy == str(tmp_path.resolve() / "mine")


def test_a_training_finds_its_files_again_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my-day.csv").write_text("\n".join(f"{15 * i},5" for i in range(20)))
    monkeypatch.chdir(tmp_path)
    config = TrainingConfig.model_validate(
        {"scenarios": ("my-day.csv", "bursty"), "steps": 1000, "out": "kept"}
    )
    run = create_run(config, home=tmp_path / "runs")
    with closing(RunReader(run)) as reader:
        stored, info = reader.config(), reader.info()
    assert isinstance(stored, TrainingConfig)
    assert stored.scenarios == (str(tmp_path.resolve() / "my-day.csv"), "bursty")
    assert stored.out == tmp_path.resolve() / "kept"
    assert info.scenario == "my-day,bursty"


def test_a_training_says_what_its_actions_and_features_are_called(tmp_path: Path) -> None:
    config = TrainingConfig(steps=1000, action_set="classic")
    with closing(RunReader(create_run(config, home=tmp_path / "runs"))) as reader:
        info = reader.info()
    assert info.action_labels == action_set("classic").labels
    assert info.feature_names == FEATURE_NAMES


def test_no_run_is_made_for_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    config = InferenceConfig(policy="hpa:nowhere.yaml", scenario="baseline-steady")
    with pytest.raises(InputError, match="no such file"):
        create_run(config, home=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
