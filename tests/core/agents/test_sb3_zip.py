from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.base_class import BaseAlgorithm

from core.agents.bundle import load_bundle, save_bundle
from core.agents.config import Algorithm, InferenceRule
from core.agents.network import Network
from core.agents.papers import settings_of
from core.agents.sb3_zip import import_sb3_zip
from core.agents.settings import DqnSettings, PpoSettings
from core.errors import BundleError
from tests.core.agents.toys import FEATURES, GuessVecEnv


def make_model(algorithm: Algorithm) -> BaseAlgorithm:
    if algorithm is Algorithm.PPO:
        kwargs = {"net_arch": {"pi": [32, 16], "vf": [32, 16]}}
        return PPO("MlpPolicy", GuessVecEnv(), policy_kwargs=kwargs, device="cpu")
    return DQN("MlpPolicy", GuessVecEnv(), buffer_size=8, device="cpu")


class Payload:
    """Unpickling this makes a directory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._path),)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_an_imported_model_acts_like_the_original(tmp_path: Path, algorithm: Algorithm) -> None:
    model = make_model(algorithm)
    model.save(tmp_path / "model.zip")
    bundle = import_sb3_zip(tmp_path / "model.zip")
    save_bundle(tmp_path / "bundle", bundle)
    network = Network(load_bundle(tmp_path / "bundle"))
    inputs = np.random.default_rng(0).uniform(-1, 1, (50, FEATURES)).astype(np.float32)
    expected, _ = model.predict(inputs, deterministic=True)
    np.testing.assert_array_equal(network.scores(inputs).argmax(axis=1), expected)
    assert bundle.manifest.algorithm is algorithm
    assert bundle.manifest.inference is InferenceRule.ARGMAX
    assert bundle.manifest.reward_scale == 1.0
    assert "gamma" not in bundle.manifest.hyper_parameters
    assert settings_of(bundle.manifest, PpoSettings if model.__class__ is PPO else DqnSettings, "")


def repacked(source: Path, target: Path, **entries: bytes | None) -> Path:
    """A copy of a zip in which some entries are replaced, or left out where None."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            key = name.replace(".", "_")
            content = entries.get(key, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


@pytest.fixture(scope="module")
def ppo_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sb3") / "model.zip"
    make_model(Algorithm.PPO).save(path)
    return path


def test_a_pickle_in_the_data_is_never_opened(ppo_zip: Path, tmp_path: Path) -> None:
    trap = tmp_path / "executed"
    with zipfile.ZipFile(ppo_zip) as archive:
        data = json.loads(archive.read("data"))
    hostile = base64.b64encode(pickle.dumps(Payload(trap))).decode()
    for value in data.values():
        if isinstance(value, dict) and ":serialized:" in value:
            value[":serialized:"] = hostile
    path = repacked(ppo_zip, tmp_path / "hostile.zip", data=json.dumps(data).encode())
    bundle = import_sb3_zip(path)
    assert bundle.manifest.network.hidden == (32, 16)
    assert not trap.exists()
    # The trap works: Stable-Baselines3's own loader falls into it.
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        PPO.load(path)
    assert trap.exists()


def weights_with(payload: object) -> bytes:
    stream = io.BytesIO()
    torch.save({"action_net.weight": payload}, stream)
    return stream.getvalue()


def test_a_pickle_as_weights_is_refused_unexecuted(ppo_zip: Path, tmp_path: Path) -> None:
    trap = tmp_path / "executed"
    hostile = [weights_with(Payload(trap)), pickle.dumps(Payload(trap))]
    for number, content in enumerate(hostile):
        path = repacked(ppo_zip, tmp_path / f"{number}.zip", policy_pth=content)
        with pytest.raises(BundleError) as caught:
            import_sb3_zip(path)
        assert "\n" not in str(caught.value)
    assert not trap.exists()
    torch.load(io.BytesIO(hostile[0]), weights_only=False)
    assert trap.exists()


def changed_weights(path: Path, **changes: Any) -> bytes:
    with zipfile.ZipFile(path) as archive:
        tensors = torch.load(io.BytesIO(archive.read("policy.pth")), weights_only=True)
    for name, value in changes.items():
        tensors[name.replace("__", ".")] = value
    stream = io.BytesIO()
    torch.save({name: one for name, one in tensors.items() if one is not None}, stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"action_net__weight": torch.zeros(3, 16)}, "shape [28, 16]"),
        ({"action_net__bias": None}, "'action_net.bias'"),
        ({"log_std": torch.zeros(1)}, "'log_std'"),
        ({"action_net__bias": torch.full((28,), torch.nan)}, "NaN"),
        ({"action_net__bias": torch.zeros(28, dtype=torch.float64)}, "float32"),
        ({"action_net__bias": "text"}, "float32 tensors"),
        ({"value_net__weight": torch.zeros(1).expand(10**9, 10**9)}, "shape [1, 16]"),
        ({"mlp_extractor__policy_net__0__weight": torch.zeros(32, 9)}, "shape [32, 73]"),
    ],
)
def test_other_tensors_are_refused(
    ppo_zip: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    content = changed_weights(ppo_zip, **changes)
    path = repacked(ppo_zip, tmp_path / "changed.zip", policy_pth=content)
    with pytest.raises(BundleError) as caught:
        import_sb3_zip(path)
    assert message in str(caught.value)


def test_other_files_are_refused(ppo_zip: Path, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no zip")
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("policy.pth", bytes(range(256)) * 64)
    content = bytearray(packed.read_bytes())
    content[40:60] = b"\xff" * 20
    packed.write_bytes(content)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * (65 << 20))
    for path, message in (
        (tmp_path / "nowhere.zip", "No such file"),
        (tmp_path / "text.zip", "not a zip"),
        (packed, "decompressing"),
        (repacked(ppo_zip, tmp_path / "none.zip", policy_pth=None), r"policy\.pth"),
        (repacked(ppo_zip, tmp_path / "bomb.zip", policy_pth=bomb.getvalue()), "at most"),
        (repacked(ppo_zip, tmp_path / "short.zip", policy_pth=b"PK"), "not a zip"),
    ):
        with pytest.raises(BundleError, match=message):
            import_sb3_zip(path)
