"""Pictures of the Live screen, compared with those that were looked at and found good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.screens.live import LiveScreen
from console.settings import Settings
from console.start import StartAttach
from console.widgets.chart import Chart
from tests.console.pilots import console, until

Compare = Callable[..., bool]


def _live(pilot: Pilot[None]) -> LiveScreen:
    screen = pilot.app.screen
    assert isinstance(screen, LiveScreen)
    return screen


async def _drawn(pilot: Pilot[None]) -> None:
    screen = _live(pilot)
    await until(pilot, lambda: screen.scene.snapshot is not None)
    await until(pilot, lambda: all(chart._drawn for chart in screen.query(Chart) if chart.display))
    await pilot.pause(0.2)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
@pytest.mark.parametrize("kind", ["inference", "training"])
def test_live(
    snap_compare: Compare,
    finished_run: Path,
    training_run: Path,
    size: tuple[int, int],
    kind: str,
) -> None:
    run = finished_run if kind == "inference" else training_run
    app = console(StartAttach(run), settings=Settings())
    assert snap_compare(app, terminal_size=size, run_before=_drawn)


def _inspected(pilot: Pilot[None]) -> bool:
    snapshot = _live(pilot).scene.snapshot
    return snapshot is not None and snapshot.inspected is not None


def test_decision_at_80x24(snap_compare: Compare, finished_run: Path) -> None:
    async def inspected(pilot: Pilot[None]) -> None:
        await _drawn(pilot)
        await pilot.press("d", "left", "left")
        await until(pilot, lambda: _inspected(pilot))
        await pilot.pause(0.2)

    app = console(StartAttach(finished_run), settings=Settings())
    assert snap_compare(app, terminal_size=(80, 24), run_before=inspected)
