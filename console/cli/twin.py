"""`twin`: a simulated double of a real service, fitted to its own history."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from console.cli.arguments import add_json
from console.cli.history import add_history_arguments


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "twin",
        help="fit a simulated double of a real service to its history",
        description="Fit a simulated double of a real service to its history.",
    )
    parser.set_defaults(parser=parser)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    fit = actions.add_parser(
        "fit",
        help="estimate capacity, service time, start-up and CPU from Prometheus",
        description=(
            "Estimate a service's capacity, workers, service time, start-up time and CPU from "
            "its history\nin Prometheus, judge them on the last quarter of it, and write a "
            "scenario to train in."
        ),
    )
    fit.add_argument(
        "--out",
        type=Path,
        metavar="NAME|FILE",
        help="the scenario: a name or a .yaml file (default: the Deployment's name)",
    )
    fit.add_argument("--force", action="store_true", help="replace files that exist")
    fit.add_argument(
        "--recording",
        type=Path,
        metavar="FILE",
        help="fit to a recording that an earlier call left (.recording.npz); asks no server",
    )
    add_json(fit)
    add_history_arguments(fit)
    fit.set_defaults(execute=_fit, parser=fit)


def _fit(arguments: argparse.Namespace) -> int:
    from console.cli.twins import fit

    return fit(arguments)
