"""`doctor`: whether everything that is needed is here, and what to do about what is not."""

from __future__ import annotations

import argparse
from typing import Any

from console.cli.arguments import add_json
from console.cli.output import print_json
from core import __version__


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "doctor",
        help="check that everything needed is here",
        description="Check that everything needed is here, and say what to do about what is not.",
    )
    add_json(parser)
    parser.set_defaults(execute=_execute, parser=parser)


def _execute(arguments: argparse.Namespace) -> int:
    from console.cli.examination import examine

    findings = list(examine())
    healthy = all(finding.ok for finding in findings if finding.required)
    if arguments.json:
        print_json(
            {
                "version": __version__,
                "ok": healthy,
                "checks": [
                    {
                        "check": finding.check,
                        "ok": finding.ok,
                        "required": finding.required,
                        "found": finding.found,
                        "hint": finding.hint,
                    }
                    for finding in findings
                ],
            }
        )
    else:
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            mark = "ok  " if finding.ok else ("FAIL" if finding.required else "note")
            print(f"{mark}  {finding.check:<{width}}  {finding.found}")
            if finding.hint:
                print(f"{'':4}  {'':{width}}  {finding.hint}")
    return 0 if healthy else 1
