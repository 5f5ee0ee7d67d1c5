from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot

from console.settings import Settings
from console.start import StartSetup
from tests.console.pilots import console, settled

SnapCompare = Callable[..., bool]
SIZES = [(80, 24), (160, 50)]
pytestmark = pytest.mark.usefixtures("scenarios", "policies")


def app(*, training: bool = False, ascii_only: bool = False) -> App[None]:
    return console(StartSetup(training=training), settings=Settings(), ascii_only=ascii_only)


def pressing(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run_before(pilot: Pilot[None]) -> None:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)

    return run_before


@pytest.mark.parametrize("size", SIZES)
def test_setup(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("size", SIZES)
def test_setup_of_a_training(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(app(training=True), terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("key", ["1", "3"])
def test_the_other_parts_at_the_smallest_size(snap_compare: SnapCompare, key: str) -> None:
    assert snap_compare(app(), terminal_size=(80, 24), run_before=pressing(key))


def test_setup_in_ascii(snap_compare: SnapCompare) -> None:
    assert snap_compare(app(ascii_only=True), terminal_size=(80, 24), run_before=pressing())


def test_a_wrong_own_file(snap_compare: SnapCompare) -> None:
    keys = ("f", "slash", "x", "full_stop", "c", "s", "v")
    assert snap_compare(app(), terminal_size=(80, 24), run_before=pressing(*keys))


@pytest.mark.parametrize("size", SIZES)
def test_a_cluster(
    snap_compare: SnapCompare,
    size: tuple[int, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contexts = [
        {"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("prod-eu", "staging")
    ]
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps({"contexts": contexts}), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(file))
    start = StartSetup(cluster=True)
    assert snap_compare(
        console(start, settings=Settings()), terminal_size=size, run_before=pressing("1")
    )
