"""Scenarios, policies and launches that stay the same, whatever ships; and what Setup shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from console.screens.setup import SetupScreen
from console.widgets.pick_list import PickList
from core.agents.config import Algorithm
from core.agents.registry import PolicyEntry, PolicyOrigin
from core.agents.settings import AgentSettings
from core.locations import runs_directory
from core.runs.config import RunConfig
from tests.core.runs.factory import write_run

_SCENARIOS = {
    "calm": ("A quiet hour with nothing in it.", "{kind: constant, rps: 120}"),
    "flash-crowd": (
        "Traffic triples after ten minutes.",
        "{kind: step, at_s: 600, rps: 300}, {kind: constant, rps: 150}",
    ),
    "waves": (
        "Two waves, one after the other.",
        "{kind: diurnal, low_rps: 50, high_rps: 400, period_s: 1800, peak_at_s: 900}",
    ),
}
POLICIES = [
    PolicyEntry("dqn", PolicyOrigin.SHIPPED, "DQN trained on random, 300,000 steps"),
    PolicyEntry("ppo", PolicyOrigin.SHIPPED, "PPO trained on random, 4,000,000 steps"),
    PolicyEntry("mine", PolicyOrigin.TRAINED, "PPO trained on bursty, 1,500,000 steps"),
    PolicyEntry("bad", PolicyOrigin.TRAINED, "cannot be used: weights are missing"),
    PolicyEntry("hpa", PolicyOrigin.BASELINE, "Kubernetes HPA on CPU, target 70%"),
    PolicyEntry("threshold", PolicyOrigin.BASELINE, "one more over 75% CPU, one less under 45%"),
    PolicyEntry("static:10", PolicyOrigin.BASELINE, "a fixed replica count"),
]


@pytest.fixture
def scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three scenarios instead of the shipped ones."""
    home = tmp_path / "scenarios"
    home.mkdir()
    for name, (description, traffic) in _SCENARIOS.items():
        (home / f"{name}.yaml").write_text(
            f"name: {name}\ndescription: {description}\ntraffic: [{traffic}]\nduration_s: 3600\n"
        )
    for module in ("console.setup.traffic", "core.traffic.library", "console.commands"):
        monkeypatch.setattr(f"{module}.shipped_scenarios_directory", lambda: home)
    return home


@pytest.fixture(autouse=True)
def _tuned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of a training that stay the same, however the algorithms are tuned."""
    tuned = {
        Algorithm.PPO: AgentSettings(environments=128, learning_rate=0.001, gamma=0.95),
        Algorithm.DQN: AgentSettings(environments=64, learning_rate=0.0005, gamma=0.9),
    }
    monkeypatch.setattr("console.setup.training._TUNED", tuned)
    steps = {Algorithm.PPO: 1_500_000, Algorithm.DQN: 300_000}
    for module in ("training", "plan"):
        monkeypatch.setattr(f"console.setup.{module}.DEFAULT_STEPS", steps)


@pytest.fixture
def policies(monkeypatch: pytest.MonkeyPatch) -> list[PolicyEntry]:
    """Seven policies instead of the shipped ones."""
    monkeypatch.setattr("core.agents.registry.list_policies", lambda: POLICIES)
    return POLICIES


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
    """What was launched: nothing is started, a finished run stands for it."""
    configs: list[RunConfig] = []

    def launch(config: RunConfig) -> Path:
        configs.append(config)
        return write_run(runs_directory() / f"20260101-00000{len(configs)}-launched", 30)

    monkeypatch.setattr("core.runs.launch.launch", launch)
    return configs


def setup(pilot: Pilot[None]) -> SetupScreen:
    """The Setup screen, which must be the one that is shown."""
    assert isinstance(pilot.app.screen, SetupScreen)
    return pilot.app.screen


def picked(pilot: Pilot[None], selector: str) -> str:
    """What is picked in a list of the screen."""
    return setup(pilot).query_one(selector, PickList).picked


def said(pilot: Pilot[None], selector: str) -> str:
    """The words in a part of the screen."""
    return str(setup(pilot).query_one(selector, Static).visual)
