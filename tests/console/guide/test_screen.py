from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.guide.state import GuideState, Result, Step, guide_directory, load_state, save_state
from console.screens.guide import GuideScreen
from console.screens.help import HelpScreen
from console.screens.live import LiveScreen
from console.screens.setup import SetupScreen
from console.settings import ClusterChoices, Settings, SetupChoices, load_settings
from console.start import StartSetup
from console.widgets.field import Field
from core.agents.config import TrainingConfig
from core.clock import SystemClock
from core.runs.config import InferenceConfig, RunConfig
from core.runs.creation import create_run
from core.runs.execution import execute
from core.state import ControlMode
from core.traffic.library import load_scenario
from tests.console.guide.conftest import trained
from tests.console.pilots import console, settled, shown, until
from tests.core.runs.factory import write_run


async def _open(pilot: Pilot[None]) -> GuideScreen:
    await settled(pilot)
    pilot.app.open_guide()  # type: ignore[attr-defined]
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, GuideScreen)
    await settled(pilot)
    return screen


def _choices(url: str) -> Settings:
    cluster = ClusterChoices(namespace="shop", deployment="checkout", prometheus_url=url)
    return Settings(setup=SetupChoices(cluster=cluster))


async def test_the_form_says_what_is_missing() -> None:
    async with console(StartSetup(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("u")
        await settled(pilot)
        assert isinstance(pilot.app.screen, GuideScreen)
        await pilot.press("enter")
        await pilot.pause()
        assert "deployment: expected a name" in shown(pilot)


async def test_it_begins_with_the_keys_of_its_footer_and_tab_goes_to_the_fields() -> None:
    async with console(StartSetup(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        screen = await _open(pilot)
        assert screen.form.display
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape")
        assert "tab goes to the fields" in shown(pilot)
        await pilot.press("tab", *"prod")
        assert screen.form.choices.context == "prod"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("x", "nothing to cancel"),
        ("a", "no run to watch"),
        ("N", "nothing to start over"),
    ],
)
async def test_keys_answer_where_nothing_has_begun(key: str, words: str) -> None:
    application = console(StartSetup(), settings=Settings())
    async with application.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await _open(pilot)
        screen.set_focus(None)
        await pilot.press(key)
        await until(pilot, lambda: any(words in one.message for one in application._notifications))
        assert application.screen is screen


@pytest.mark.usefixtures("kubeconfig")
async def test_it_begins_with_the_cluster_of_setup_and_remembers_none() -> None:
    async with console(StartSetup(), settings=_choices("http://a:1")).run_test() as pilot:
        await settled(pilot)
        setup = pilot.app.screen
        assert isinstance(setup, SetupScreen)
        setup.environment.choose("cluster")
        await settled(pilot)
        address = setup.query_one("#prometheus-url", Field)
        address.text = "http://b:2"
        setup.set_focus(None)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(pilot.app.screen, GuideScreen))
        await settled(pilot)
        assert isinstance(pilot.app.screen, GuideScreen)
        assert pilot.app.screen.form.choices.prometheus_url == "http://b:2"
        assert load_settings().settings.setup == SetupChoices()


@pytest.mark.usefixtures("kubeconfig")
async def test_a_prometheus_that_is_not_there_is_one_problem() -> None:
    application = console(StartSetup(), settings=_choices("http://127.0.0.1:9"))
    async with application.run_test(size=(80, 24)) as pilot:
        screen = await _open(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: bool(screen.scene.problem), "a problem")
        assert "no connection to Prometheus" in screen.scene.problem
        assert screen.scene.doing is None
        assert load_state().target == "prod/shop/checkout", "what was typed is kept"
        assert not load_state().results


@pytest.mark.usefixtures("kubeconfig")
async def test_a_recording_can_be_cancelled(silent_server: str) -> None:
    application = console(StartSetup(), settings=_choices(silent_server))
    async with application.run_test(size=(80, 24)) as pilot:
        screen = await _open(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: screen.scene.doing is not None, "the job to begin")
        await pilot.press("x")
        await until(pilot, lambda: screen.scene.doing is None, "the job to end")
        assert "Cancelled" in shown(pilot)
        await settled(pilot)


async def test_a_twin_is_fitted_and_trained_in(
    recorded: GuideState, launched: list[RunConfig]
) -> None:
    async with console(StartSetup(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        screen = await _open(pilot)
        assert screen.scene.step is Step.FIT, "goes on where it was left"
        await pilot.press("enter")
        await until(pilot, lambda: Step.FIT in load_state().results, "the fit")
        await settled(pilot)
        text = shown(pilot)
        assert "pod capacity" in text
        assert load_scenario(recorded.scenario).fit is not None
        await pilot.press("down", "enter")
        await until(pilot, lambda: bool(load_state().training), "the training")
        config = launched[0]
        assert isinstance(config, TrainingConfig)
        assert config.scenarios == (recorded.scenario,)
        assert config.out is not None
        assert config.out.name == "checkout-twin"


async def test_the_trained_policy_shadows_and_is_watched(
    recorded: GuideState, launched: list[RunConfig], tmp_path: Path
) -> None:
    trained(recorded, tmp_path)
    async with console(StartSetup(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        screen = await _open(pilot)
        await until(pilot, lambda: screen.scene.step is Step.SHADOW, "the training to be read")
        await pilot.press("enter")
        await until(pilot, lambda: bool(load_state().shadow), "the shadow run")
        config = launched[0]
        assert isinstance(config, InferenceConfig)
        assert config.mode is ControlMode.SHADOW
        assert not config.write
        assert config.scenario == recorded.scenario
        while screen.scene.step is not Step.SHADOW:
            await pilot.press("up")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen), "the live screen")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen, "the guide")
        await pilot.press("down", "a")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen), "and from the report")


