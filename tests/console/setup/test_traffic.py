"""Choosing the traffic in Setup: a shipped scenario, or a file of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Static

from console.settings import Settings, SetupChoices
from console.setup.preview_pane import PreviewPane
from console.setup.traffic import OWN_FILE
from console.start import StartSetup
from console.widgets.field import Field
from core.runs.config import InferenceConfig, RunConfig
from tests.console.pilots import console, settled, shown, typed, until
from tests.console.setup.conftest import picked, said, setup

SMALL = (80, 24)
LARGE = (160, 50)
pytestmark = pytest.mark.usefixtures("scenarios", "policies")


async def test_a_click_on_a_row_picks_it_and_starts_nothing(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.click("#scenarios", offset=(4, 0))
        await settled(pilot)
        assert picked(pilot, "#scenarios") == "calm"
    assert launched == []


async def test_the_picked_traffic_is_drawn_and_described() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "Traffic triples after ten minutes." in shown(pilot)
        assert "peak 450 rps" in shown(pilot)
        await pilot.press("up")
        await settled(pilot)
        assert "A quiet hour" in shown(pilot)


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


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "shop.csv",
            "t_seconds,rps\n0,5\n15,-5\n30,6\n45,-7\n",
            ("line 3: rps is negative (-5); line 5: rps is negative (-7).", "Correct the lines."),
        ),
        (
            "shop.yaml",
            "name: shop\ntraffic: [{kind: constant, rps: -1}]\nduration_s: x\nother: 1\n",
            ("line 2: traffic[0].rps", "`rlscale-console scenario schema` lists all fields."),
        ),
    ],
)
async def test_what_is_wrong_and_what_to_do_have_room_at_the_smallest_size(
    name: str, text: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / ("a-long-directory-" * 4) / name
    file.parent.mkdir()
    file.write_text(text)
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("f")
        setup(pilot).query_one("#file", Field).text = str(file)
        await until(pilot, lambda: expected[0] in said(pilot, "#file-message"))
        await pilot.pause()
        message = setup(pilot).query_one("#file-message", Static)
        lines = shown(pilot).splitlines()[message.region.y : message.region.bottom]
        seen = [line[message.region.x : message.region.right].strip() for line in lines]
        assert seen[0].startswith(f"! {name}: ")
        for words in expected:
            assert words in " ".join(seen)
        assert setup(pilot).query_one("#peak-rps", Field).region.area > 0


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


async def test_another_theme_redraws_the_curve() -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        pilot.app.theme = "light"
        await pilot.pause()
        assert "flash-crowd" in shown(pilot)
