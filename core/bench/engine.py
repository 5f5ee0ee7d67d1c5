"""The benchmark's process: `python -m core.bench.engine DIR` works on one benchmark, detached.

Its standard streams go to bench.log; how far it is stands in the benchmark's directory.
"""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from core.bench.bench import Bench
from core.bench.directory import BenchDirectory
from core.bench.executors import Processes, default_workers
from core.clock import SystemClock
from core.errors import RlscaleError


def main(arguments: Sequence[str]) -> int:
    """Work on the benchmark in the directory given as the only argument; returns the exit code."""
    if len(arguments) != 1:
        print("expected one argument, the benchmark's directory.", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        directory = BenchDirectory(Path(arguments[0]))
        Bench(directory, Processes(default_workers()), SystemClock()).run()
    except RlscaleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except Exception:
        # The benchmark's progress carries the one line; the log keeps all of it.
        traceback.print_exc()
        return 1
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
