"""How long the command line takes to answer."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_TIMES = 9
_TARGET_S = 0.3


def run() -> dict[str, dict[str, Any]]:
    """The median time of `--help`, from the start of the process to its end."""
    program = Path(sys.executable).parent / "rlscale-console"
    seconds = []
    for _ in range(_TIMES):
        started = time.perf_counter()
        subprocess.run([str(program), "--help"], stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - started)
    median = sorted(seconds)[_TIMES // 2]
    return {
        "command line: --help": {
            "measured": median,
            "target": f"≤ {_TARGET_S}",
            "unit": "s",
            "ok": median <= _TARGET_S,
        }
    }