async def test_leaving_while_the_engine_starts_loses_nothing(
    recorded: GuideState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(recorded, tmp_path)
    left = threading.Event()

    def launch(_config: RunConfig) -> Path:
        assert left.wait(15.0)
        return write_run(tmp_path / "20260101-000001-launched", 30)

    monkeypatch.setattr("core.runs.launch.launch", launch)
    async with console(StartSetup(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        screen = await _open(pilot)
        await until(pilot, lambda: screen.scene.step is Step.SHADOW, "the training to be read")
        await pilot.press("enter")
        await until(pilot, lambda: screen.scene.doing is not None, "the engine to start")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is not screen, "Setup")
        left.set()
        await until(pilot, lambda: load_state().shadow.endswith("launched"), "the run")
        again = await _open(pilot)
        await until(pilot, lambda: again.scene.step is Step.REPORT, "the guide where it went on")
        assert "down goes on" not in shown(pilot)
        await pilot.press("up")
        await pilot.pause()
        assert "down goes on" in shown(pilot)


async def test_a_shadow_run_is_reported(recorded: GuideState, tmp_path: Path) -> None:
    state = trained(recorded, tmp_path)
    run = create_run(
        InferenceConfig(
            policy="static:9", scenario="sudden-spike", mode=ControlMode.SHADOW, speed=None
        )
    )
    execute(run, SystemClock())
    save_state(state.model_copy(update={"shadow": str(run), "scenario": "sudden-spike"}))
    async with console(StartSetup(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        screen = await _open(pilot)
        await until(pilot, lambda: screen.scene.step is Step.REPORT, "all runs to be read")
        await pilot.press("enter")
        await until(pilot, lambda: Step.REPORT in load_state().results, "the report")
        await settled(pilot)
        assert "static:9 would have used" in shown(pilot)
        assert (guide_directory() / f"{run.name}.md").read_text().startswith("# Shadow report")


async def test_a_long_result_is_scrolled_and_gone_on_from(recorded: GuideState) -> None:
    notes = tuple(f"note number {number}" for number in range(30))
    long = Result(lines=("the first line",), notes=notes)
    save_state(recorded.with_result(Step.RECORD, long))
    async with console(StartSetup(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        screen = await _open(pilot)
        await pilot.press("up")
        await until(pilot, lambda: screen.scene.step is Step.RECORD, "the step before")
        await settled(pilot)
        assert "the first line" in shown(pilot)
        await pilot.press("pagedown", "pagedown", "pagedown")
        await until(pilot, lambda: "note number 29" in shown(pilot), "the end")
        assert "the first line" not in shown(pilot)
        await pilot.press("down")
        assert screen.scene.step is Step.FIT
        await pilot.press("up")
        await until(pilot, lambda: "the first line" in shown(pilot), "its beginning again")


async def test_starting_over_asks_and_forgets(recorded: GuideState) -> None:
    async with console(StartSetup(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        screen = await _open(pilot)
        await pilot.press("N")
        await settled(pilot)
        await pilot.press("y")
        await until(pilot, lambda: screen.scene.step is Step.RECORD, "the beginning")
        assert load_state() == GuideState()
        assert Path(recorded.recording).exists()


def test_doing_a_step_again_drops_what_was_made_of_it(recorded: GuideState, tmp_path: Path) -> None:
    state = trained(recorded, tmp_path).model_copy(update={"shadow": "x", "markdown": "y"})
    again = state.with_result(Step.FIT, state.results[Step.FIT])
    assert (again.training, again.bundle, again.shadow, again.markdown) == ("", "", "", "")
    assert again.scenario == state.scenario
    assert set(again.results) == {Step.RECORD, Step.FIT}


def test_a_broken_state_file_begins_anew() -> None:
    guide_directory().mkdir(parents=True)
    (guide_directory() / "guide.json").write_text("{broken")
    assert load_state() == GuideState()
