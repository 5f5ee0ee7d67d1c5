"""The flags of commands that read a Deployment's past, and what they mean."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from console.cli.kubernetes import add_kubernetes_arguments, settings_from

if TYPE_CHECKING:
    from core.twin.history import HistoryRequest

_DEFAULT_RANGE = "7d"
_DEFAULT_STEP_S = 15


def add_history_arguments(parser: argparse.ArgumentParser, when: str = "") -> None:
    """Add `--range`, `--step`, `--bridge-gaps` and the flags of a cluster.

    Args:
        parser: Of the command.
        when: What they are given with; empty: always.
    """
    title = "the past of a Deployment" + (f" (with {when})" if when else "")
    group = parser.add_argument_group(title)
    group.add_argument(
        "--range",
        default=_DEFAULT_RANGE,
        metavar="SPAN",
        help=f"how far back, such as 7d or 36h (default {_DEFAULT_RANGE})",
    )
    group.add_argument(
        "--step",
        default=f"{_DEFAULT_STEP_S}s",
        metavar="SPAN",
        help=f"between two values (default {_DEFAULT_STEP_S}s)",
    )
    group.add_argument(
        "--bridge-gaps",
        action="store_true",
        help="bridge gaps of more than 10 minutes with straight lines, in place of refusing them",
    )
    add_kubernetes_arguments(parser, when)


def history_request(arguments: argparse.Namespace, *, traffic_only: bool) -> HistoryRequest:
    """What to record.

    Raises:
        InputError: A flag is wrong or missing.
    """
    from core.twin.history import HistoryRequest
    from core.twin.span import parse_span

    return HistoryRequest(
        settings=settings_from(arguments),
        range_s=parse_span(arguments.range),
        step_s=parse_span(arguments.step),
        traffic_only=traffic_only,
        bridge_gaps=arguments.bridge_gaps,
    )
