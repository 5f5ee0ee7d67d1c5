"""The engine process: `python -m core.runs.engine RUN_DIR` carries out one run, detached.

Its standard streams go to engine.log. SIGTERM, SIGINT and SIGHUP end the run in order.
"""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from core.clock import SystemClock
from core.errors import RlscaleError
from core.runs.execution import execute
from core.runs.session import StopFlag


def main(arguments: Sequence[str]) -> int:
    """Carry out the run in the directory given as the only argument; returns the exit code."""
    if len(arguments) != 1:
        print("expected one argument, the run directory.", file=sys.stderr)
        return 2
    stop = StopFlag()

    def end(number: int, _frame: FrameType | None) -> None:
        stop.request(f"stopped by {signal.Signals(number).name}")

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    try:
        execute(Path(arguments[0]), SystemClock(), stop=stop)
    except RlscaleError as error:
        traceback.print_exc()
        print(error, file=sys.stderr)
        return error.exit_code
    except Exception:
        # The run's status carries the one line; the log keeps all of it.
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
