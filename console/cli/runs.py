"""`runs`: what was run, and what runs now."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli.arguments import RUN, add_json
from console.cli.export import add_export
from console.cli.figures import readable
from console.cli.output import (
    ask,
    duration,
    note,
    number,
    percent,
    print_json,
    print_pairs,
    print_table,
)
from console.words import count
from core.errors import InputError

if TYPE_CHECKING:
    from core.runs.catalogue import RunEntry
    from core.runs.reader import RunReader


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "runs",
        help="list, show, export, resume and delete runs",
        description="What was run, and what runs now.",
    )
    parser.set_defaults(parser=parser)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="all runs, newest first, with their live state")
    add_json(listing)
    listing.set_defaults(execute=_list, parser=listing)

    show = _action(actions, "show", "how runs stand and their figures, beside each other", _show)
    show.add_argument("runs", nargs="+", metavar="RUN", help=RUN)

    add_export(actions)

    resume = _action(actions, "resume", "let a training go on from its last checkpoint", _resume)
    resume.add_argument("run", metavar="RUN", help=RUN)

    restart = _action(actions, "restart", "the same policy, traffic and seed once more", _restart)
    restart.add_argument("run", metavar="RUN", help=RUN)

    delete = _action(actions, "delete", "delete runs with all their files", _delete)
    delete.add_argument("runs", nargs="+", metavar="RUN", help=RUN)
    delete.add_argument("--yes", action="store_true", help="do not ask, even at a terminal")


def _action(actions: Any, name: str, what: str, execute: Any) -> argparse.ArgumentParser:
    action: argparse.ArgumentParser = actions.add_parser(name, help=what, description=what)
    add_json(action)
    action.set_defaults(execute=execute, parser=action)
    return action


def _list(arguments: argparse.Namespace) -> int:
    from core.runs.catalogue import list_runs

    entries = list_runs()
    if arguments.json:
        print_json({"runs": [_entry_content(entry) for entry in entries]})
        return 0
    if not entries:
        print("No runs yet. `rlscale-console demo` makes one.")
        return 0
    # In a terminal of 80 columns long steps would take the room of the names.
    write = count if sys.stdout.isatty() else "{:,}".format
    rows = [_entry_row(entry, write) for entry in entries]
    print_table(
        ["run", "state", "time", "SLO", "pods·h"],
        rows,
        right=["time", "SLO", "pods·h"],
        whole=["run"],
        shortened="run",
    )
    return 0


def _entry_content(entry: RunEntry) -> dict[str, Any]:
    content: dict[str, Any] = {
        "run": entry.run_id,
        "directory": entry.directory,
        "size_bytes": entry.size_bytes,
        "error": entry.error,
    }
    if entry.info is not None and entry.status is not None:
        totals = entry.status.totals
        training = entry.status.training
        content |= {
            "kind": entry.info.kind,
            "state": entry.status.state,
            "message": entry.status.message,
            "policy": entry.info.policy,
            "scenario": entry.info.scenario,
            "seed": entry.info.seed,
            "mode": entry.status.mode,
            "created": entry.info.created_wall_time,
            "time_s": entry.status.time_s,
            "slo_violation_ratio": totals.slo_violation_ratio,
            "pod_hours": totals.pod_hours,
            "timesteps": training.timesteps if training else None,
            "total_timesteps": training.total_timesteps if training else None,
        }
    return content


def _entry_row(entry: RunEntry, write: Callable[[int], str]) -> list[object]:
    if entry.info is None or entry.status is None:
        return [entry.run_id, f"unreadable: {entry.error}", None, None, None]
    status, training = entry.status, entry.status.training
    if training is not None:
        # A training ends with the rollout in which it reaches its steps, a little beyond them.
        share = min(1.0, training.timesteps / max(1, training.total_timesteps))
        reached = f"{100 * share:.0f} % of {write(training.total_timesteps)}"
        figures: list[object] = [reached, None, None]
    else:
        figures = [
            duration(status.time_s),
            percent(status.totals.slo_violation_ratio),
            number(status.totals.pod_hours),
        ]
    # The name of a run tells policy and scenario.
    return [entry.run_id, status.state, *figures]


def _show(arguments: argparse.Namespace) -> int:
    from core.runs.catalogue import find_run
    from core.runs.reader import RunReader

    contents = []
    for name in arguments.runs:
        reader = RunReader(find_run(name))
        try:
            contents.append(_run_content(reader))
        finally:
            reader.close()
    if arguments.json:
        print_json(contents[0] if len(contents) == 1 else {"runs": contents})
    elif len(contents) == 1:
        print_pairs(readable(contents[0]))
    else:
        rows = [readable(content) for content in contents]
        keys = dict.fromkeys(key for row in rows for key in row)
        heads = [str(content["run"]) for content in contents]
        print_table(["", *heads], [[key, *(row.get(key) for row in rows)] for key in keys])
    return 0


def _run_content(reader: RunReader) -> dict[str, Any]:
    from core.runs.records import RunKind
    from core.runs.summary import summarise

    info, status = reader.info(), reader.status()
    content: dict[str, Any] = {
        "run": info.run_id,
        "kind": info.kind,
        "state": status.state,
        "message": status.message,
        "directory": reader.directory,
        "policy": info.policy,
        "scenario": info.scenario,
        "seed": info.seed,
        "mode": status.mode,
        "version": info.program_version,
        "parent": info.parent,
        "time_s": status.time_s,
    }
    if info.kind is RunKind.INFERENCE and status.step >= 0:
        content |= summarise(reader).as_dict()
    if status.training is not None:
        evaluations = reader.evaluations_after(0)
        content |= {
            "timesteps": status.training.timesteps,
            "total_timesteps": status.training.total_timesteps,
            "best_score": status.training.best_score,
            "baseline_score": status.training.baseline_score,
            "evaluations": len(evaluations),
        }
    return content


def _resume(arguments: argparse.Namespace) -> int:
    from console.cli.train import require_training_extra
    from core.runs.catalogue import find_run
    from core.runs.launch import resume

    directory = find_run(arguments.run)
    require_training_extra()
    return _started(resume(directory), arguments, "Resumed")


def _restart(arguments: argparse.Namespace) -> int:
    from core.runs.catalogue import find_run
    from core.runs.launch import restart

    return _started(restart(find_run(arguments.run)), arguments, "Started")


def _started(directory: Path, arguments: argparse.Namespace, verb: str) -> int:
    if arguments.json:
        print_json({"run": directory.name, "directory": directory})
    else:
        print(f"{verb} {directory.name}.")
        print(f"Watch it: rlscale-console attach {directory.name}")
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    from core.runs.catalogue import delete_run, find_run

    # All names are looked up first: a wrong one deletes nothing.
    directories = list(dict.fromkeys(find_run(name) for name in arguments.runs))
    for directory in directories:
        if not directory.is_dir():
            raise InputError(f"expected a run's directory to delete, found the file {directory}.")
    if not (arguments.yes or arguments.json) and sys.stdin.isatty():
        names = ", ".join(directory.name for directory in directories)
        if ask(f"Delete {names} with all files? [y/N]").lower() not in ("y", "yes"):
            note("Nothing was deleted.")
            return 0
    for directory in directories:
        delete_run(directory)
        if not arguments.json:
            print(f"Deleted {directory.name}.")
    if arguments.json:
        print_json({"deleted": [directory.name for directory in directories]})
    return 0
