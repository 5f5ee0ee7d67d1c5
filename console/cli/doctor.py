"""`doctor`: whether everything that is needed is here, and what to do about what is not."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from console.cli.arguments import add_json
from console.cli.kubernetes import (
    add_environment,
    add_kubernetes_arguments,
    refuse_kubernetes_arguments,
)
from console.cli.output import print_json
from core import __version__
from core.errors import InputError

_WIDTH = 18
"""Of the names of checks; the longest is `settings directory`."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A check of this machine or of a cluster."""

    check: str
    ok: bool
    found: str
    hint: str
    required: bool


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "doctor",
        help="check that everything needed is here",
        description=(
            "Check that everything needed is here, and say what to do about what is not. With\n"
            "--env k8s: whether a Deployment can be observed and scaled, and measured how."
        ),
    )
    add_environment(parser, "what to check")
    parser.add_argument(
        "--scenario",
        metavar="NAME|FILE",
        help="with --env k8s: where the service model comes from, such as a fitted twin",
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="with --env k8s: take missing rights to scale for a failure",
    )
    add_kubernetes_arguments(parser)
    add_json(parser)
    parser.set_defaults(execute=_execute, parser=parser)


def _execute(arguments: argparse.Namespace) -> int:
    if arguments.env == "k8s":
        rows = _cluster_rows(arguments)
    else:
        _refuse_for_simulator(arguments)
        rows = _machine_rows()
    found = []
    for row in rows:
        found.append(row)
        if not arguments.json:
            _print(row)
    healthy = all(row.ok for row in found if row.required)
    if arguments.json:
        print_json(
            {
                "version": __version__,
                "ok": healthy,
                "checks": [
                    {
                        "check": row.check,
                        "ok": row.ok,
                        "required": row.required,
                        "found": row.found,
                        "hint": row.hint,
                    }
                    for row in found
                ],
            }
        )
    return 0 if healthy else 1


def _refuse_for_simulator(arguments: argparse.Namespace) -> None:
    refuse_kubernetes_arguments(arguments)
    for flag, given in (("--scenario", arguments.scenario), ("--write", arguments.write)):
        if given:
            raise InputError(f"expected --env k8s beside {flag}, found --env sim.")


def _machine_rows() -> Iterable[_Row]:
    from console.cli.examination import examine

    for finding in examine():
        yield _Row(finding.check, finding.ok, finding.found, finding.hint, finding.required)


def _cluster_rows(arguments: argparse.Namespace) -> Iterable[_Row]:
    from console.cli.kubernetes import facts_from, settings_from
    from core.clock import SystemClock
    from core.state import DeploymentFacts

    settings = settings_from(arguments)
    facts: DeploymentFacts | InputError
    try:
        facts = facts_from(settings, arguments.scenario)
    except InputError as error:
        # One finding among others: the cluster can be looked at all the same.
        facts = error
    # After the settings: a wrong one must not wait for a library of many modules.
    from core.cluster.kubernetes.doctor import examine_cluster

    for check in examine_cluster(settings, facts, SystemClock(), write=arguments.write):
        yield _Row(check.name, check.ok, check.found, check.advice, check.required)


def _print(row: _Row) -> None:
    mark = "ok  " if row.ok else ("FAIL" if row.required else "note")
    print(f"{mark}  {row.check:<{_WIDTH}}  {row.found}", flush=True)
    if row.hint:
        print(f"{'':4}  {'':{_WIDTH}}  {row.hint}", flush=True)
