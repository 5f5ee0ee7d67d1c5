"""`attach`, `replay` and `control`: a run that exists already."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from console.cli.arguments import (
    RUN,
    add_drawing,
    add_json,
    add_mode,
    positive_number,
    speed,
    whole_number,
)
from console.cli.output import note, print_json
from core.errors import RunError

_FIGURES = "For its figures alone: rlscale-console runs show RUN."


def configure(commands: Any) -> None:
    """Add the commands to the command line."""
    attach = commands.add_parser(
        "attach",
        help="open a run, live or ended, in the console",
        description=(
            "Open a run in the console: live if its engine works, else as it ended.\n"
            "Without RUN the one that is live."
        ),
    )
    attach.add_argument("run", metavar="RUN", nargs="?", help=f"{RUN} (default: the live one)")
    attach.add_argument(
        "--read-only",
        action="store_true",
        help="watch only: this process gives up the right to change anything",
    )
    add_drawing(attach)
    attach.set_defaults(execute=_attach, parser=attach, without_terminal=_FIGURES)

    replay = commands.add_parser(
        "replay",
        help="play a run again in the console",
        description=(
            "Open a run in the console with a play head of its own; it is not changed.\n"
            "space halts, t goes to a moment, + and - change the speed, the timeline takes clicks."
        ),
    )
    _add_run(replay)
    replay.add_argument(
        "--from", dest="begin", metavar="MOMENT", help="a decision or a time: 120, 10:45, 10 min"
    )
    replay.add_argument(
        "--speed",
        type=speed,
        default=10.0,
        metavar="N|max",
        help="simulated seconds per second (default 10)",
    )
    add_drawing(replay)
    replay.set_defaults(execute=_replay, parser=replay, without_terminal=_FIGURES)

    control = commands.add_parser(
        "control",
        help="pause, override or stop a run from a script",
        description="Send one command to the engine of a run and wait for its answer.",
    )
    orders = control.add_subparsers(title="orders", metavar="ORDER", required=True)
    for name, what in (
        ("pause", "stop the clock before the next decision"),
        ("resume", "let the clock run again"),
        ("step", "take one decision and stay paused"),
        ("release", "end the override and return to the former mode"),
        ("stop", "end the run in order; a training keeps what it has learned"),
    ):
        _order(orders, name, what)
    pace = _order(orders, "speed", "simulated seconds per second")
    pace.add_argument("value", type=speed, metavar="N|max", help="such as 1, 10, 60 or max")
    mode = _order(orders, "mode", "who is in control")
    add_mode(mode, "value", "control mode")
    _add_confirm(mode)
    override = _order(orders, "override", "pin a replica count")
    override.add_argument("replicas", type=whole_number(0), metavar="N", help="replicas to pin")
    override.add_argument(
        "--ttl",
        type=_time_to_live,
        metavar="TIME",
        help="time of the run until control returns: 10min, 90s, 2h, or a number of seconds "
        "(default: until released)",
    )
    _add_confirm(override)


def _time_to_live(text: str) -> float:
    """Seconds; as in the dialog, but a bare number counts seconds, as scripts rely on."""
    try:
        float(text)
    except ValueError:
        from console.live.override import parse_time_to_live
        from core.errors import InputError

        try:
            seconds = parse_time_to_live(text)
        except InputError:
            seconds = None
        if seconds is not None:
            return seconds
        raise argparse.ArgumentTypeError(
            f"expected a time such as 15min, 90s or 2h, or a number of seconds; found {text!r}"
        ) from None
    return positive_number(text)


def _add_confirm(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--confirm",
        default="",
        metavar="CONTEXT/NAMESPACE/DEPLOYMENT",
        help="needed once before a run on a real cluster scales it",
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help=RUN)


def _order(orders: Any, name: str, what: str) -> argparse.ArgumentParser:
    order: argparse.ArgumentParser = orders.add_parser(name, help=what, description=what)
    _add_run(order)
    add_json(order)
    order.set_defaults(execute=_control, parser=order, order=name)
    return order


def _attach(arguments: argparse.Namespace) -> int:
    from console.cli.screen import open_console, require_terminal
    from console.start import StartAttach

    confined = True
    if arguments.read_only:
        # Before anything is read, and before libraries that start threads are imported.
        from core.confinement import confine

        confined = confine()
    from core.runs.catalogue import find_live_run, find_run

    directory = find_live_run() if arguments.run is None else find_run(arguments.run)
    require_terminal(arguments)
    if not confined:
        note("This kernel cannot hold viewers back (no Landlock): let them use another account.")
    return open_console(StartAttach(directory, read_only=arguments.read_only), arguments)


def _replay(arguments: argparse.Namespace) -> int:
    from console.cli.moments import moment_of
    from console.cli.screen import open_console, require_terminal
    from console.start import StartReplay
    from core.runs.catalogue import find_run

    directory = find_run(arguments.run)
    require_terminal(arguments)
    begin_s = 0.0 if arguments.begin is None else moment_of(directory, arguments.begin)[1]
    return open_console(StartReplay(directory, begin_s, arguments.speed), arguments)


def _control(arguments: argparse.Namespace) -> int:
    from core.runs.catalogue import find_run
    from core.runs.commands import Command, CommandName, CommandSender
    from core.state import ControlMode

    match arguments.order:
        case "speed":
            command = Command.speed(arguments.value)
        case "mode":
            command = Command.mode(ControlMode(arguments.value), arguments.confirm)
        case "override":
            command = Command.override(arguments.replicas, arguments.ttl, arguments.confirm)
        case order:
            simple = {
                "pause": Command.pause,
                "resume": Command.resume,
                "step": Command.step,
                "release": Command.release,
                "stop": Command.stop,
            }
            command = simple[order]()
    directory = find_run(arguments.run)
    sender = CommandSender(directory)
    try:
        answer = sender.send(command)
    finally:
        sender.close()
    if not answer.ok:
        if command.name is CommandName.OVERRIDE:
            _check_override(directory, arguments)
        raise RunError(f"the engine refused '{command.name}': {answer.message}")
    if arguments.json:
        print_json(
            {
                "run": directory.name,
                "command": command.name,
                "arguments": dict(command.arguments),
                "ok": answer.ok,
                "message": answer.message,
            }
        )
    else:
        print(f"{directory.name}: {answer.message}")
    return 0


def _check_override(directory: Path, arguments: argparse.Namespace) -> None:
    """See whether a refused override was a mistake of the input.

    Raises:
        InputError: It is outside the limits of the deployment.
    """
    from core.runs.control import check_override
    from core.runs.reader import RunReader

    reader = RunReader(directory)
    try:
        facts = reader.info().facts
    finally:
        reader.close()
    if facts is not None:
        check_override(arguments.replicas, arguments.ttl, facts)
