from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, Static

from console.app import RlscaleApp
from console.screens.live import LiveScreen
from console.screens.runs import RunsScreen
from console.screens.setup import SetupScreen
from console.settings import Settings, SetupChoices, load_settings
from console.setup.preview_pane import PreviewPane
from console.setup.traffic import OWN_FILE
from console.start import StartRuns, StartSetup
from console.widgets.choice import Choice
from console.widgets.field import Field
from console.widgets.pick_list import PickList
from core.agents.config import TrainingConfig
from core.agents.registry import PolicyEntry, PolicyOrigin
from core.errors import RunError
from core.locations import runs_directory
from core.runs.config import InferenceConfig, RunConfig
from tests.console.pilots import console, settled, shown, typed, until
from tests.console.setup.conftest import POLICIES
from tests.core.runs.factory import write_run

SMALL = (80, 24)
LARGE = (160, 50)
pytestmark = pytest.mark.usefixtures("scenarios", "policies")


def setup(pilot: Pilot[None]) -> SetupScreen:
    assert isinstance(pilot.app.screen, SetupScreen)
    return pilot.app.screen


def picked(pilot: Pilot[None], selector: str) -> str:
    return setup(pilot).query_one(selector, PickList).picked


def said(pilot: Pilot[None], selector: str) -> str:
    return str(setup(pilot).query_one(selector, Static).visual)


