from __future__ import annotations

import importlib.machinery
import importlib.util
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.cli.live import DAY_OF_DECISIONS
from core.agents.config import DEFAULT_STEPS
from core.agents.settings import DqnSettings, PpoSettings
from core.locations import runs_directory, trained_policies_directory
from core.runs.catalogue import list_runs
from core.runs.records import RunState, RunStatus
from tests.console.cli.conftest import Answer, CommandLine

pytest.importorskip("stable_baselines3")

_SMALL = ("--environments", "2", "--batch-size", "32")


def _train(cli: CommandLine, trace: Path, *more: object) -> Answer:
    return cli("train", "--scenario", trace, "--steps", 256, *_SMALL, *more)


def test_a_training_prints_every_promised_key(
    cli: CommandLine, trace: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mine"
    answer = _train(cli, trace, "--seed", 5, "--out", out, "--json")
    assert answer.code == 0
    content = answer.json
    assert content["algo"] == "ppo"
    assert content["seed"] == 5
    assert content["steps"] >= content["best_steps"] > 0
    assert content["steps"] >= 256
    assert content["wall_s"] > 0
    assert content["steps_per_s"] > 0
    assert content["bundle"] == str(out)
    assert {"score", "slo_violation_ratio", "pod_hours", "churn"} <= content["evaluation"].keys()
    assert (out / "policy.json").is_file()
    assert not trained_policies_directory().exists()
    shown = cli("runs", "show", content["run"], "--json").json
    assert (shown["kind"], shown["state"]) == ("training", "finished")
    run = cli("run", "--policy", out, "--scenario", trace, "--headless", "--json")
    assert run.code == 0


def test_a_trained_policy_has_a_name(cli: CommandLine, trace: Path) -> None:
    answer = _train(cli, trace, "--algo", "dqn")
    assert answer.code == 0
    assert "--policy dqn-1" in answer.out
    listed = {row["policy"]: row for row in cli("policy", "list", "--json").json["policies"]}
    assert listed["dqn-1"]["origin"] == "trained"
    shown = cli("policy", "show", "dqn-1", "--json").json
    assert shown["algorithm"] == "dqn"
    assert f"the best, after {shown['timesteps']:,} of " in answer.out
    assert "DQN" in cli("policy", "show", "dqn-1").out
    run = cli("run", "--policy", "dqn-1", "--scenario", trace, "--headless", "--json")
    assert run.json["policy"].startswith("dqn-1")
    taken = _train(cli, trace, "--name", "dqn-1")
    assert taken.code == 2
    assert "--name" in taken.error


def test_a_bundle_is_imported_under_a_name(cli: CommandLine, trace: Path, tmp_path: Path) -> None:
    out = tmp_path / "theirs"
    assert _train(cli, trace, "--out", out).code == 0
    answer = cli("policy", "import", out, "--name", "colleague", "--json")
    assert answer.code == 0
    run = cli("run", "--policy", "colleague", "--scenario", trace, "--headless", "--json")
    assert run.code == 0
    again = cli("policy", "import", out, "--name", "colleague")
    assert again.code == 2
    (out / "policy.safetensors").write_bytes(b"tampered")
    broken = cli("policy", "import", out, "--name", "other")
    assert broken.code == 2
    assert "policy.safetensors" in broken.error


def test_a_model_of_stable_baselines_is_imported(
    cli: CommandLine, trace: Path, tmp_path: Path
) -> None:
    import gymnasium
    from stable_baselines3 import PPO

    environment = gymnasium.make("rlscale/Autoscale-v0")
    path = tmp_path / "theirs.zip"
    PPO("MlpPolicy", environment, n_steps=8, batch_size=8, device="cpu").save(path)
    answer = cli("policy", "import", path, "--json")
    assert answer.code == 0
    assert answer.json["policy"] == "theirs"
    run = cli("run", "--policy", "theirs", "--scenario", trace, "--headless", "--json")
    assert run.code == 0
    path.write_bytes(b"PK nothing")
    assert cli("policy", "import", path, "--name", "other").code == 2


def test_the_help_names_the_lengths_that_are_taken(cli: CommandLine) -> None:
    # Some are written out there: --help does not wait for the imports behind the constants.
    words = " ".join(cli("train", "--help").out.split())
    for algorithm, steps in DEFAULT_STEPS.items():
        assert f"{steps:,} for {algorithm}" in words
    assert f"{DAY_OF_DECISIONS:,} on a cluster" in words
    ppo, dqn = PpoSettings(), DqnSettings()
    update = ppo.rollout_steps * ppo.environments
    assert f"whole updates, of {update:,} for ppo and {dqn.environments} for dqn" in words


def test_steps_beyond_those_asked_for_are_told(cli: CommandLine, trace: Path) -> None:
    answer = cli("train", "--scenario", trace, "--steps", 10, *_SMALL)
    assert answer.code == 0
    assert "64 steps (10 in whole updates) in " in answer.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--scenario", "flash-crwod"), "flash-crowd"),
        (("--name", "a b"), "--name"),
        (("--name", "ppo"), "--name"),
        (("--action-set", "headrom"), "headroom"),
        (("--resume", "nothing"), "nothing"),
        (("--resume", "nothing", "--steps", "5"), "--resume alone, found --steps"),
        (("--gamma", "5"), "at most 1"),
        (("--learning-rate", "3"), "at most 1"),
        (("--batch-size", "2000000"), "8 to 1000000"),
        (("--steps", "100000000000"), "1 to 10000000000"),
        (("--algo", "dqn", "--entropy", "0.1"), "--algo ppo"),
        (("--peak-rps", "300"), "random traffic"),
        (("--out", "/proc/nowhere/bundle"), "/proc/nowhere"),
    ],
)
def test_what_is_wrong_is_one_line(
    cli: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    answer = cli("train", *arguments)
    assert answer.code == 2
    assert words in answer.error
    assert not runs_directory().exists()


@pytest.mark.parametrize(
    ("out", "found"),
    [("~nobody-of-that-name/mine", "no such user"), ("/tmp/" + "x" * 300, "too long")],
)
def test_a_place_that_cannot_be_is_refused_in_one_line(
    cli: CommandLine, out: str, found: str
) -> None:
    answer = cli("train", "--out", out, "--steps", 256)
    assert answer.code == 2
    assert len(answer.error.splitlines()) == 1
    assert "expected a directory for --out" in answer.error
    assert found in answer.error


def test_without_the_extra_it_says_what_to_install(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec

    def find_spec(name: str) -> importlib.machinery.ModuleSpec | None:
        return None if name == "torch" else real(name)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    answer = cli("train")
    assert answer.code == 2
    assert "found no torch" in answer.error
    assert "pip install 'rlscale-console[train]'" in answer.error


def _await_steps(more_than: int) -> RunStatus:
    deadline = time.monotonic() + 120
    while True:
        for entry in list_runs():
            status = entry.status
            if (
                status is not None
                and status.state is RunState.RUNNING
                and status.training is not None
                and status.training.timesteps > more_than
            ):
                return status
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _interrupt_after(more_than: int, *arguments: str) -> tuple[str, int]:
    """Interrupt a training once it has done so many steps; returns its run and its steps."""
    with subprocess.Popen(
        [sys.executable, "-m", "console.cli", "train", *arguments],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            _await_steps(more_than)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130, err
    assert out == ""
    assert err.splitlines()[-1] == "interrupted"
    assert "--resume" in err
    [entry] = list_runs()
    assert entry.status is not None
    assert entry.status.state is RunState.STOPPED
    assert entry.status.training is not None
    return entry.run_id, entry.status.training.timesteps


@pytest.mark.slow
def test_an_interrupted_training_goes_on(trace: Path) -> None:
    endless = ("--scenario", str(trace), "--steps", "100_000_000", *_SMALL)
    # Two rollouts of 64 steps in two clusters: what is not yet learned from does not count.
    run, steps = _interrupt_after(256, *endless)
    again, more = _interrupt_after(steps + 256, "--resume", run)
    assert again == run
    assert more > steps > 0
