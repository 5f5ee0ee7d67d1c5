"""`runs export`: a run as data, or as a recording of the console that replays it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from console.cli.arguments import RUN, add_json, speed, whole_number
from console.cli.output import duration, print_json
from core.errors import InputError

if TYPE_CHECKING:
    from console.recording.export import Recording

_DATA: Final = ("csv", "json", "db")
_STILLS: Final = ("svg", "html")
_RECORDINGS: Final = ("asciicast", *_STILLS)
_OPTIONS: Final = {
    ("asciicast",): {"begin": "--from", "end": "--to", "speed": "--speed"},
    _STILLS: {"at": "--at"},
    _RECORDINGS: {"columns": "--columns", "rows": "--rows"},
}
"""Which formats an option is for."""
_SMALLEST: Final = (60, 16)
_LARGEST: Final = (500, 200)
_UNSET: Final = -1.0
"""A speed that was not given; None is `max`."""


def add_export(actions: Any) -> None:
    """Add `export` to the actions of `runs`."""
    what = "a run as data, or as a recording that asciinema plays"
    parser: argparse.ArgumentParser = actions.add_parser("export", help=what, description=what)
    parser.add_argument("run", metavar="RUN", help=RUN)
    parser.add_argument(
        "--format",
        choices=(*_DATA, *_RECORDINGS),
        default="csv",
        help=(
            "csv: a line per decision; json: everything; db: the SQLite file; asciicast: the "
            "console replaying it, for asciinema; svg, html: one moment (default csv)"
        ),
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write (default: RUN.csv and so on)"
    )
    parser.add_argument("--force", action="store_true", help="replace a file that exists")
    recording = parser.add_argument_group("recordings")
    moment = "a decision or a time: 120, 10:45, 10 min"
    recording.add_argument("--at", metavar="MOMENT", help=f"svg, html: {moment} (default: the end)")
    recording.add_argument("--from", dest="begin", metavar="MOMENT", help="asciicast: begin there")
    recording.add_argument("--to", dest="end", metavar="MOMENT", help="asciicast: end there")
    recording.add_argument(
        "--speed",
        type=speed,
        default=_UNSET,
        metavar="N|max",
        help="asciicast: simulated seconds per second (default 60)",
    )
    recording.add_argument(
        "--columns",
        type=whole_number(_SMALLEST[0], _LARGEST[0]),
        metavar="N",
        help="width of the terminal (default 120)",
    )
    recording.add_argument(
        "--rows",
        type=whole_number(_SMALLEST[1], _LARGEST[1]),
        metavar="N",
        help="its height (default 36)",
    )
    add_json(parser)
    parser.set_defaults(execute=_export, parser=parser)


def _export(arguments: argparse.Namespace) -> int:
    from core.files import require_new
    from core.runs.catalogue import find_run
    from core.runs.export import ExportFormat, export_run

    _check(arguments)
    directory = find_run(arguments.run)
    if arguments.format in _RECORDINGS:
        return _record(directory, arguments)
    target = arguments.out or Path(f"{directory.name}.{arguments.format}")
    require_new(target, force=arguments.force)
    written = export_run(
        directory, target, ExportFormat(arguments.format), overwrite=arguments.force
    )
    _tell(arguments, directory, written, {}, "")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Options that say nothing about the format are mistakes."""
    for formats, names in _OPTIONS.items():
        unset = {name: _UNSET if name == "speed" else None for name in names}
        given = [name for name in names if getattr(arguments, name) != unset[name]]
        if given and arguments.format not in formats:
            raise InputError(
                f"expected --format {' or '.join(formats)} beside {names[given[0]]}, "
                f"found {arguments.format}."
            )


def _record(directory: Path, arguments: argparse.Namespace) -> int:
    from console.cli.progress import ProgressReport
    from console.recording.export import record_run
    from core.files import require_new

    recording = _recording(directory, arguments)
    target = arguments.out or Path(f"{directory.name}.{recording.format.suffix}")
    require_new(target, force=arguments.force)
    with ProgressReport("recording", None, "pictures") as report:
        made = record_run(
            directory,
            target,
            recording,
            overwrite=arguments.force,
            on_progress=lambda done, total: report.update(done, total=total),
        )
    more: dict[str, Any] = {"pictures": made.pictures}
    words = ""
    if made.duration_s:
        more["duration_s"] = made.duration_s
        words = (
            f", {made.pictures} pictures in {duration(made.duration_s)}: asciinema play {target}"
        )
    _tell(arguments, directory, made.path, more, words)
    return 0


def _recording(directory: Path, arguments: argparse.Namespace) -> Recording:
    from console.cli.moments import moment_of
    from console.recording.export import DEFAULT_SPEED, Recording
    from console.recording.formats import RecordingFormat
    from console.recording.stage import Canvas

    usual = Canvas()
    end = arguments.at or arguments.end
    first = moment_of(directory, arguments.begin)[0] if arguments.begin else 0
    last = moment_of(directory, end)[0] if end else None
    if last is not None and last < first:
        raise InputError(f"expected --to behind --from, found {end} before {arguments.begin}.")
    return Recording(
        RecordingFormat(arguments.format),
        Canvas(arguments.columns or usual.columns, arguments.rows or usual.rows, arguments.ascii),
        DEFAULT_SPEED if arguments.speed == _UNSET else arguments.speed,
        first,
        last,
    )


def _tell(
    arguments: argparse.Namespace, directory: Path, path: Path, more: dict[str, Any], words: str
) -> None:
    if arguments.json:
        content = {"run": directory.name, "path": path, "format": arguments.format}
        print_json(content | more)
    else:
        size = path.stat().st_size
        written = f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"
        print(f"Wrote {path} ({written}){words}.")