async def test_enter_on_the_defaults_starts_something_sensible(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
    assert launched == [InferenceConfig(policy="ppo", scenario="flash-crowd", speed=10.0)]


async def test_nothing_must_be_read_before_the_first_enter(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
    assert launched == [InferenceConfig(policy="ppo", scenario="flash-crowd", speed=10.0)]


async def test_enter_starts_with_what_was_typed_in_the_same_breath(
    launched: list[RunConfig],
) -> None:
    """Keys that arrive together, as from a fast hand or a paste, are taken in their order."""
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        pilot.app.set_focus(setup(pilot).query_one("#seed", Field).input)
        for key in (Key("4", "4"), Key("2", "2"), Key("enter", "\r")):
            pilot.app.post_message(key)
        await until(pilot, lambda: len(launched) == 1)
    assert launched[0].seed == 42


async def test_a_click_on_a_row_picks_it_and_starts_nothing(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.click("#scenarios", offset=(4, 0))
        await settled(pilot)
        assert picked(pilot, "#scenarios") == "calm"
    assert launched == []


async def test_choices_are_remembered_for_the_next_start(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("down", "3", "end", "tab", *["backspace"] * 2, "7", "enter")
        await until(pilot, lambda: len(launched) == 1)
    assert launched == [InferenceConfig(policy="static:7", scenario="waves", speed=10.0)]
    remembered = load_settings().settings.setup
    assert (remembered.scenario, remembered.policy) == ("waves", "static:7")
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert picked(pilot, "#scenarios") == "waves"
        assert picked(pilot, "#policies") == "static"
        assert setup(pilot).choices.policy == "static:7"


async def test_the_picked_traffic_is_drawn_and_described() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "Traffic triples after ten minutes." in shown(pilot)
        assert "peak 450 rps" in shown(pilot)
        await pilot.press("up")
        await settled(pilot)
        assert "A quiet hour" in shown(pilot)


async def test_a_part_at_a_time_on_a_small_terminal() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        parts = [
            setup(pilot).query_one(f"#{part}") for part in ("environment", "traffic", "decider")
        ]

        def visible() -> list[bool]:
            return [part.display and part.region.area > 0 for part in parts]

        assert visible() == [False, True, False]
        for key, expected in (
            ("1", [True, False, False]),
            ("3", [False, False, True]),
            ("2", [False, True, False]),
            ("left", [True, False, False]),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert visible() == expected, key


async def test_right_goes_on_from_a_list() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("right")
        await pilot.pause()
        assert pilot.app.focused is setup(pilot).query_one("#policies")
        await pilot.press("right")
        await pilot.pause()
        assert pilot.app.focused is setup(pilot).query_one("#policies")


async def test_keys_work_in_a_part_that_has_nothing_but_a_field(launched: list[RunConfig]) -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await pilot.press("t")
        await settled(pilot)
        await pilot.press("1")
        await settled(pilot)
        seed = setup(pilot).query_one("#seed", Field)
        assert seed.input.region.area > 0
        await pilot.press("tab", "4", "escape", "2")
        await settled(pilot)
        assert seed.text == "4"
        assert pilot.app.focused is setup(pilot).query_one("#scenarios")
        await pilot.press("1", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
    assert launched == []


async def test_all_parts_side_by_side_where_there_is_room() -> None:
    async with console(StartSetup()).run_test(size=LARGE) as pilot:
        await settled(pilot)
        regions = [
            setup(pilot).query_one(f"#{part}").region
            for part in ("environment", "traffic", "decider")
        ]
        assert [region.y for region in regions] == [regions[0].y] * 3
        assert sum(region.width for region in regions) == LARGE[0]


async def test_tab_reaches_every_field_and_comes_round() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        seen = []
        for _ in range(13):
            await pilot.press("tab")
            await pilot.pause()
            focused = pilot.app.focused
            assert focused is not None
            assert focused.region.area > 0
            seen.append(focused.id or (focused.parent.id if focused.parent else ""))
        assert seen[:6] == ["kind", "policies", "mode", "where", "speed", "seed"]
        assert seen[6:13] == ["scenarios", *seen[:6]]
        await pilot.press("shift+tab")
        await pilot.pause()
        await pilot.press("shift+tab")
        await pilot.pause()
        focused = pilot.app.focused
        assert focused is not None
        assert focused.region.area > 0


async def test_speed_seed_and_mode_reach_the_engine(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("1", "tab", "right", "right", "tab", "4", "2")
        assert "at full speed, AUTO, seed 42" in said(pilot, "#setup-sentence")
        await pilot.press("escape", "3", "tab", "right")
        assert "SHADOW" in said(pilot, "#setup-sentence")
        assert "only advises" in shown(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert (config.speed, config.seed, config.mode.value) == (None, 42, "SHADOW")


async def test_a_wrong_field_says_so_beside_it_and_stops_the_start(
    launched: list[RunConfig],
) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("1", "tab", "tab", "x")
        await pilot.pause()
        assert "! 0 to 2^32-1" in shown(pilot)
        assert "Cannot start: seed" in shown(pilot)
        await pilot.press("escape", "2", "enter")
        await pilot.pause()
        assert launched == []
        assert isinstance(pilot.app.focused, Input)
        assert pilot.app.focused.region.area > 0
        await pilot.press("backspace", "5", "enter")
        await until(pilot, lambda: len(launched) == 1)


async def test_a_policy_that_cannot_be_used_cannot_be_started(launched: list[RunConfig]) -> None:
    settings = Settings(setup=SetupChoices(policy="bad"))
    async with console(StartSetup(), settings=settings).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert "cannot be used: weights are missing" in shown(pilot)
    assert launched == []


async def test_parameters_of_baselines_have_a_field(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        setup(pilot).decider.policy_form.choose("hpa:0.6")
        await pilot.press("3")
        await pilot.pause()
        assert "target CPU" in shown(pilot)
        await pilot.press("tab", "end", "backspace", "5", "enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert config.policy == "hpa:0.5"


async def test_baselines_take_settings_of_their_own(launched: list[RunConfig]) -> None:
    rule, keda = (PolicyEntry(name, PolicyOrigin.BASELINE, "words") for name in ("rule", "keda"))
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        form = setup(pilot).decider.policy_form
        form.offer([*POLICIES, rule, keda])
        form.choose("rule:60:0.8")
        await pilot.press("3")
        await pilot.pause()
        assert "60:0.8" in shown(pilot)
        assert form.policy == "rule:60:0.8"
        form.choose("keda")
        await pilot.pause()
        assert "rps per pod, such as 40" in shown(pilot)
        assert form.policy == "keda"
        await pilot.press("tab", *"x")
        await until(pilot, lambda: form.problem is not None)
        assert "! rps per pod" in shown(pilot)
        await pilot.press("backspace", *"25")
        await until(pilot, lambda: form.problem is None)
        await pilot.press("enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert config.policy == "keda:25"


async def test_a_filter_thins_the_scenarios_out() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"wav")
        await pilot.pause()
        assert picked(pilot, "#scenarios") == "waves"
        assert "calm" not in shown(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.focused is setup(pilot).query_one("#scenarios")
        await pilot.press("slash", "escape")
        await pilot.pause()
        assert "calm" in shown(pilot)
        assert picked(pilot, "#scenarios") == "waves"


async def test_an_own_trace_is_checked_while_typing_and_can_be_scaled(
    tmp_path: Path, launched: list[RunConfig]
) -> None:
    trace = tmp_path / "shop.csv"
    trace.write_text("t_seconds,rps\n" + "".join(f"{15 * n},{200 + n % 7}\n" for n in range(300)))
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("f")
        await pilot.pause()
        assert picked(pilot, "#scenarios") == OWN_FILE
        assert "Cannot start: type the path" in said(pilot, "#setup-sentence")
        field = setup(pilot).query_one("#file", Field)
        assert pilot.app.focused is field.input
        await typed(pilot, "/x.csv")
        assert "! no such file" in shown(pilot)
        field.text = str(trace)
        await until(pilot, lambda: setup(pilot).traffic.preview is not None)
        assert setup(pilot).problem is None
        peak = setup(pilot).query_one("#peak-rps", Field)
        peak.text = "many"
        await pilot.pause()
        assert "Cannot start: peak rps" in said(pilot, "#setup-sentence")
        peak.text = "1000"
        await until(pilot, lambda: "peak 1,0" in shown(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert (config.scenario, config.peak_rps) == (str(trace), 1000)


async def test_what_is_wrong_inside_an_own_file_is_said_below_it(tmp_path: Path) -> None:
    trace = tmp_path / "shop.csv"
    trace.write_text("t_seconds,rps\n0,5\n15,many\n")
    async with console(StartSetup()).run_test(size=LARGE) as pilot:
        await settled(pilot)
        await pilot.press("f")
        setup(pilot).query_one("#file", Field).text = str(trace)
        await until(pilot, lambda: "line 3" in said(pilot, "#file-message"))
        assert setup(pilot).problem is not None
        assert "A trace is a CSV file" in " ".join(
            str(setup(pilot).query_one(PreviewPane).query_one(Static).visual).split()
        )


async def test_an_own_file_is_remembered(tmp_path: Path, launched: list[RunConfig]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\ntraffic: [{kind: constant, rps: 10}]\nduration_s: 600\n")
    settings = Settings(setup=SetupChoices(scenario=str(path)))
    async with console(StartSetup(), settings=settings).run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert picked(pilot, "#scenarios") == OWN_FILE
        await pilot.press("enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert config.scenario == str(path)


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


async def test_letters_reach_the_field_that_is_typed_into() -> None:
    async with console(StartSetup(training=True)).run_test(size=SMALL) as pilot:
        await settled(pilot)
        field = setup(pilot).query_one("#policy-name", Field)
        field.input.focus()
        field.text = ""
        await typed(pilot, "t1pfqS")
        assert field.text == "t1pfqS"
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(pilot.app.focused, Input)
        assert field.text == "t1pfqS"


async def test_a_run_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(config: RunConfig) -> Path:
        raise RunError("expected the engine to start, found it ended.", "See the log.")

    monkeypatch.setattr("core.runs.launch.launch", refuse)
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "Not started: expected the engine" in shown(pilot))
        assert isinstance(pilot.app.screen, SetupScreen)


async def test_escape_leaves_only_where_there_is_somewhere_to_go(
    launched: list[RunConfig],
) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, SetupScreen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
        await pilot.press("S")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))


async def test_another_theme_redraws_the_curve() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        pilot.app.theme = "light"
        await pilot.pause()
        assert "flash-crowd" in shown(pilot)


async def test_ascii_mode_is_ascii_alone() -> None:
    app: RlscaleApp = console(StartSetup(), ascii_only=True)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        for key in ("1", "2", "3", "t", "f"):
            await pilot.press(key)
            await pilot.pause()
            text = shown(pilot)
            assert text.isascii(), {sign for sign in text if not sign.isascii()}


async def test_an_hpa_manifest_is_remembered_and_started(
    tmp_path: Path, launched: list[RunConfig]
) -> None:
    manifest = tmp_path / "hpa.yaml"
    manifest.touch()
    settings = Settings(setup=SetupChoices(policy=f"hpa:{manifest}"))
    async with console(StartSetup(), settings=settings).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert config.policy == f"hpa:{manifest}"


async def test_a_click_on_a_part_goes_there() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.click("#setup-heading", offset=(48, 0))
        await until(pilot, lambda: pilot.app.focused is setup(pilot).query_one("#policies"))


async def test_leaving_while_files_are_still_read_does_no_harm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow_list() -> list[PolicyEntry]:
        reading.set()
        go_on.wait(10)
        return []

    monkeypatch.setattr("core.agents.registry.list_policies", slow_list)
    app = console(StartRuns())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("S")
        await until(pilot, reading.is_set)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        go_on.set()
        await pilot.pause(0.1)
        await settled(pilot)
        assert app.is_running
        assert app.return_code in (None, 0)


@pytest.mark.parametrize("fails", [False, True])
async def test_leaving_while_the_engine_starts_is_told_later(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow_launch(config: RunConfig) -> Path:
        asked.set()
        go_on.wait(10)
        if fails:
            raise RunError("expected the engine to start, found it ended.")
        return write_run(runs_directory() / "20260101-000000-late", 5)

    monkeypatch.setattr("core.runs.launch.launch", slow_launch)
    app = console(StartRuns())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("S")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, asked.is_set)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        go_on.set()
        expected = "Not started" if fails else "20260101-000000-late has started"
        await until(pilot, lambda: any(expected in n.message for n in app._notifications))
        assert isinstance(pilot.app.screen, RunsScreen)


async def test_quitting_while_files_are_still_read_does_no_harm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow_list() -> list[PolicyEntry]:
        reading.set()
        go_on.wait(10)
        return POLICIES

    monkeypatch.setattr("core.agents.registry.list_policies", slow_list)
    app = console(StartSetup())
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, reading.is_set)
        app.exit()
        go_on.set()
    assert app.return_code == 0
