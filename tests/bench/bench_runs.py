"""How fast a very long run opens, and how soon and how small an inference engine works.

python -m tests.bench.bench_runs    this module alone, as JSON
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import psutil

from core.runs import launch as launching
from core.runs.catalogue import stop_run
from core.runs.commands import Command, CommandSender
from core.runs.config import InferenceConfig
from core.runs.launch import launch
from core.runs.reader import RunReader
from tests.core.runs.factory import write_run

STEPS: Final = 1_000_000
COLUMNS: Final = 160
"""Character cells of a wide chart; two points per cell are drawn."""
_REPEATS: Final = 5
_OPEN_TARGET_S: Final = 1.0
_START_TARGET_S: Final = 1.0
_MEMORY_TARGET_MB: Final = 120.0
_ANSWER_TARGET_MS: Final = 100.0

_OPEN_PROGRAM: Final = """
import sys, time
started = time.perf_counter()
from pathlib import Path
from core.runs.reader import RunReader
imported = time.perf_counter()
reader = RunReader(Path(sys.argv[1]))
status = reader.status()
tail = reader.tail(600)
first = time.perf_counter()
whole = reader.window(0, status.step, 2 * int(sys.argv[2]))
events = reader.last_events(200)
assert len(tail) == 600 and len(whole) > 50
print(first - imported, time.perf_counter() - imported, imported - started)
"""


def run() -> dict[str, dict[str, Any]]:
    """All figures by name: measured, target, unit and whether it is reached."""
    with tempfile.TemporaryDirectory(prefix="rlscale-bench-") as home:
        os.environ["RLSCALE_DATA_DIR"] = home
        return {**_opening(Path(home)), **_engine()}


def _opening(home: Path) -> dict[str, dict[str, Any]]:
    directory = write_run(home / "long", STEPS)
    times = sorted(_open(directory) for _ in range(_REPEATS))
    first, whole = times[_REPEATS // 2]
    return {
        "run of 1,000,000 steps: open, header and tail": _most(first, _OPEN_TARGET_S, "s"),
        "run of 1,000,000 steps: and all of it, zoomed out": _most(whole, _OPEN_TARGET_S, "s"),
    }


def _open(directory: Path) -> tuple[float, float]:
    """Seconds until the data of the first charts and of all of the run are there."""
    command = [sys.executable, "-c", _OPEN_PROGRAM, str(directory), str(COLUMNS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    first, whole, _ = map(float, done.stdout.split())
    return first, whole


def _engine() -> dict[str, dict[str, Any]]:
    started, memory, answers = [], 0.0, []
    for _ in range(_REPEATS):
        before = time.perf_counter()
        directory = launch(InferenceConfig(policy="ppo", scenario="flash-crowd", speed=1.0))
        reader = RunReader(directory)
        while reader.last_step() < 0:
            time.sleep(0.002)
        started.append(time.perf_counter() - before)
        process = psutil.Process(launching._children[-1].pid)
        sender = CommandSender(directory)
        for _ in range(10):
            asked = time.perf_counter()
            sender.send(Command.step())
            answers.append((time.perf_counter() - asked) * 1000.0)
        memory = max(memory, process.memory_info().rss / 1e6)
        stop_run(directory)
        launching._children[-1].wait(20)
    answers.sort()
    return {
        "inference engine: start to first decision": _most(
            sorted(started)[_REPEATS // 2], _START_TARGET_S, "s"
        ),
        "inference engine: memory": _most(memory, _MEMORY_TARGET_MB, "MB"),
        "command answered at 1×, slowest of 50": _most(answers[-1], _ANSWER_TARGET_MS, "ms"),
    }


def _most(measured: float, target: float, unit: str) -> dict[str, Any]:
    return {
        "measured": measured,
        "target": f"≤ {target:g}",
        "unit": unit,
        "ok": measured <= target,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
