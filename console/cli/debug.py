"""`debug`: step through the decisions of a run, in the console or headless."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli.arguments import (
    LARGEST_SEED,
    RUN,
    add_drawing,
    add_json,
    names,
    whole_number,
)
from console.cli.debug_options import check_options, is_headless
from core.errors import RunError

if TYPE_CHECKING:
    from core.debug.debugger import Debugger
    from core.debug.whatif import WhatIf

_DESCRIPTION = """\
Open a run in the debugger, at one decision: what the policy saw and weighed, why, what it
earned, and what would have come of something else. With a headless option it answers here."""

_EPILOG = """\
conditions: p95 > slo, action != hold, replicas_desired > 20, policy_action != hpa_action,
            guardrail, reward < -5; with + - * / %, and, or, not. --names lists every field.

examples:   rlscale-console debug latest --break "p95 > slo" --json
            rlscale-console debug latest --time 10:45 --what-if --policies hpa,rule
            rlscale-console debug latest --step 43 --export incident.md"""

_WITHOUT_TERMINAL = "Add --print, or see rlscale-console debug --help for what else is headless."


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "debug",
        help="step through the decisions of a run: why, and what if",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("run", metavar="RUN", help=RUN)
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--step", type=whole_number(0), metavar="N", help="the decision (default: the last)"
    )
    where.add_argument("--time", metavar="T", help="the same by time: 645, 10:45 or 10 min")
    parser.add_argument(
        "--read-only", action="store_true", help="look only: keep no breakpoints, command nothing"
    )
    add_drawing(parser)
    headless = parser.add_argument_group("headless")
    headless.add_argument(
        "--print", action="store_true", help="print everything about the decision, as Markdown"
    )
    headless.add_argument(
        "--export", type=Path, metavar="FILE", help="write it to FILE.md or FILE.json"
    )
    headless.add_argument("--force", action="store_true", help="replace a file that exists")
    headless.add_argument(
        "--break",
        dest="conditions",
        action="append",
        default=[],
        metavar="EXPR",
        help="list the decisions at which a condition holds; may be given again",
    )
    headless.add_argument("--names", action="store_true", help="list what conditions may speak of")
    headless.add_argument(
        "--what-if", action="store_true", help="play the alternatives of the decision forward"
    )
    headless.add_argument(
        "--policies",
        type=names,
        default=(),
        metavar="A,B",
        help="other policies that take over at the decision, with --what-if",
    )
    headless.add_argument(
        "--horizon",
        type=whole_number(1, 2000),
        metavar="N",
        help="decision intervals to look ahead (default 20)",
    )
    headless.add_argument(
        "--samples",
        type=whole_number(0, 1000),
        metavar="N",
        help="how often each is lived through (default 32); 0: once, on the run's own chance",
    )
    headless.add_argument(
        "--seed",
        type=whole_number(0, LARGEST_SEED),
        metavar="N",
        help="where the chance of --what-if comes from (default 0)",
    )
    headless.add_argument(
        "--question",
        choices=("action", "target"),
        help="what is explained: this action over the runner-up (default), or so many replicas",
    )
    headless.add_argument(
        "--baseline",
        choices=("mean", "previous"),
        help="what the observation is compared with: the run's mean (default), or the step before",
    )
    course = parser.add_argument_group("another course")
    course.add_argument(
        "--branch", action="store_true", help="start a new run that goes on from the decision"
    )
    course.add_argument(
        "--target",
        type=whole_number(0),
        metavar="N",
        help="replicas wanted at the decision, with --branch (default: as the policy decides)",
    )
    course.add_argument(
        "--then", metavar="POLICY", help="who goes on, with --branch (default: the same policy)"
    )
    course.add_argument(
        "--versus",
        metavar="RUN",
        help="hold it beside another run of the same scenario and seed, in step",
    )
    add_json(headless)
    parser.set_defaults(execute=_execute, parser=parser, without_terminal=_WITHOUT_TERMINAL)


def _execute(arguments: argparse.Namespace) -> int:
    check_options(arguments)
    if not is_headless(arguments):
        return _open(arguments)
    from console.cli.debugging import branch, print_versus
    from core.debug.debugger import Debugger
    from core.runs.catalogue import find_run

    directory = find_run(arguments.run)
    if arguments.versus is not None:
        return print_versus(directory, find_run(arguments.versus), as_json=arguments.json)
    debugger = Debugger(directory, keep=not arguments.read_only)
    try:
        if arguments.branch:
            return branch(directory, _step(debugger, arguments), arguments)
        if arguments.names:
            return _names(debugger, arguments)
        if arguments.conditions:
            return _breaks(debugger, arguments)
        return _decision(debugger, arguments)
    finally:
        debugger.close()


def _open(arguments: argparse.Namespace) -> int:
    from console.cli.screen import open_console, require_terminal
    from console.start import StartDebug
    from core.runs.catalogue import find_run
    from core.times import parse_time

    directory = find_run(arguments.run)
    require_terminal(arguments)
    time_s = None if arguments.time is None else parse_time(arguments.time)
    start = StartDebug(
        directory,
        arguments.step,
        time_s,
        read_only=arguments.read_only,
        versus=None if arguments.versus is None else find_run(arguments.versus),
    )
    return open_console(start, arguments)


def _names(debugger: Debugger, arguments: argparse.Namespace) -> int:
    from console.cli.output import print_json, print_table

    fields = {field.name: field for field in debugger.search.names.values()}
    if arguments.json:
        print_json(
            {
                "names": [
                    {
                        "name": field.name,
                        "aliases": list(field.aliases),
                        "kind": field.kind.value,
                        "words": list(field.words),
                        "meaning": field.meaning,
                    }
                    for field in fields.values()
                ]
            }
        )
        return 0
    rows = [[", ".join((field.name, *field.aliases)), field.meaning] for field in fields.values()]
    print_table(["name", "meaning"], rows, whole=["name"])
    return 0


def _breaks(debugger: Debugger, arguments: argparse.Namespace) -> int:
    from console.cli.debugging import print_hits
    from console.cli.output import print_json

    # All are judged before any is looked for: a wrong one costs no time.
    conditions = [debugger.search.condition(text) for text in arguments.conditions]
    found = [(condition.text, debugger.search.hits(condition)) for condition in conditions]
    if arguments.json:
        print_json(
            {
                "run": debugger.info.run_id,
                "steps": debugger.newest + 1,
                "breaks": [
                    {"condition": text, "count": len(hits), "hits": hits} for text, hits in found
                ],
            }
        )
    else:
        for text, hits in found:
            print_hits(debugger, text, hits.tolist())
    return 0


def _decision(debugger: Debugger, arguments: argparse.Namespace) -> int:
    from console.cli.debugging import print_what_if
    from console.cli.output import note, print_json
    from core.debug.explain import Baseline, Question
    from core.debug.export import export_report
    from core.debug.markdown import as_markdown
    from core.debug.report import report
    from core.files import require_new

    if arguments.export is not None:
        require_new(arguments.export, force=arguments.force)
    index = _step(debugger, arguments)
    what_if = _what_if(debugger, index, arguments) if arguments.what_if else None
    document = report(
        debugger,
        index,
        question=Question(arguments.question or Question.ACTION),
        baseline=Baseline(arguments.baseline or Baseline.MEAN),
        what_if=what_if,
    )
    if arguments.export is not None:
        written = export_report(document, arguments.export, overwrite=arguments.force)
        note(f"Wrote {written}.")
    if arguments.json:
        print_json(document)
    elif arguments.print:
        print(as_markdown(document), end="")
    elif what_if is not None and arguments.export is None:
        print_what_if(what_if)
    return 0


def _step(debugger: Debugger, arguments: argparse.Namespace) -> int:
    newest: int = debugger.newest
    if arguments.time is not None:
        from core.times import parse_time

        return int(debugger.step_at(parse_time(arguments.time)))
    if newest < 0:
        raise RunError(f"expected a first decision in {debugger.info.run_id}, found none yet.")
    step: int | None = arguments.step
    return newest if step is None else step


def _what_if(debugger: Debugger, index: int, arguments: argparse.Namespace) -> WhatIf:
    from console.cli.progress import ProgressReport
    from core.debug.whatif import HORIZON_STEPS, SAMPLES, Asking

    if debugger.speculation is None:
        raise RunError(debugger.problem)
    asking = Asking(
        steps=arguments.horizon or HORIZON_STEPS,
        samples=SAMPLES if arguments.samples is None else arguments.samples,
        policies=arguments.policies,
        seed=arguments.seed or 0,
    )
    with ProgressReport("going back", index, "decisions") as progress:
        return debugger.speculation.ask(
            index, asking, lambda done, total: progress.update(done, total=total)
        )
