"""How long the debugger takes: to go back, to explain, and to play alternatives forward."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from core.clock import SystemClock
from core.debug.explain import Explainer
from core.debug.rewind import Rewind
from core.debug.search import RunSearch
from core.debug.whatif import Asking, Speculation
from core.runs.config import InferenceConfig
from core.runs.creation import create_run
from core.runs.execution import execute
from core.runs.reader import RunReader
from tests.core.runs.factory import write_run

_REPEATS: Final = 9
_LONG_STEPS: Final = 1_000_000


def run() -> dict[str, dict[str, Any]]:
    """All figures by name: measured, target, unit and whether it is reached."""
    with tempfile.TemporaryDirectory(prefix="rlscale-bench-") as home:
        config = InferenceConfig(policy="ppo", scenario="flash-crowd", speed=None)
        directory = create_run(config, home=Path(home))
        execute(directory, SystemClock())
        return {**_one_run(RunReader(directory)), **_long_run(Path(home))}


def _one_run(reader: RunReader) -> dict[str, dict[str, Any]]:
    last = reader.last_step()
    rewind = Rewind(reader)
    started = time.perf_counter()
    rewind.moment(last)
    first = time.perf_counter() - started
    explainer = Explainer(rewind.recording, rewind.policy)
    speculation = Speculation(rewind, explainer)
    # Where all eight alternatives come to different replicas.
    sizes = [len(speculation.ask(at, Asking(samples=1)).outcomes) for at in range(last - 30)]
    count = max(sizes)
    step = sizes.index(count)
    return {
        f"debugger: back in a run of {last} steps, first time": _most(first, 1.0, "s"),
        "debugger: one step back": _most(
            _median(lambda turn: rewind.moment(last - 1 - turn)), 0.1, "s"
        ),
        "debugger: one decision explained": _most(
            _median(lambda turn: explainer.explain(step + turn)), 0.1, "s"
        ),
        "debugger: why, exact integrated gradients": _most(
            _median(lambda turn: explainer.why(step + turn)), 0.2, "s"
        ),
        f"debugger: what if, {count} actions x 20 steps x 32 samples": _most(
            _median(lambda turn: speculation.ask(step, Asking(seed=turn))), 1.0, "s"
        ),
        "debugger: the same with hpa and rule taking over": _most(
            _median(lambda turn: speculation.ask(step, Asking(seed=turn, policies=_OTHERS))),
            2.0,
            "s",
        ),
    }


_OTHERS: Final = ("hpa", "rule")


def _long_run(home: Path) -> dict[str, dict[str, Any]]:
    search = RunSearch(RunReader(write_run(home / "long", _LONG_STEPS)))
    started = time.perf_counter()
    search.hits(search.condition("p95 > slo and action != hold"))
    return {
        "debugger: a condition over 1,000,000 steps": _most(
            time.perf_counter() - started, 10.0, "s"
        )
    }


def _median(work: Callable[[int], object]) -> float:
    times = []
    for turn in range(_REPEATS):
        started = time.perf_counter()
        work(turn)
        times.append(time.perf_counter() - started)
    return sorted(times)[_REPEATS // 2]


def _most(measured: float, target: float, unit: str) -> dict[str, Any]:
    return {
        "measured": measured,
        "target": f"≤ {target:g}",
        "unit": unit,
        "ok": measured <= target,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
