"""Measure what the project promises: every figure beside its target.

    python -m tests.bench                 all, as a table
    python -m tests.bench --only start    those whose module's name contains "start"
    python -m tests.bench --json          one JSON object as the last line

Each module `bench_*.py` has a `run()` that returns its figures by name, each with the keys
`measured`, `target` (such as "≥ 20000"), `unit` and `ok`. Each runs in a process of its own, so
that none measures the memory, the threads or the warm caches that another left behind.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parent
_ROOT = _FOLDER.parent.parent
_LIMIT_S = 900.0
_MARK = "figures: "


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number and what it should be."""

    module: str
    name: str
    measured: float | str | None
    target: float | str
    unit: str
    ok: bool


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks; 0 if all could be run, whether or not they reach their targets."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--only", metavar="NAME", help="part of a module's name")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--module", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.module:
        measured = importlib.import_module(f"tests.bench.{arguments.module}").run()
        print(_MARK + json.dumps(measured), flush=True)
        return 0
    modules = [path.stem for path in sorted(_FOLDER.glob("bench_*.py"))]
    chosen = [name for name in modules if not arguments.only or arguments.only in name]
    if not chosen:
        print(f"error: expected one of {', '.join(modules)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    failed: list[str] = []
    for name in chosen:
        started = time.monotonic()
        print(f"{name} …", end=" ", file=sys.stderr, flush=True)
        found = _measure(name)
        if found is None:
            failed.append(name)
        else:
            figures += found
        print(f"{time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    _print_table(figures)
    for name in failed:
        print(f"{name} could not be run: python -m tests.bench --module {name}")
    if arguments.json:
        content = {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "machine": platform.machine(),
            "figures": [asdict(figure) for figure in figures],
            "failed": failed,
        }
        print(json.dumps(content, ensure_ascii=False))
    return 1 if failed else 0


def _measure(module: str) -> list[Figure] | None:
    """Run one module in a process of its own; None if it failed."""
    command = [sys.executable, "-m", "tests.bench", "--module", module]
    # As the program itself calculates.
    environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
    try:
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=_LIMIT_S,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"failed: {error}", file=sys.stderr)
        return None
    lines = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    content: dict[str, dict[str, Any]] = json.loads(lines[-1].removeprefix(_MARK))
    return [
        Figure(
            module=module,
            name=name,
            measured=row["measured"],
            target=row["target"],
            unit=row["unit"],
            ok=bool(row["ok"]),
        )
        for name, row in content.items()
    ]


def _print_table(figures: Sequence[Figure]) -> None:
    rows = [
        (figure.name, _text(figure.measured), _text(figure.target), figure.unit, figure.ok)
        for figure in figures
    ]
    head = ("what", "measured", "target", "unit")
    cells = [head, *(row[:4] for row in rows)]
    wide = [max(len(row[column]) for row in cells) for column in range(4)]
    print(f"{head[0]:<{wide[0]}}  {head[1]:>{wide[1]}}  {head[2]:>{wide[2]}}  {head[3]}")
    for what, measured, target, unit, ok in rows:
        line = f"{what:<{wide[0]}}  {measured:>{wide[1]}}  {target:>{wide[2]}}  {unit:<{wide[3]}}"
        verdict = "ok" if ok else "falls short"
        print(f"{line}  {verdict}" if target != "-" else line.rstrip())


def _text(value: float | str | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    raise SystemExit(main())
