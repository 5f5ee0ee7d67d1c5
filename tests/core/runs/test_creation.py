from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from core.errors import InputError
from core.runs.config import InferenceConfig
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


def test_no_run_is_made_for_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    config = InferenceConfig(policy="hpa:nowhere.yaml", scenario="baseline-steady")
    with pytest.raises(InputError, match="no such file"):
        create_run(config, home=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
