"""`serve`: a run in a browser, on this machine and, through SSH, on others."""

from __future__ import annotations

import argparse
import getpass
import secrets
import socket
from pathlib import Path
from typing import Any

from console.cli.arguments import RUN, add_drawing, whole_number
from console.cli.output import note
from core.errors import InputError
from core.extras import install_command

_PORT = 8000
_DESCRIPTION = """\
Show a run in a browser, on loopback and read-only: whoever opens the page can watch and change
nothing. Without RUN the one that is live. Each open page is a console of its own."""


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "serve", help="show a run in a browser, read-only", description=_DESCRIPTION
    )
    parser.add_argument("run", metavar="RUN", nargs="?", help=f"{RUN} (default: the live one)")
    parser.add_argument(
        "--write", action="store_true", help="whoever has the address may command the run"
    )
    parser.add_argument(
        "--port",
        type=whole_number(0, 65_535),
        default=_PORT,
        metavar="N",
        help=f"where to listen (default {_PORT}; 0: any that is free)",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="likewise (default 127.0.0.1)"
    )
    parser.add_argument(
        "--allow-remote",
        action="store_true",
        help="listen on an address that others reach too, without encryption",
    )
    add_drawing(parser)
    parser.set_defaults(execute=_execute, parser=parser)


def _execute(arguments: argparse.Namespace) -> int:
    from core.runs.catalogue import find_live_run, find_run

    try:
        from console.serving.admission import is_loopback
        from console.serving.server import Serving, serve
    except ModuleNotFoundError as error:
        raise InputError(
            f"expected the extra `browser` for serving, found no {error.name}.",
            f"Install it: {install_command('browser')}",
        ) from error
    local = is_loopback(arguments.host)
    if not local and not arguments.allow_remote:
        raise InputError(
            f"expected a loopback address with --host, found {arguments.host}: others could watch.",
            "Forward the port through SSH instead, or add --allow-remote.",
        )
    directory = find_live_run() if arguments.run is None else find_run(arguments.run)
    guarded = arguments.write or not local
    serving = Serving(
        command=_command(directory, arguments),
        title=f"rlscale-console: {directory.name}{'' if arguments.write else ' (read-only)'}",
        host=arguments.host,
        port=arguments.port,
        key=secrets.token_urlsafe(16) if guarded else "",
    )

    def ready(port: int) -> None:
        _tell(serving.host, port, serving.key, directory, write=arguments.write, local=local)

    serve(serving, ready)
    return 0


def _command(directory: Path, arguments: argparse.Namespace) -> tuple[str, ...]:
    from core.subprocesses import module_command

    # The environment goes along; the directory need not be found a second time.
    words = ["attach", str(directory.resolve())]
    words += [] if arguments.write else ["--read-only"]
    words += ["--ascii"] if arguments.ascii else []
    words += ["--fps", f"{arguments.fps:g}"] if arguments.fps is not None else []
    if arguments.low_bandwidth is not None:
        words.append("--low-bandwidth" if arguments.low_bandwidth else "--no-low-bandwidth")
    return tuple(module_command("console.cli", *words))


def _reachable(host: str) -> str:
    """What a browser can open: all addresses of a machine are no address."""
    host = socket.gethostname() if host in ("0.0.0.0", "::") else host
    return f"[{host}]" if ":" in host else host


def _tell(host: str, port: int, key: str, directory: Path, *, write: bool, local: bool) -> None:
    shown = _reachable(host)
    path = f"/?key={key}" if key else "/"
    # The address alone on stdout, for scripts.
    print(f"http://{shown}:{port}{path}", flush=True)
    if write:
        note(f"{directory.name}: whoever has this address commands the run, as --write asks.")
    elif key:
        note(f"{directory.name}, read-only: whoever has this address can watch.")
    else:
        note(f"{directory.name}, read-only: every user of this machine can open it.")
        note("--write lets the page command, and puts a key into the address.")
    if local:
        note("Only this machine can open it. From another one, through SSH:")
        note(f"  ssh -N -L {port}:{shown}:{port} {getpass.getuser()}@{socket.gethostname()}")
        note("and open the same address there.")
    else:
        note("Whoever reaches this machine can try to open it, and the line is not encrypted.")
    note("Ctrl-C ends it.")
