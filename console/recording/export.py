"""Writing a run as a recording: all of it for asciinema, or one moment as a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from console.live.playhead import PlayHead
from console.recording.asciicast import closing, cut, event, header, opening
from console.recording.formats import RecordingFormat
from console.recording.stage import Canvas, Stage, replay
from core.errors import InputError
from core.files import whole_file
from core.runs.reader import RunReader
from core.runs.records import RunInfo, RunKind

if TYPE_CHECKING:
    from console.app import RlscaleApp

Progress = Callable[[int, int], None]
"""Takes how many pictures are done, out of how many."""

DEFAULT_SPEED: Final = 60.0
"""An hour in a minute."""
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ margin: 1em; background: {background}; color: {foreground}; }}
pre {{ margin: 0; line-height: 1.2; font-size: 14px;
  font-family: Menlo, 'DejaVu Sans Mono', Consolas, 'Courier New', monospace; }}
</style>
</head>
<body>
<pre>{code}</pre>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Recording:
    """What is recorded."""

    format: RecordingFormat
    canvas: Canvas = field(default_factory=Canvas)
    speed: float | None = DEFAULT_SPEED
    """asciicast: simulated seconds per second; None: all of it in ten seconds."""
    first: int = 0
    """asciicast: the first step."""
    last: int | None = None
    """The last step, or the one that is pictured; None for the newest."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of it."""

    path: Path
    pictures: int
    duration_s: float
    """How long it plays; 0 for a still."""


def record_run(
    directory: Path,
    target: Path,
    recording: Recording,
    *,
    overwrite: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> Recorded:
    """Record a run, live or ended; the file appears whole or not at all.

    Not for a process that shows a console: it brings up one of its own, on a terminal in memory.

    Args:
        directory: Run directory or run file.
        target: File to write.
        recording: What is recorded, and how.
        overwrite: Replace an existing file.
        on_progress: Called after every picture.

    Raises:
        InputError: The run has nothing to replay, or it would be too long; `target` exists.
        RunError: The run cannot be read, or `target` cannot be written.
    """
    info, length = _read(directory)
    last = length if recording.last is None else min(recording.last, length)
    with whole_file(target, overwrite=overwrite) as draft:
        if recording.format is RecordingFormat.ASCIICAST:
            made = _Cast(info, recording, last, on_progress)
            with draft.open("w", encoding="utf-8", newline="\n") as stream:
                made.write(directory, stream)
            return Recorded(target, made.pictures, made.duration_s)
        draft.write_text(_still(directory, info, recording, last), encoding="utf-8")
        on_progress(1, 1)
    return Recorded(target, 1, 0.0)


def _read(directory: Path) -> tuple[RunInfo, int]:
    reader = RunReader(directory)
    try:
        info, length = reader.info(), reader.last_step()
    finally:
        reader.close()
    if info.kind is not RunKind.INFERENCE:
        raise InputError(
            f"expected a policy's run to record, found training {info.run_id}.",
            "A training has no single course to replay.",
        )
    if length < 0:
        raise InputError(f"expected a run with decisions, found none in {info.run_id}.")
    return info, length


class _Cast:
    """An asciicast in the making."""

    def __init__(
        self, info: RunInfo, recording: Recording, last: int, on_progress: Progress
    ) -> None:
        self._info = info
        self._canvas = recording.canvas
        self._cut = cut(recording.first, last, info.interval_s, recording.speed)
        self._speed = recording.speed
        self._on_progress = on_progress
        self.pictures = len(self._cut.steps)
        self.duration_s = self._cut.duration_s

    def write(self, directory: Path, stream: TextIO) -> None:
        """Play the run and write its pictures."""
        info, canvas = self._info, self._canvas
        title = f"{info.policy} on {info.scenario}"
        first = header(canvas.columns, canvas.rows, info.created_wall_time, self.duration_s, title)
        stream.write(f"{first}\n")
        begin_s = self._cut.steps[0] * info.interval_s

        async def play(stage: Stage) -> None:
            for number, step in enumerate(self._cut.steps):
                await stage.show(step)
                data = stage.driver.take()
                data = opening() + data if number == 0 else data
                if data:
                    stream.write(f"{event(self._cut.time_s(step), data)}\n")
                self._on_progress(number + 1, self.pictures)

        replay(directory, canvas, PlayHead(begin_s, speed=self._speed), play)
        stream.write(f"{event(self.duration_s, closing(canvas.rows))}\n")


def _still(directory: Path, info: RunInfo, recording: Recording, step: int) -> str:
    drawn = ""

    async def draw(stage: Stage) -> None:
        nonlocal drawn
        await stage.show(step)
        application = stage.application
        if recording.format is RecordingFormat.SVG:
            drawn = application.export_screenshot(title=info.run_id)
        else:
            drawn = _page(application, info.run_id)

    head = PlayHead(step * info.interval_s, playing=False, speed=recording.speed)
    replay(directory, recording.canvas, head, draw)
    return drawn


def _page(application: RlscaleApp, title: str) -> str:
    import io
    from html import escape

    from rich.console import Console

    width, height = application.size
    console = Console(
        width=width,
        height=height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
    )
    # As Textual's own `export_screenshot`, which knows SVG alone.
    console.print(application.screen._compositor.render_update(full=True))
    variables = application.theme_variables
    code = console.export_html(inline_styles=True, code_format="{code}")
    return _PAGE.format(
        title=escape(title),
        background=variables["background"],
        foreground=variables["foreground"],
        code=code,
    )
