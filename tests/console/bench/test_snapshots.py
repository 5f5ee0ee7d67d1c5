from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.app import App
from textual.pilot import Pilot

from console.settings import Settings
from console.start import StartRuns
from tests.console.pilots import console, settled, shown, until
from tests.core.bench.factory import write_finished

SnapCompare = Callable[..., bool]
SIZES = [(80, 24), (160, 50)]


def app() -> App[None]:
    return console(StartRuns(), settings=Settings())


def pressing(words: str, *keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run_before(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("B")
        await until(pilot, lambda: words in shown(pilot), words)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
        await settled(pilot)

    return run_before


@pytest.mark.parametrize("size", SIZES)
def test_policies(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    write_finished()
    assert snap_compare(app(), terminal_size=size, run_before=pressing("rule calibrated"))


@pytest.mark.parametrize("size", SIZES)
def test_workloads(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    write_finished()
    keys = ("enter", "down")
    assert snap_compare(app(), terminal_size=size, run_before=pressing("rule calibrated", *keys))


def test_a_new_one(snap_compare: SnapCompare) -> None:
    before = pressing("No benchmarks yet", "n")
    assert snap_compare(app(), terminal_size=(80, 24), run_before=before)
