from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from core.agents.bundle import Tensors, load_bundle, load_optimizer, save_bundle
from core.agents.bundle_files import MANIFEST_FILE, WEIGHTS_FILE, read_bounded
from core.agents.config import Algorithm
from core.errors import BundleError
from tests.core.agents.factory import make_bundle, saved_bundle


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_was_saved_is_loaded(tmp_path: Path, algorithm: Algorithm) -> None:
    moments = {"some.moment": np.arange(6, dtype=np.float32).reshape(2, 3)}
    written = save_bundle(tmp_path / "policy", make_bundle(algorithm), optimizer=moments)
    loaded = load_bundle(tmp_path / "policy")
    assert loaded.manifest == written.manifest
    for name, array in written.weights.items():
        np.testing.assert_array_equal(loaded.weights[name], array)
    found = load_optimizer(tmp_path / "policy", loaded.manifest)
    np.testing.assert_array_equal(found["some.moment"], moments["some.moment"])


def test_saving_again_replaces_the_older_bundle(tmp_path: Path) -> None:
    path = saved_bundle(tmp_path / "policy", Algorithm.PPO)
    save_bundle(path, make_bundle(Algorithm.DQN, seed=3))
    assert load_bundle(path).manifest.algorithm is Algorithm.DQN
    assert [one.name for one in tmp_path.iterdir()] == ["policy"]


def test_a_failed_write_leaves_the_older_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved_bundle(tmp_path / "policy")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BundleError, match="No space left"):
        save_bundle(path, make_bundle(Algorithm.DQN))
    monkeypatch.undo()
    assert load_bundle(path).manifest.algorithm is Algorithm.PPO
    assert [one.name for one in tmp_path.iterdir()] == ["policy"]


@pytest.mark.parametrize("name", ["thesis.txt", "dashboard.json", "model.safetensors"])
@pytest.mark.parametrize("beside_a_bundle", [False, True])
def test_a_directory_with_other_things_is_not_replaced(
    tmp_path: Path, name: str, beside_a_bundle: bool
) -> None:
    home = saved_bundle(tmp_path / "home") if beside_a_bundle else tmp_path / "home"
    home.mkdir(exist_ok=True)
    (home / name).write_text("years of work")
    with pytest.raises(BundleError, match=name):
        save_bundle(home, make_bundle())
    assert (home / name).read_text() == "years of work"


def test_no_bundle_at_all(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such directory"):
        load_bundle(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError, match=r"expected policy\.json"):
        load_bundle(tmp_path / "empty")
    with pytest.raises(BundleError, match="expected optimiser state"):
        load_optimizer(tmp_path, make_bundle().manifest)


def _set(*keys: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        for key in keys[:-1]:
            manifest = manifest[key]
        manifest[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("format_version", value=2), "bundle format 1"),
        (_set("format_version", value="1; rm"), "bundle format 1"),
        (_set("algorithm", value="sarsa"), "'algorithm'"),
        (_set("observation", "hash", value="0123456789abcdef"), "expected observation"),
        (_set("observation", "features", value=["rps"]), "features"),
        (_set("action_set", value="teleport"), "expected an action set"),
        (_set("action_set", value="classic"), "3 actions"),
        (_set("action_labels", value=["up", "down"]), "actions"),
        (_set("inference", value="guess"), "'inference'"),
        (_set("temperature", value=0.0), "'temperature'"),
        (_set("temperature", value=float("nan")), "'temperature'"),
        (_set("network", "hidden", value=[64, 32]), "float32"),
        (_set("network", "hidden", value=[64, -1]), "'network.hidden"),
        (_set("network", "hidden", value=[10**12, 64]), "'network.hidden"),
        (_set("network", "inputs", value=34), "34 inputs"),
        (_set("network", "outputs", value=27), "27 outputs"),
        (_set("network", "activation", value="__import__('os')"), "'network.activation'"),
        (_set("weights_sha256", value="f" * 64), "SHA-256"),
        (_set("weights_sha256", value="../../secret"), "'weights_sha256'"),
        (_set("weights_file", value="/etc/passwd"), "'weights_file'"),
    ],
)
def test_a_changed_manifest_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    path = saved_bundle(tmp_path / "policy")
    manifest = json.loads((path / MANIFEST_FILE).read_text())
    change(manifest)
    (path / MANIFEST_FILE).write_text(json.dumps(manifest))
    with pytest.raises(BundleError) as caught:
        load_bundle(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000, b"{}"]
)
def test_broken_json_is_refused(tmp_path: Path, content: bytes) -> None:
    path = saved_bundle(tmp_path / "policy")
    (path / MANIFEST_FILE).write_bytes(content)
    with pytest.raises(BundleError) as caught:
        load_bundle(path)
    assert "\n" not in str(caught.value)


