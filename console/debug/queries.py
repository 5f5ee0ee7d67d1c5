"""What the debugger asks its operator for, and how the answers are judged while they are typed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from console.debug.moments import parse_moment
from console.debug.prompt import Query
from core.errors import InputError

if TYPE_CHECKING:
    from core.runs.records import RunInfo


class Asked(StrEnum):
    """What is asked for."""

    MOMENT = "moment"
    STOP = "stop"
    OTHERS = "others"
    FILE = "file"
    VERSUS = "versus"


def moment_query(present: int) -> Query:
    """A step or a time."""
    return Query(
        Asked.MOMENT, "to", "120, +10, -3, 10:45, 90 s", lambda text: parse_moment(text, present)
    )


def stop_query(info: RunInfo) -> Query:
    """A condition on the fields of this run's steps."""
    from core.debug.expressions import Condition
    from core.debug.fields import vocabulary

    names = vocabulary(info)
    return Query(Asked.STOP, "stop at", "p95 > slo", lambda text: Condition(text, names))


def others_query(present: tuple[str, ...]) -> Query:
    """Policies that take over at the decision."""
    text = ", ".join(present)
    return Query(Asked.OTHERS, "taking over", "hpa, rule, dqn, oracle", parse_policies, text)


def parse_policies(text: str) -> tuple[str, ...]:
    """The names of policies, each of which there is; a dash stands for none.

    Raises:
        InputError: One of them is unknown.
    """
    from core.agents.registry import load_policy

    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip(" -")))
    for spec in found:
        load_policy(spec)
    return found


def file_query(run_id: str, step: int) -> Query:
    """A new file for the report of a decision."""
    text = str(Path.cwd() / f"{run_id}-{step}.md")
    return Query(Asked.FILE, "write to", "FILE.md or FILE.json", parse_report_file, text)


def parse_report_file(text: str) -> Path:
    """A new file that ends in `.md` or `.json`.

    Raises:
        InputError: It exists, its directory does not, or it ends otherwise.
    """
    from console.dialogs.export import new_file
    from core.debug.export import SUFFIXES

    path = new_file(text)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"expected a name that ends in {' or '.join(SUFFIXES)}")
    return path


def versus_query(parent: str | None) -> Query:
    """A policy or a run to hold beside this one; the run that it branched from is offered."""
    return Query(
        Asked.VERSUS,
        "beside",
        "a policy (hpa, dqn, rule) or a run's name",
        lambda text: text,
        parent or "",
    )
