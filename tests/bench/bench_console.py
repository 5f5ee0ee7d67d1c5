"""How fast the console paints, answers and opens long runs, and what it costs meanwhile."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.terminal import Terminal

_MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App[None]):
    def compose(self):
        yield Static("first-paint")
Minimal().run()
"""
_CONSOLE = """
from pathlib import Path
from console.app import run_console
from console.start import StartAttach
run_console(StartAttach(Path({run!r})))
"""
_STARTS = 7
_PRESSES = 60
_WATCHED_S = 10.0
_YOUNG_S = 24.0
"""Until a run at the watched speed is longer than what the charts show."""
_LONG_STEPS = 1_000_000

Figures = dict[str, dict[str, Any]]


def run() -> Figures:
    """All figures, each beside its target."""
    home = Path(tempfile.mkdtemp(prefix="rlscale-bench-"))
    os.environ["RLSCALE_DATA_DIR"] = str(home / "data")
    os.environ["RLSCALE_CONFIG_DIR"] = str(home / "config")
    try:
        return {**_starting(home), **_watching(), **_long_run(home), **_reacting()}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _figure(measured: float, target: float, unit: str) -> dict[str, Any]:
    return {"measured": measured, "target": f"≤ {target:g}", "unit": unit, "ok": measured <= target}


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _starting(home: Path) -> Figures:
    from tests.core.runs.factory import write_run

    directory = write_run(home / "data" / "runs" / "finished", 400)
    code = _CONSOLE.format(run=str(directory))
    minimal, console, charts = [], [], []
    for _ in range(_STARTS):
        # Interleaved, so that whatever else the machine does weighs on all alike.
        minimal.append(_time_to(_MINIMAL, "first-paint"))
        console.append(_time_to(code, "override"))
        charts.append(_time_to(code, "p99"))
    return {
        "console: first paint": _figure(_median(console), 0.6, "s"),
        "console: first paint / minimal Textual app": _figure(
            _median(console) / _median(minimal), 2.5, "x"
        ),
        "console: first charts of a run": _figure(_median(charts), 1.0, "s"),
    }


def _time_to(code: str, text: str) -> float:
    terminal = Terminal(code)
    try:
        return terminal.wait_for(text)
    finally:
        terminal.close()


@contextmanager
def _engine(**settings: Any) -> Iterator[Path]:
    from core.runs.commands import Command, CommandSender
    from core.runs.config import InferenceConfig
    from core.runs.launch import launch

    directory = launch(InferenceConfig(policy="hpa", scenario="flash-crowd", **settings))
    sender = CommandSender(directory)
    try:
        yield directory
    finally:
        sender.send(Command.stop())
        sender.close()


def _watching() -> Figures:
    # Two decisions a second, so that every redraw has something new on every chart, and old
    # enough that the charts scroll.
    with _engine(speed=30.0) as directory:
        code = _CONSOLE.format(run=str(directory))
        terminal = Terminal(code)
        terminal.wait_for("p99")
        terminal.drain(_YOUNG_S)
        before, begin = terminal.process.cpu_times(), time.perf_counter()
        terminal.drain(_WATCHED_S)
        after, elapsed = terminal.process.cpu_times(), time.perf_counter() - begin
        busy = (after.user + after.system - before.user - before.system) / elapsed
        memory = terminal.process.memory_info().rss / 2**20
        terminal.close()
        remote = Terminal(code, environment={"SSH_CONNECTION": "1 2 3 4"})
        remote.wait_for("p99")
        remote.drain(3.0)
        rate = remote.drain(_WATCHED_S) / _WATCHED_S / 1024
        remote.close()
    with _engine(speed=1.0, paused=True) as directory:
        resting = Terminal(_CONSOLE.format(run=str(directory)))
        resting.wait_for("p99")
        resting.drain(3.0)
        idle = float(resting.drain(_WATCHED_S / 2))
        resting.close()
    return {
        "console: CPU at 2 Hz, four charts, 120x40": _figure(100 * busy, 20.0, "% of a core"),
        "console: memory": _figure(memory, 100.0, "MiB"),
        "console: bytes over SSH at 1 Hz, four charts, 120x40": _figure(rate, 10.0, "KiB/s"),
        "console: bytes while nothing changes": _figure(idle, 0.0, "B"),
    }


def _long_run(home: Path) -> Figures:
    from tests.core.runs.factory import write_run

    directory = write_run(home / "data" / "runs" / "long", _LONG_STEPS)
    code = _CONSOLE.format(run=str(directory))
    terminal = Terminal(code)
    opened = terminal.wait_for("p99")
    terminal.drain(1.0)
    zoomed = 0.0
    for _ in range(3):
        zoomed = max(zoomed, terminal.reaction("z"))
        terminal.drain(0.5)
    terminal.close()
    return {
        "console: first charts of a run of 1,000,000 steps": _figure(opened, 1.0, "s"),
        "console: zoom out to all of 1,000,000 steps": _figure(zoomed, 0.5, "s"),
    }


def _reacting() -> Figures:
    from core.agents.config import TrainingConfig
    from core.runs.commands import Command, CommandSender
    from core.runs.launch import launch

    directory = launch(TrainingConfig(algo="ppo", steps=100_000_000, seed=0))
    sender = CommandSender(directory)
    terminal = Terminal(_CONSOLE.format(run=str(directory)))
    try:
        terminal.wait_for("exploration", timeout_s=60)
        terminal.drain(8.0)
        times = []
        for _ in range(_PRESSES):
            times.append(terminal.reaction("\t"))
            terminal.drain(0.11)
    finally:
        terminal.close()
        sender.send(Command.stop(), timeout_s=60)
        sender.close()
    late = sorted(times)[int(0.95 * (len(times) - 1))]
    return {"console: key to repaint while training, p95": _figure(1000 * late, 100.0, "ms")}
