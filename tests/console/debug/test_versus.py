"""Two runs side by side, in step, stopping where they differ."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.debug.timeline_widget import LABEL
from console.debug.versus_lines import charts
from console.debug.versus_view import VersusView, read_pair
from console.keys import KeyContext, entries
from console.live.navigation import Navigation
from console.screens.compare import CompareScreen
from console.screens.debug import DebugScreen
from console.screens.versus import VersusScreen
from console.settings import Settings
from console.start import StartRuns
from core.debug.pair import Difference, Pair
from core.runs.reader import RunReader
from core.runs.records import RunState
from tests.console.debug.opening import opened, told
from tests.console.pilots import console, shown, typed, until
from tests.core.debug.factory import STEPS
from tests.core.runs.conftest import engines
from tests.core.runs.uneven import paused

__all__ = ["engines"]


def test_every_key_has_its_action() -> None:
    for entry in entries(KeyContext.VERSUS):
        assert hasattr(VersusScreen, f"action_{entry.action.partition('(')[0]}"), entry.action


async def pushed(
    pilot: Pilot[None], run: Path, other: Path, step: int | None = None
) -> VersusScreen:
    screen = VersusScreen(run, other, step)
    await pilot.app.push_screen(screen)
    first = Pair(run, other).differences(Difference.ACTION)[0] if step is None else step
    await at(pilot, screen, int(first))
    return screen


async def at(pilot: Pilot[None], screen: VersusScreen, step: int) -> None:
    await until(
        pilot, lambda: screen.picture is not None and screen.picture.index == step, f"step {step}"
    )
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_both_are_shown_in_step(run: Path, hpa_run: Path, size: tuple[int, int]) -> None:
    async with console(StartRuns(), settings=Settings()).run_test(size=size) as pilot:
        screen = await pushed(pilot, run, hpa_run, 33)
        text = shown(pilot)
        for words in ("A ppo", "B hpa", "decision 33 of 80", "B − A", "return so far", "differ"):
            assert words in text, words
        one, two = (RunReader(path).step(33) for path in (run, hpa_run))
        assert f"{one.state.replicas_desired}→{one.decision.target}" in text
        assert f"{two.state.replicas_desired}→{two.decision.target}" in text
        assert ("replicas asked" in text) == (size[0] > 130)
        assert screen.picture is not None


async def test_moving_and_stopping(run: Path, hpa_run: Path) -> None:
    pair = Pair(run, hpa_run)
    wanted = {kind: pair.differences(kind).tolist() for kind in Difference}
    app = console(StartRuns(), settings=Settings())
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await pushed(pilot, run, hpa_run)
        for keys, step in (
            (("home",), 0),
            (("n", "n"), 2),
            (("b",), 1),
            (("shift+right",), 11),
            (("shift+left",), 1),
            (("end",), STEPS),
            (("home",), 0),
        ):
            await pilot.press(*keys)
            await at(pilot, screen, step)
        await pilot.press("t")
        await typed(pilot, "10:00")
        await pilot.press("enter")
        await at(pilot, screen, 40)
        await pilot.press("home")
        await at(pilot, screen, 0)
        later = [step for step in wanted[Difference.ACTION] if step > 0]
        await pilot.press("c")
        await at(pilot, screen, later[0])
        await pilot.press("c")
        await at(pilot, screen, later[1])
        await pilot.press("C")
        await at(pilot, screen, later[0])
        await pilot.press("m", "m")
        await until(
            pilot,
            lambda: screen.picture is not None and screen.picture.view.kind is Difference.SLO,
        )
        await pilot.press("end")
        await at(pilot, screen, STEPS)
        await pilot.press("c")
        await until(pilot, lambda: "do not differ later" in told(pilot))
        await pilot.press("C")
        await at(pilot, screen, wanted[Difference.SLO][-1])


async def test_swapping_zooming_and_pointing(run: Path, hpa_run: Path) -> None:
    async with console(StartRuns(), settings=Settings()).run_test(size=(160, 50)) as pilot:
        screen = await pushed(pilot, run, hpa_run, 33)
        await pilot.press("x")
        await until(pilot, lambda: "A hpa" in shown(pilot))
        await pilot.press("Z")
        await until(pilot, lambda: "10 min" in shown(pilot))
        await pilot.press("z", "z", "z")
        await until(pilot, lambda: " all " in shown(pilot))
        await pilot.click("#versus-timeline", offset=(12, 2))
        await until(pilot, lambda: screen.picture is not None and screen.picture.index < 5)
        before = pilot.app.export_screenshot()
        pilot.app.theme = "colour-blind"
        await pilot.pause()
        assert pilot.app.export_screenshot() != before


async def test_times_and_clicks_after_a_pause(run: Path, hpa_run: Path) -> None:
    paused(run, 10)
    async with console(StartRuns(), settings=Settings()).run_test(size=(160, 50)) as pilot:
        screen = await pushed(pilot, run, hpa_run, 33)
        for text, step in (("13:00", 12), ("10:00", 9)):
            await pilot.press("t")
            await typed(pilot, text)
            await pilot.press("enter")
            await at(pilot, screen, step)
        picture = screen.picture
        assert picture is not None
        columns = screen.query_one("#versus-timeline").size.width - LABEL - 1
        column = picture.canvas(columns).column(780.0)
        await pilot.click("#versus-timeline", offset=(LABEL + column, 1))
        await at(pilot, screen, 12)
        [latency, _], viewport = charts(picture)
        assert latency.times[12] == 780.0
        assert viewport.cursor == 135.0


async def test_one_of_them_is_debugged(run: Path, hpa_run: Path) -> None:
    async with console(StartRuns(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        await pushed(pilot, run, hpa_run, 33)
        await pilot.press("2")
        await until(pilot, lambda: isinstance(pilot.app.screen, DebugScreen))
        screen = pilot.app.screen
        assert isinstance(screen, DebugScreen)
        assert screen.directory == hpa_run
        await until(pilot, lambda: screen.picture is not None and screen.picture.index == 33)
        await pilot.press("escape", "escape")
        assert not isinstance(pilot.app.screen, VersusScreen)


async def test_it_opens_from_the_comparison(run: Path, hpa_run: Path) -> None:
    async with console(StartRuns(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        await pilot.app.push_screen(CompareScreen(run, hpa_run))
        await until(pilot, lambda: "pod-hours" in shown(pilot))
        await pilot.press("home", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, VersusScreen))
        screen = pilot.app.screen
        assert isinstance(screen, VersusScreen)
        await at(pilot, screen, 0)


async def test_it_opens_from_the_comparison_at_its_moment(run: Path, hpa_run: Path) -> None:
    paused(run, 10)
    async with console(StartRuns(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        compare = CompareScreen(run, hpa_run)
        await pilot.app.push_screen(compare)
        await until(pilot, lambda: compare.is_ready)
        compare._inspect(780.0)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(pilot.app.screen, VersusScreen))
        screen = pilot.app.screen
        assert isinstance(screen, VersusScreen)
        await at(pilot, screen, 12)


@pytest.mark.usefixtures("engines")
async def test_another_policy_is_run_beside(run: Path) -> None:
    async with opened(run, 33) as (pilot, screen):
        await pilot.press("v")
        await typed(pilot, "nobody")
        await pilot.press("enter")
        await until(pilot, lambda: "Expected a policy's name or a run's" in told(pilot))
        await pilot.press("v")
        await typed(pilot, "rule")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, VersusScreen))
        versus = pilot.app.screen
        assert isinstance(versus, VersusScreen)
        rival = versus._directories[1]
        reader = RunReader(rival)
        await until(pilot, lambda: reader.status().state is RunState.FINISHED)
        await at(pilot, versus, 33)
        assert reader.info().parent == run.name
        assert reader.info().policy == "rule"
        assert "B rule" in shown(pilot)
        await until(pilot, lambda: "of 80" in shown(pilot))
        await pilot.press("escape", "v")
        await typed(pilot, run.name)
        await pilot.press("enter")
        await until(pilot, lambda: "Expected another run than this one" in told(pilot))
        assert pilot.app.screen is screen


async def test_other_traffic_is_refused(run: Path, tmp_path: Path) -> None:
    async with console(StartRuns(), settings=Settings()).run_test(size=(80, 24)) as pilot:
        await pilot.app.push_screen(VersusScreen(run, tmp_path / "none"))
        await until(pilot, lambda: "expected a run" in shown(pilot))
        await pilot.press("n", "c", "m", "x", "z", "t", "escape", "escape")


async def test_ascii_is_ascii_alone(run: Path, hpa_run: Path) -> None:
    app = console(StartRuns(), settings=Settings(), ascii_only=True)
    async with app.run_test(size=(160, 50)) as pilot:
        await pushed(pilot, run, hpa_run, 33)
        text = shown(pilot)
        assert text.isascii(), {sign for sign in text if not sign.isascii()}


def test_what_grows_while_it_is_read_is_shown_up_to_one_step(
    run: Path, hpa_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Pair(run, hpa_run)
    newest = itertools.chain([5], itertools.repeat(STEPS))
    monkeypatch.setattr(Pair, "last", property(lambda _: next(newest)))
    picture = read_pair(pair, VersusView(Navigation(span_s=1800.0), Difference.TARGET))
    pair.close()
    assert picture.last == 5
    assert picture.stops.max(initial=0) <= 5
    for curves in (picture.latency_p95_ms, picture.desired, picture.target):
        assert [len(curve) for curve in curves] == [6, 6]
