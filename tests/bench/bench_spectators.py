"""What viewers cost: the engine's time and a viewer's own, without any and with three."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import psutil

from core.runs import launch as launching
from core.runs.catalogue import stop_run
from core.runs.config import InferenceConfig
from core.runs.launch import launch
from tests.bench.terminal import Terminal

_VIEWER: Final = """
import sys
from console.cli import main
sys.exit(main(["attach", "--read-only", {run!r}]))
"""
_SSH: Final = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
_VIEWERS: Final = 3
_WATCHED_S: Final = 15.0
_YOUNG_S: Final = 20.0
"""Until a run at this speed is longer than what the charts show."""
_SPEED: Final = 30.0
"""Two decisions a second, so that every redraw has something new on every chart."""

Figures = dict[str, dict[str, Any]]


def run() -> Figures:
    """All figures, each beside its target."""
    home = Path(tempfile.mkdtemp(prefix="rlscale-bench-"))
    os.environ["RLSCALE_DATA_DIR"] = str(home / "data")
    os.environ["RLSCALE_CONFIG_DIR"] = str(home / "config")
    try:
        return _watched()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _watched() -> Figures:
    directory = launch(InferenceConfig(policy="hpa", scenario="daily-pattern", speed=_SPEED))
    engine = psutil.Process(launching._children[-1].pid)
    viewers: list[Terminal] = []
    try:
        viewers = [_viewer(directory)]
        viewers[0].drain(_YOUNG_S)
        viewers.pop().close()
        alone, _, _ = _shares(engine, [])
        viewers = [_viewer(directory) for _ in range(_VIEWERS)]
        for viewer in viewers:
            viewer.drain(2.0)
        watched, each, rate = _shares(engine, viewers)
        memory = max(viewer.process.memory_info().rss for viewer in viewers) / 2**20
    finally:
        for viewer in viewers:
            viewer.close()
        stop_run(directory)
        launching._children[-1].wait(20)
    return {
        "spectators: engine's CPU without any": _plain(100 * alone, "% of a core"),
        f"spectators: engine's CPU with {_VIEWERS}": _plain(100 * watched, "% of a core"),
        f"spectators: engine's CPU that {_VIEWERS} add": _most(
            100 * (watched - alone), 1.0, "% of a core"
        ),
        "spectators: CPU of each, 1 Hz, four charts, 120x40": _most(
            100 * each, 20.0, "% of a core"
        ),
        "spectators: memory of each": _most(memory, 100.0, "MiB"),
        "spectators: bytes to each over SSH": _most(rate / 1024, 10.0, "KiB/s"),
    }


def _viewer(directory: Path) -> Terminal:
    viewer = Terminal(_VIEWER.format(run=str(directory)), environment=_SSH)
    viewer.wait_for("p99")
    return viewer


def _shares(engine: psutil.Process, viewers: list[Terminal]) -> tuple[float, float, float]:
    """Shares of a core of the engine and of the mean viewer, and bytes per second to each."""
    processes = [engine, *(viewer.process for viewer in viewers)]
    before = [_busy_s(process) for process in processes]
    begin = time.perf_counter()
    count = 0
    while time.perf_counter() - begin < _WATCHED_S:
        for viewer in viewers:
            count += viewer.drain(0.1)
        if not viewers:
            time.sleep(0.1)
    elapsed = time.perf_counter() - begin
    shares = [(_busy_s(one) - past) / elapsed for one, past in zip(processes, before, strict=True)]
    many = max(len(viewers), 1)
    return shares[0], sum(shares[1:]) / many, count / elapsed / many


def _busy_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _plain(measured: float, unit: str) -> dict[str, Any]:
    return {"measured": measured, "target": "-", "unit": unit, "ok": True}


def _most(measured: float, target: float, unit: str) -> dict[str, Any]:
    return {"measured": measured, "target": f"≤ {target:g}", "unit": unit, "ok": measured <= target}
