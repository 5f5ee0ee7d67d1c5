from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.agents.config import Algorithm
from core.agents.registry import (
    PolicyOrigin,
    bundle_directory,
    from_anywhere,
    list_policies,
    load_policy,
)
from core.errors import BundleError, InputError
from core.locations import trained_policies_directory
from tests.core.agents.factory import saved_bundle


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("hpa", "hpa"),
        ("hpa:0.6", "hpa:0.6"),
        ("hpa:0.70", "hpa"),
        ("static:12", "static:12"),
        ("rule", "rule"),
        ("rule:75:0.75", "rule"),
        ("rule:60:0.8", "rule:60:0.8"),
        ("threshold", "threshold"),
    ],
)
def test_baselines_by_name(spec: str, name: str) -> None:
    policy = load_policy(spec)
    assert policy.name == name
    assert policy.action_labels == ()


def test_trained_policies_by_name_and_by_path(tmp_path: Path) -> None:
    saved_bundle(trained_policies_directory() / "mine", Algorithm.DQN)
    saved_bundle(tmp_path / "elsewhere")
    assert load_policy("mine").name == "mine (trained)"
    assert load_policy(str(tmp_path / "elsewhere")).name == "elsewhere"
    assert len(load_policy("mine").action_labels) == 28


def test_policies_are_listed_with_what_is_wrong_with_them() -> None:
    saved_bundle(trained_policies_directory() / "mine")
    broken = saved_bundle(trained_policies_directory() / "broken")
    (broken / "policy.json").write_text("{")
    entries = {entry.spec: entry for entry in list_policies()}
    baselines = {"hpa", "rule", "keda", "kpa", "predictive", "oracle", "threshold", "static:10"}
    assert {"mine", "broken", *baselines} <= entries.keys()
    assert entries["mine"].origin is PolicyOrigin.TRAINED
    assert entries["mine"].description == "PPO trained on flash-crowd, 1,000 steps"
    assert entries["broken"].description.startswith("cannot be used: expected JSON")
    assert entries["hpa"].path is None
    with pytest.raises(BundleError):
        load_policy("broken")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("treshold", "Did you mean threshold?"),
        ("hpaa", "Did you mean hpa or kpa?"),
        ("qqqqqq", "There are"),
        ("", "There are"),
        ("../../nowhere", "There are"),
        ("hpa:", "hpa:0.6"),
        ("hpa:70%", "hpa:0.6"),
        ("hpa:7", "hpa:0.6"),
        ("hpa:nan", "hpa:0.6"),
        ("hpa:0", "hpa:0.6"),
        ("static", "static:10"),
        ("static:0", "static:10"),
        ("static:-3", "static:10"),
        ("static:1e3", "static:10"),
        ("static:" + "9" * 5000, "static:10"),
        ("rule:", "rule:75:0.75"),
        ("rule:75", "rule:75:0.75"),
        ("rule:75:0.75:1", "rule:75:0.75"),
        ("rule:75:nan", "rule:75:0.75"),
        ("rule:0:0.75", "rule:75:0.75"),
        ("rule:inf:0.75", "rule:75:0.75"),
        ("rule:75:0", "rule:75:0.75"),
        ("rule:" + "7" * 5000 + ":0.7", "rule:75:0.75"),
        ("threshold:3", "Did you mean threshold?"),
        ("~nobody-of-this-name/policy", "There are"),
        ("x" * 5000, "There are"),
        ("x\0", "There are"),
    ],
)
def test_unknown_policies_are_refused_with_a_hint(spec: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        load_policy(spec)
    assert expected in caught.value.hint


def test_policies_load_without_learning_libraries(tmp_path: Path) -> None:
    saved_bundle(tmp_path / "mine")
    code = (
        "import sys; from core.agents.registry import load_policy, list_policies;"
        "import core.agents.evaluation, core.agents.training, core.agents.sb3_zip;"
        f"load_policy({str(tmp_path / 'mine')!r}); list_policies();"
        "heavy = {'torch', 'stable_baselines3', 'gymnasium', 'pandas', 'wandb', 'tensorboard',"
        " 'scipy', 'statsmodels'};"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


@pytest.mark.parametrize("spec", ["hpa", "rule:60:0.8", "ppo"])
def test_a_folder_of_the_same_name_is_not_meant(
    spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meant = bundle_directory(spec)
    (tmp_path / spec).mkdir()
    monkeypatch.chdir(tmp_path)
    assert from_anywhere(spec) == spec
    assert bundle_directory(spec) == meant
    assert from_anywhere(f"./{spec}") == str(tmp_path.resolve() / spec)
