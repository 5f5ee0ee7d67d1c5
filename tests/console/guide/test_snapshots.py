from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.guide.state import GuideState, Step
from console.screens.guide import GuideScreen
from console.settings import Settings
from console.start import StartRuns
from tests.console.guide.conftest import trained
from tests.console.pilots import console, settled, until

SnapCompare = Callable[..., bool]
SIZES = [(80, 24), (160, 50)]


@pytest.mark.parametrize("size", SIZES)
def test_a_fitted_twin(
    snap_compare: SnapCompare, size: tuple[int, int], recorded: GuideState, tmp_path: Path
) -> None:
    trained(recorded, tmp_path)

    async def run_before(pilot: Pilot[None]) -> None:
        await settled(pilot)
        screen = GuideScreen()
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.scene.step is Step.SHADOW, "the training to be read")
        await pilot.press("up", "up")
        await settled(pilot)

    app = console(StartRuns(), settings=Settings())
    assert snap_compare(app, terminal_size=size, run_before=run_before)


def test_the_beginning(snap_compare: SnapCompare) -> None:
    async def run_before(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.app.push_screen(GuideScreen())
        await settled(pilot)

    app = console(StartRuns(), settings=Settings(), ascii_only=True)
    assert snap_compare(app, terminal_size=(80, 24), run_before=run_before)
