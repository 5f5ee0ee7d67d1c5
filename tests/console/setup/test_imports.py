from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def modules_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after `code`."""
    report = "import sys; print('\\n'.join(sorted({m.partition('.')[0] for m in sys.modules})))"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.split())


def test_the_first_paint_of_setup_waits_for_no_arrays_and_no_files() -> None:
    loaded = modules_after("import console.app, console.screens.setup")
    assert "textual" in loaded
    assert loaded.isdisjoint({"numpy", "plotext", "sqlite3", "yaml", "safetensors"})


def test_nothing_that_setup_and_runs_do_needs_what_trains() -> None:
    loaded = modules_after(
        "import console.screens.runs, console.screens.compare, console.commands\n"
        "from console.setup.preview import preview_traffic\n"
        "from console.setup.estimate import measured_speeds\n"
        "from core.agents.registry import list_policies\n"
        "import core.runs.launch, core.runs.export\n"
        "preview_traffic('flash-crowd', peak_rps=None, seed=None)\n"
        "list_policies(), measured_speeds()"
    )
    assert "numpy" in loaded
    assert loaded.isdisjoint(
        {"torch", "stable_baselines3", "gymnasium", "pandas", "wandb", "tensorboard", "kubernetes"}
    )
