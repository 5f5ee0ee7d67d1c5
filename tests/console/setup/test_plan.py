from __future__ import annotations

from console.settings import SetupChoices
from console.setup.plan import run_config, sentence
from console.setup.policy import MODES
from core.agents.config import RANDOM_TRAFFIC, Algorithm, TrainingConfig
from core.locations import trained_policies_directory
from core.runs.config import InferenceConfig
from core.state import ControlMode


def test_the_defaults_run_the_shipped_policy_on_a_flash_crowd() -> None:
    config = run_config(SetupChoices(), None)
    assert config == InferenceConfig(policy="ppo", scenario="flash-crowd", speed=10.0)
    assert sentence(SetupChoices(), None) == "Run ppo on flash-crowd at 10x, AUTO"


def test_every_choice_of_a_policy_reaches_the_engine() -> None:
    choices = SetupChoices(
        scenario="/data/shop.csv",
        peak_rps=500,
        policy="hpa:0.6",
        speed="max",
        mode="SHADOW",
        seed=3,
    )
    assert run_config(choices, None) == InferenceConfig(
        policy="hpa:0.6",
        scenario="/data/shop.csv",
        peak_rps=500,
        seed=3,
        speed=None,
        mode=ControlMode.SHADOW,
    )
    assert sentence(choices, None) == (
        "Run hpa:0.6 on shop.csv scaled to 500 rps at full speed, SHADOW, seed 3"
    )


def test_whatever_can_be_chosen_can_be_started() -> None:
    for mode in MODES:
        config = run_config(SetupChoices.model_validate({"mode": mode.value}), None)
        assert isinstance(config, InferenceConfig)
        assert config.mode == mode.value


def test_empty_fields_of_a_training_take_the_algorithms_own_numbers() -> None:
    choices = SetupChoices(kind="training", algorithm="dqn")
    config = run_config(choices, "mine")
    assert isinstance(config, TrainingConfig)
    assert config.algo is Algorithm.DQN
    assert config.steps == 300_000
    assert config.scenarios == (RANDOM_TRAFFIC,)
    assert config.hyper_parameters.learning_rate is None
    assert config.out == trained_policies_directory() / "mine"


def test_every_choice_of_a_training_reaches_the_engine() -> None:
    choices = SetupChoices(
        kind="training",
        scenario="bursty",
        traffic="scenario",
        steps=50_000,
        learning_rate=0.01,
        gamma=0.9,
        environments=16,
        seed=5,
    )
    config = run_config(choices, None)
    assert isinstance(config, TrainingConfig)
    assert config.scenarios == ("bursty",)
    assert (config.steps, config.seed, config.out) == (50_000, 5, None)
    parameters = config.hyper_parameters
    assert (parameters.learning_rate, parameters.gamma, parameters.environments) == (0.01, 0.9, 16)
    assert sentence(choices, "mine") == (
        "Train PPO for 50,000 steps on bursty, seed 5, keep it as mine"
    )
