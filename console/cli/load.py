"""`load`: a scenario's traffic as real HTTP requests."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from console.cli.arguments import LARGEST_SEED, add_json, positive_number, whole_number
from console.cli.output import duration, number, print_json, print_pairs, print_table
from core.errors import InputError

if TYPE_CHECKING:
    from core.load.schedule import Schedule
    from core.load.tally import LoadReport, Tally

_MOST_ROWS = 40
"""Intervals that people are shown; --json has all of them."""


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "load",
        help="send a scenario's traffic to a real service",
        description=(
            "Send a scenario's traffic to a URL as HTTP requests (GET), so that a service in a "
            "real cluster\nmeets it. Requests leave when they are due, whether or not those before "
            "are answered (an open\nloop), as a Poisson process at the scenario's rate. Needs the "
            "extra load.\n\n"
            "Send it only to services of your own: it may well bring them down."
        ),
    )
    parser.add_argument(
        "--scenario",
        default="flash-crowd",
        metavar="NAME|FILE",
        help="a name, a .yaml file or a trace .csv (default flash-crowd)",
    )
    parser.add_argument("--target", required=True, metavar="URL", help="where to send it")
    parser.add_argument(
        "--peak-rps",
        type=positive_number,
        metavar="R",
        help="scale the traffic so that the 99.5th percentile of its rate is R requests per second",
    )
    parser.add_argument(
        "--speed",
        type=positive_number,
        default=1.0,
        metavar="N",
        help="scenario seconds per second; rates stay, but change N times as fast (default 1)",
    )
    parser.add_argument(
        "--duration", type=positive_number, metavar="S", help="end after S seconds of sending"
    )
    parser.add_argument(
        "--interval",
        type=positive_number,
        default=10.0,
        metavar="S",
        help="length of the intervals that are reported (default 10)",
    )
    parser.add_argument(
        "--timeout",
        type=positive_number,
        default=30.0,
        metavar="S",
        help="a request that takes longer has failed (default 30)",
    )
    parser.add_argument(
        "--keep-alive",
        action="store_true",
        help="use connections again; without it every request opens one, as a new caller does",
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0, LARGEST_SEED),
        metavar="N",
        help="where all randomness comes from (default: the scenario's own)",
    )
    add_json(parser)
    parser.set_defaults(execute=_execute, parser=parser)


def _execute(arguments: argparse.Namespace) -> int:
    target = _checked(arguments.target)
    import numpy as np

    from console.cli.progress import ProgressReport
    from console.cli.stopping import stopping_on_signals
    from core.load.generator import LoadGenerator
    from core.load.schedule import make_schedule
    from core.runs.session import StopFlag

    schedule, rng = make_schedule(
        arguments.scenario,
        None if arguments.seed is None else np.random.default_rng(arguments.seed),
        peak_rps=arguments.peak_rps,
        speed=arguments.speed,
        duration_s=arguments.duration,
    )
    generator = LoadGenerator(
        schedule,
        target,
        timeout_s=arguments.timeout,
        interval_s=arguments.interval,
        keep_alive=arguments.keep_alive,
    )
    stop = StopFlag()
    title = f"{schedule.scenario} to {target}"
    with (
        ProgressReport(title, schedule.duration_s, "s") as progress,
        stopping_on_signals(stop, "Stopping; Ctrl-C again leaves at once."),
    ):

        def tell(elapsed_s: float, tally: Tally) -> None:
            progress.update(elapsed_s, _detail(tally))

        report = generator.run(rng, lambda: stop.reason, tell)
    if arguments.json:
        print_json({"scenario": schedule.scenario, "target": target, **asdict(report)})
    else:
        _print(schedule, report)
    if stop.reason:
        raise KeyboardInterrupt
    return 0


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    # The text may hold a password, so that it is not repeated.
    if not valid:
        raise InputError("expected a URL such as http://shop.example/ as --target, found another.")
    if parts.username is not None or parts.password is not None:
        raise InputError("expected a --target without a user and password, found some in it.")
    return url


def _detail(tally: Tally) -> str:
    words = f"{tally.all_sent:,} sent, {tally.all_failed:,} failed"
    return f"{words}, {tally.missed:,} missed" if tally.missed else words


def _print(schedule: Schedule, report: LoadReport) -> None:
    rows = [
        (
            duration(interval.start_s),
            number(interval.wanted_rps),
            number(interval.sent_rps),
            interval.failed,
        )
        for interval in report.intervals
    ]
    columns = ("from", "wanted rps", "sent rps", "failed")
    if len(rows) > _MOST_ROWS:
        print(f"The last {_MOST_ROWS} of {len(rows)} intervals; --json has all of them.\n")
    print_table(columns, rows[-_MOST_ROWS:], right=columns)
    print()
    print_pairs(
        {
            "scenario": schedule.scenario,
            "time": duration(report.duration_s),
            "requests": f"{report.sent:,} sent of {report.due:,} due ({report.wanted:,.0f} wanted)",
            "failed": f"{report.failed:,}",
            "missed": f"{report.missed:,}",
            "latency p50 p95 p99": " ".join(
                number(value, 0)
                for value in (report.latency_p50_ms, report.latency_p95_ms, report.latency_p99_ms)
            )
            + " ms",
        }
    )
