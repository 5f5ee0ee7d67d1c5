"""The console as a process: what it imports, and how it ends on signals."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pexpect
import pytest

from core.runs.config import InferenceConfig
from core.runs.launch import launch
from core.runs.lock import is_alive
from tests.core.runs.conftest import engines

__all__ = ["engines"]

_ROOT = Path(__file__).resolve().parents[2]
_HEAVY = ("torch", "stable_baselines3", "gymnasium", "tensorboard", "wandb", "pandas", "kubernetes")
_LOOK = """
import json, sys, threading
from pathlib import Path
from console.app import RlscaleApp
from console.start import StartAttach
app = RlscaleApp(StartAttach(Path({run!r})))
timer = threading.Timer({seconds}, lambda: app.call_from_thread(app.exit))
timer.start()
app.run()
print("MODULES " + json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def _spawn(code: str, **environment: str) -> pexpect.spawn:
    variables = {**os.environ, "TERM": "xterm-256color", **environment}
    return pexpect.spawn(
        sys.executable, ["-c", code], dimensions=(24, 80), env=variables, cwd=str(_ROOT), timeout=30
    )


def test_never_imports_what_trains(finished_run: Path) -> None:
    child = _spawn(_LOOK.format(run=str(finished_run), seconds=2.0))
    child.expect("MODULES (\\[.*?\\])")
    loaded = set(json.loads(child.match.group(1)))
    child.expect(pexpect.EOF)
    assert "plotext" in loaded, "the charts were drawn"
    assert loaded.isdisjoint(_HEAVY)


def test_the_empty_screen_needs_neither_arrays_nor_plotting() -> None:
    code = (
        "import sys, console.app, console.screens.live\n"
        "print('FOUND', sorted({'numpy', 'plotext', 'sqlite3'} & set(sys.modules)))"
    )
    child = _spawn(code)
    child.expect("FOUND \\[(.*?)\\]")
    assert child.match.group(1) == b""
    child.expect(pexpect.EOF)


@pytest.mark.usefixtures("engines")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_signals_end_the_console_and_not_the_engine(isolated: Path, number: signal.Signals) -> None:
    run = launch(InferenceConfig(policy="hpa", scenario="flash-crowd", speed=1.0))
    code = (
        "from pathlib import Path\n"
        "from console.app import run_console\n"
        "from console.start import StartAttach\n"
        f"run_console(StartAttach(Path({str(run)!r})))\n"
        "print('LEFT IN ORDER')"
    )
    child = _spawn(code)
    child.expect("p99")
    os.kill(child.pid, number)
    child.expect("LEFT IN ORDER")
    child.expect(pexpect.EOF)
    assert is_alive(run)


def test_a_lost_terminal_ends_the_console(finished_run: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from console.app import run_console\n"
        "from console.start import StartAttach\n"
        f"run_console(StartAttach(Path({str(finished_run)!r})))"
    )
    child = _spawn(code)
    child.expect("p99")
    child.close(force=False)
    deadline = time.monotonic() + 15
    while child.isalive():
        assert time.monotonic() < deadline, "the console outlived its terminal"
