"""Setting up a training, and going back to running a policy."""

from __future__ import annotations

import pytest

from console.screens.help import HelpScreen
from console.screens.live import LiveScreen
from console.screens.setup import SetupScreen
from console.start import StartSetup
from console.widgets.choice import Choice
from console.widgets.field import Field
from core.agents.config import TrainingConfig
from core.locations import trained_policies_directory
from core.runs.config import RunConfig
from tests.console.pilots import console, settled, shown, until
from tests.console.setup.conftest import setup

SMALL = (80, 24)
pytestmark = pytest.mark.usefixtures("scenarios", "policies")


async def test_t_chooses_training_and_enter_starts_it(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("t")
        await pilot.pause()
        assert "3 training" in shown(pilot)
        assert "Train PPO for 1,500,000 steps on broad random traffic" in shown(pilot)
        assert setup(pilot).query_one("#speed", Choice).disabled
        assert pilot.app.focused is setup(pilot).query_one("#kind")
        await pilot.press("enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, TrainingConfig)
    assert (config.algo.value, config.steps, config.scenarios) == ("ppo", 1_500_000, ("random",))
    assert config.out is not None
    assert config.out.name == "ppo-1"


async def test_the_numbers_of_a_training(launched: list[RunConfig]) -> None:
    async with console(StartSetup(training=True)).run_test(size=SMALL) as pilot:
        await settled(pilot)
        form = setup(pilot).decider.training_form
        form.query_one("#algorithm", Choice).value = "dqn"
        form.query_one("#training-traffic", Choice).value = "scenario"
        await pilot.pause()
        assert form.kept_as == "dqn-1"
        assert form.query_one("#environments", Field).input.placeholder == "64"
        form.query_one("#steps", Field).text = "50k"
        form.query_one("#learning-rate", Field).text = "2"
        await pilot.pause()
        assert "Cannot start: learning rate" in shown(pilot)
        form.query_one("#learning-rate", Field).text = "0.01"
        form.query_one("#gamma", Field).text = "0.9"
        form.query_one("#environments", Field).text = "8"
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, TrainingConfig)
    assert (config.algo.value, config.steps, config.scenarios) == ("dqn", 50_000, ("flash-crowd",))
    parameters = config.hyper_parameters
    assert (parameters.learning_rate, parameters.gamma, parameters.environments) == (0.01, 0.9, 8)


async def test_p_returns_to_running_a_policy() -> None:
    async with console(StartSetup(training=True)).run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "3 training" in shown(pilot)
        await pilot.press("p")
        await pilot.pause()
        assert shown(pilot).count("3 policy") == 2
        setup(pilot).query_one("#kind", Choice).focus()
        await pilot.press("right")
        await pilot.pause()
        assert shown(pilot).count("3 training") == 2
        await pilot.press("left")
        await pilot.pause()
        assert not setup(pilot).query_one("#speed", Choice).disabled


async def test_who_comes_back_after_a_start_presses_keys_and_does_not_type(
    launched: list[RunConfig],
) -> None:
    async with console(StartSetup(training=True)).run_test(size=SMALL) as pilot:
        await settled(pilot)
        name = setup(pilot).query_one("#policy-name", Field)
        name.text = "ppo-9"
        pilot.app.set_focus(name.input)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
        (trained_policies_directory() / "ppo-9").mkdir(parents=True)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        assert pilot.app.focused is setup(pilot).query_one("#kind")
        await pilot.press("t", "enter")
        await settled(pilot)
        assert name.text == "ppo-9"
        assert "Cannot start: keep as: taken" in shown(pilot)
        assert len(launched) == 1


async def test_a_name_that_nobody_touched_is_a_free_one_again(launched: list[RunConfig]) -> None:
    async with console(StartSetup(training=True)).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
        (trained_policies_directory() / "ppo-1").mkdir(parents=True)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        assert setup(pilot).decider.training_form.kept_as == "ppo-2"


async def test_a_dialog_over_a_field_does_not_end_the_typing() -> None:
    async with console(StartSetup(training=True)).run_test(size=SMALL) as pilot:
        await settled(pilot)
        field = setup(pilot).query_one("#steps", Field).input
        pilot.app.set_focus(field)
        await pilot.app.push_screen(HelpScreen(()))
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        assert pilot.app.focused is field
