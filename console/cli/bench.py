"""`bench`: policies on workloads with several seeds, beside calibrated rivals and an oracle."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli.arguments import add_json, names, positive_number, whole_number
from console.cli.output import note, print_json
from console.cli.progress import ProgressReport
from core.errors import InputError

if TYPE_CHECKING:
    from core.bench.directory import BenchDirectory
    from core.bench.executors import Executor

_POLICIES = ("ppo", "dqn", "hpa", "rule")
_SEEDS = 5

_DESCRIPTION = """\
Run every policy on every workload with every seed, and compare with

  hpa calibrated    the one HPA setting that did best on the training suite
  rule calibrated   likewise for the rate rule
  hindsight         the cheapest HPA setting on that very workload that violates no more
  oracle            the cheapest schedule of somebody who knows the traffic beforehand

The score is pods per needed pod plus 30 times the share of requests that violate the SLO. Lower is
better; a ratio below 1 beats the rival. docs/benchmark.md defines every figure."""

_EPILOG = """\
Results are kept as they come. The same command goes on where it was interrupted, and shows what is
known at once if nothing is left to do."""


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "bench",
        help="compare policies with calibrated rivals on unseen traffic",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--policies",
        type=names,
        metavar="A,B,…",
        help=f"as for run --policy (default {','.join(_POLICIES)})",
    )
    parser.add_argument(
        "--scenarios",
        type=names,
        metavar="A,B,…",
        help="heldout (default, unless traces are given), training, trials, shipped, names, files",
    )
    parser.add_argument(
        "--traces", nargs="+", default=[], metavar="FILE.csv", help="recorded traffic"
    )
    parser.add_argument(
        "--peak-rps",
        type=positive_number,
        metavar="R",
        help="scale the traces so that the 99.5th percentile of their rate is R",
    )
    parser.add_argument(
        "--seeds",
        type=whole_number(1, 1000),
        metavar="K",
        help=f"episodes per policy and workload, seeds 0 to K-1 (default {_SEEDS})",
    )
    _add_work(parser)
    output = parser.add_argument_group("output")
    add_json(output)
    output.add_argument("--csv", type=Path, metavar="FILE", help="write one line per cell")
    output.add_argument(
        "--html", type=Path, metavar="FILE", help="write a report with the fronts drawn"
    )
    parser.set_defaults(execute=_execute, parser=parser)


def _add_work(parser: argparse.ArgumentParser) -> None:
    work = parser.add_argument_group("work")
    who = work.add_mutually_exclusive_group()
    who.add_argument(
        "--jobs",
        type=whole_number(1, 256),
        metavar="N",
        help="processes at once (default: one per core)",
    )
    who.add_argument(
        "--ray",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="let a Ray cluster do the work, or a Ray of this machine (extra `ray`)",
    )
    again = work.add_mutually_exclusive_group()
    again.add_argument(
        "--resume",
        metavar="DIR",
        help="go on with the benchmark of that directory, as it was asked",
    )
    again.add_argument("--fresh", action="store_true", help="forget what is known and begin anew")
    work.add_argument(
        "--no-cache",
        action="store_true",
        help="calibrate the rivals again, and remember nothing (with --fresh, where results are "
        "known already)",
    )


def _execute(arguments: argparse.Namespace) -> int:
    from console.cli.bench_tables import print_report
    from core.bench.bench import Bench
    from core.bench.csv_file import write_csv
    from core.clock import SystemClock
    from core.files import require_place

    # What is missing is said now, not after minutes.
    for target in (arguments.csv, arguments.html):
        if target is not None:
            require_place(target)
    if arguments.html is not None:
        from core.bench.page import require_report_extra

        require_report_extra()
    directory = _directory(arguments)
    with ProgressReport("benchmark", 100.0) as shown:
        bench = Bench(
            directory,
            _executor(arguments),
            SystemClock(),
            lambda progress: shown.update(
                100.0 * progress.done, progress.detail, left_s=progress.left_s
            ),
            use_cache=not arguments.no_cache,
        )
        report = bench.run(fresh=arguments.fresh)
    if arguments.csv is not None:
        write_csv(arguments.csv, report)
    if arguments.html is not None:
        from core.bench.page import write_page

        write_page(arguments.html, report)
    note(f"results: {directory.path}")
    if arguments.json:
        print_json({**report.as_dict(), "directory": directory.path})
    else:
        print_report(report)
    return 0


def _directory(arguments: argparse.Namespace) -> BenchDirectory:
    from core.bench.directory import BenchDirectory, find_benchmark
    from core.bench.request import make_request

    if arguments.resume is not None:
        asked = ("policies", "scenarios", "traces", "peak_rps", "seeds")
        if any(getattr(arguments, name) for name in asked):
            raise InputError(
                "expected --resume without policies, workloads or seeds, found some.",
                "They are as they were when the benchmark began.",
            )
        return find_benchmark(arguments.resume)
    scenarios = arguments.scenarios
    if scenarios is None:
        scenarios = () if arguments.traces else ("heldout",)
    request = make_request(
        arguments.policies or _POLICIES,
        scenarios,
        arguments.traces,
        peak_rps=arguments.peak_rps,
        seeds=arguments.seeds or _SEEDS,
    )
    return BenchDirectory.make(request, request.identity())


def _executor(arguments: argparse.Namespace) -> Executor:
    from core.bench.executors import Processes, RayCluster, default_workers

    if arguments.ray is not None:
        return RayCluster(arguments.ray or None)
    return Processes(arguments.jobs or default_workers())
