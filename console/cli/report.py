"""`report`: what a policy in SHADOW would have done and cost, against what happened."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from console.cli.arguments import RUN, add_json
from console.cli.output import note, print_json, print_table


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "report",
        help="what a policy in SHADOW would have done and cost",
        description=(
            "Compare what a policy in SHADOW advised with what happened: pod-hours, expected SLO\n"
            "violations of both in the twin of the service, churn, and where they differed most."
        ),
    )
    parser.add_argument("run", metavar="RUN", help=RUN)
    parser.add_argument(
        "--scenario",
        metavar="NAME|FILE",
        help="the twin that was fitted to the service (default: the run's own)",
    )
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="also write the report as Markdown; - prints it in place of the tables",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that exists")
    add_json(parser)
    parser.set_defaults(execute=_execute, parser=parser)


def _execute(arguments: argparse.Namespace) -> int:
    from core.files import write_files
    from core.runs.catalogue import find_run
    from core.runs.reader import RunReader
    from core.traffic.library import load_scenario
    from core.twin import shadow_text
    from core.twin.shadow import shadow_report

    reader = RunReader(find_run(arguments.run))
    try:
        twin = load_scenario(arguments.scenario) if arguments.scenario else None
        report = shadow_report(reader, twin)
    finally:
        reader.close()
    printed = arguments.markdown == Path("-")
    if arguments.markdown is not None and not printed:
        text = shadow_text.markdown(report)
        write_files({arguments.markdown: text.encode()}, force=arguments.force)
    if arguments.json:
        print_json({**asdict(report), "saved_pod_hours": report.saved_pod_hours})
        return 0
    if printed:
        print(shadow_text.markdown(report), end="")
        return 0
    for text in report.notes:
        note(f"note: {text}")
    print(shadow_text.headline(report))
    print(shadow_text.about(report))
    print()
    rows = [list(row) for row in shadow_text.figures(report)]
    print_table(["", "happened", "advised"], rows, right=["happened", "advised"])
    if report.moments:
        print()
        print_table(
            ["differed most at", "rps", "replicas", "advised", "why"],
            [list(row) for row in shadow_text.moments(report)],
            right=["rps", "replicas", "advised"],
            whole=["differed most at"],
        )
    if arguments.markdown is not None:
        print(f"\nWrote {arguments.markdown}.")
    return 0