def _drop(tensors: Tensors) -> None:
    del tensors["action_net.bias"]


def _add(tensors: Tensors) -> None:
    tensors["log_std"] = np.zeros(1, dtype=np.float32)


def _reshape(tensors: Tensors) -> None:
    tensors["action_net.weight"] = tensors["action_net.weight"].T.copy()


def _poison(tensors: Tensors) -> None:
    tensors["action_net.weight"][3, 4] = np.nan


def _explode(tensors: Tensors) -> None:
    tensors["value_net.weight"][0, 0] = 1e30


def _widen(tensors: Tensors) -> None:
    tensors["value_net.bias"] = tensors["value_net.bias"].astype(np.float64)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_drop, "'action_net.bias'"),
        (_add, "'log_std'"),
        (_reshape, "[28, 128]"),
        (_poison, "NaN"),
        (_explode, "larger"),
        (_widen, "float64"),
    ],
)
def test_other_tensors_are_refused_even_with_the_right_digest(
    tmp_path: Path, change: Callable[[Tensors], None], message: str
) -> None:
    path = saved_bundle(tmp_path / "policy")
    tensors = {name: one.copy() for name, one in load_bundle(path).weights.items()}
    change(tensors)
    content = safetensors.numpy.save(tensors)
    rewrite(path, content)
    with pytest.raises(BundleError) as caught:
        load_bundle(path)
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\x80\x04.", b"\xff" * 8, b"\x08" + b"\0" * 7 + b"{}"])
def test_other_files_as_weights_are_refused(tmp_path: Path, content: bytes) -> None:
    path = saved_bundle(tmp_path / "policy")
    rewrite(path, content)
    with pytest.raises(BundleError, match="damaged file"):
        load_bundle(path)


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    path = saved_bundle(tmp_path / "policy")
    content = bytearray((path / WEIGHTS_FILE).read_bytes())
    content[-1] ^= 1
    (path / WEIGHTS_FILE).write_bytes(content)
    with pytest.raises(BundleError, match="SHA-256"):
        load_bundle(path)


def test_files_that_are_too_large_are_not_read(tmp_path: Path) -> None:
    path = saved_bundle(tmp_path / "policy")
    with (path / WEIGHTS_FILE).open("r+b") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(BundleError, match="at most"):
        load_bundle(path)


@pytest.mark.parametrize("name", [MANIFEST_FILE, WEIGHTS_FILE])
def test_links_and_pipes_in_a_bundle_are_refused(tmp_path: Path, name: str) -> None:
    path = saved_bundle(tmp_path / "policy")
    (path / name).rename(tmp_path / "elsewhere")
    (path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="Links inside a bundle are not followed"):
        load_bundle(path)
    (path / name).unlink()
    os.mkfifo(path / name)
    with pytest.raises(BundleError, match="plain file"):
        load_bundle(path)


@pytest.mark.parametrize("name", ["../secret.json", "/etc/passwd", "..", "", "a/b"])
def test_no_name_leads_out_of_a_bundle(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "policy").mkdir()
    with pytest.raises(BundleError, match="plain file name"):
        read_bounded(tmp_path / "policy", name, 1000)


def rewrite(path: Path, content: bytes) -> None:
    """Replace the weights and the digest, as somebody who wants in would."""
    import hashlib

    (path / WEIGHTS_FILE).write_bytes(content)
    manifest = json.loads((path / MANIFEST_FILE).read_text())
    manifest["weights_sha256"] = hashlib.sha256(content).hexdigest()
    (path / MANIFEST_FILE).write_text(json.dumps(manifest))
