"""`bench`: policies on scenarios with several seeds, beside the HPA."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from console.cli.arguments import add_json, names, positive_number, whole_number
from console.cli.output import number, percent, print_json, print_table
from console.cli.progress import ProgressReport
from core.errors import InputError

if TYPE_CHECKING:
    from core.bench.grid import Cell, PolicySummary


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "bench",
        help="compare policies on scenarios with several seeds",
        description=(
            "Run every policy on every scenario with every seed, and compare with the HPA at its\n"
            "default on the same traffic. The score is pods per needed pod plus 30 times the share "
            "of\nrequests that violate the SLO; lower is better, and a ratio below 1 beats the HPA."
        ),
        epilog=(
            "Not in this version: comparison with a calibrated HPA, with the best HPA in hindsight "
            "and\nwith an oracle; they come with the benchmark suite."
        ),
    )
    parser.add_argument(
        "--policies",
        type=names,
        default=("ppo", "dqn", "threshold"),
        metavar="A,B,…",
        help="as for run --policy (default ppo,dqn,threshold)",
    )
    parser.add_argument(
        "--scenarios",
        type=names,
        metavar="A,B,…",
        help="names or files (default: all shipped ones, unless traces are given)",
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
        default=3,
        metavar="K",
        help="episodes per policy and scenario, seeds 0 to K-1 (default 3)",
    )
    parser.add_argument(
        "--jobs",
        type=whole_number(1, 256),
        metavar="N",
        help="processes at once (default: one per core)",
    )
    add_json(parser)
    parser.set_defaults(execute=_execute, parser=parser)


def _execute(arguments: argparse.Namespace) -> int:
    import numpy as np

    from core.agents.registry import load_policy
    from core.bench.grid import cells_of, summarise_policies, tasks_of
    from core.bench.runner import default_workers, run_tasks
    from core.traffic.library import list_scenarios, load_scenario

    if arguments.peak_rps is not None and not arguments.traces:
        raise InputError("expected --traces beside --peak-rps, found none.")
    chosen = arguments.scenarios
    if chosen is None:
        chosen = () if arguments.traces else tuple(entry.name for entry in list_scenarios())
    scenarios = [(name, None) for name in chosen]
    scenarios += [(trace, arguments.peak_rps) for trace in dict.fromkeys(arguments.traces)]
    # What is wrong with a name is said now, not when its turn comes.
    for policy in arguments.policies:
        load_policy(policy)
    for scenario, peak_rps in scenarios:
        load_scenario(scenario, peak_rps=peak_rps)
    tasks = tasks_of(arguments.policies, scenarios, range(arguments.seeds))
    with ProgressReport("benchmark", len(tasks), "episodes") as progress:
        summaries = run_tasks(
            tasks,
            workers=arguments.jobs or default_workers(),
            on_done=lambda done: progress.update(done, f"{done} of {len(tasks)} episodes"),
        )
    cells = cells_of(arguments.policies, summaries)
    by_policy = summarise_policies(arguments.policies, cells, np.random.default_rng(0))
    if arguments.json:
        print_json(
            {
                "cells": [cell.as_dict() for cell in cells],
                "summary": {row.policy: row.as_dict() for row in by_policy},
                "seeds": arguments.seeds,
            }
        )
    else:
        _print(cells, by_policy, arguments.seeds)
    return 0


def _print(cells: list[Cell], by_policy: list[PolicySummary], seeds: int) -> None:
    scenarios = dict.fromkeys(cell.task.scenario for cell in cells)
    rows = []
    for scenario in scenarios:
        row: list[object] = [scenario]
        for summary in by_policy:
            ratios = [
                cell.score_ratio_hpa
                for cell in cells
                if (cell.task.scenario, cell.task.policy) == (scenario, summary.policy)
                and cell.score_ratio_hpa is not None
            ]
            row.append(number(sum(ratios) / len(ratios), 2) if ratios else "-")
        rows.append(row)
    policies = [summary.policy for summary in by_policy]
    print(f"Score divided by the HPA's on the same traffic, mean of {seeds} seeds:")
    print_table(["scenario", *policies], rows, right=policies)
    print()
    print_table(
        ["policy", "score", "95 % over seeds", "SLO", "pods·h", "churn", "to HPA", "worst", "at"],
        [_summary_row(summary) for summary in by_policy],
        right=["score", "95 % over seeds", "SLO", "pods·h", "churn", "to HPA", "worst"],
    )


def _summary_row(summary: PolicySummary) -> list[object]:
    interval = summary.score_interval
    return [
        summary.policy,
        number(summary.score, 3),
        "-" if interval is None else f"{interval.low:.3f} to {interval.high:.3f}",
        percent(summary.slo_violation_ratio),
        number(summary.pod_hours),
        number(summary.churn, 0),
        number(summary.score_ratio_hpa, 2),
        number(summary.worst_score_ratio_hpa, 2),
        summary.worst_scenario,
    ]
