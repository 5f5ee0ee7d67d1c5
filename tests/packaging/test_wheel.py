"""The wheel, as somebody gets it who has no clone: in an empty environment, without torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).resolve().parents[2]
_NO_NETWORK = ("Temporary failure in name resolution", "NewConnectionError", "Network is unreach")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(_ROOT)]
    subprocess.run(command, check=True, timeout=60)
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and its base dependencies; returns its bin folder."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=60)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    command += ["--constraint", str(_ROOT / "constraints.txt"), str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=150)
    if done.returncode != 0 and any(words in done.stderr for words in _NO_NETWORK):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def _call(
    program: Path, *arguments: str, folder: Path, code: int = 0
) -> subprocess.CompletedProcess[str]:
    surroundings = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(program), *arguments],
        cwd=folder,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == code, done.stderr
    return done


def _json(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    content = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(content, dict)
    return content


def test_the_wheel_carries_its_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "console/console.tcss",
        "console/py.typed",
        "core/agents/pretrained/dqn/policy.safetensors",
        "core/agents/pretrained/ppo/policy.json",
        "core/py.typed",
        "scenarios/flash-crowd.yaml",
    ):
        assert needed in names
    folders = {name.split("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {
        "console",
        "core",
        "scenarios",
    }


def test_the_demo_runs_from_another_folder_without_torch(environment: Path, tmp_path: Path) -> None:
    without = _call(environment / "python", "-c", "import torch", folder=tmp_path, code=1)
    assert "No module named 'torch'" in without.stderr
    program = environment / "rlscale-console"
    content = _json(_call(program, "demo", "--headless", "--json", folder=tmp_path))
    assert content["scenario"] == "flash-crowd"
    assert content["steps"] > 100
    assert 0 < content["slo_violation_ratio"] < 1


def test_the_doctor_says_that_only_training_is_missing(environment: Path, tmp_path: Path) -> None:
    content = _json(_call(environment / "rlscale-console", "doctor", "--json", folder=tmp_path))
    assert content["ok"] is True
    missing = [check["check"] for check in content["checks"] if not check["ok"]]
    assert missing == ["training"]


def test_training_says_what_to_install(environment: Path, tmp_path: Path) -> None:
    done = _call(environment / "rlscale-console", "train", folder=tmp_path, code=2)
    [line] = done.stderr.splitlines()
    assert line.startswith("error: expected the extra `train`")
    assert "pip install 'rlscale-console[train]'" in line
