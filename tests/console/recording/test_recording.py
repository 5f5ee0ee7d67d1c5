"""Recordings: what asciinema and browsers show is what the console showed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pyte
import pytest

from console.recording.asciicast import MOST_PICTURES, cut
from console.screens.live import LiveScreen
from console.settings import Settings
from console.start import StartReplay
from core.errors import InputError
from core.subprocesses import module_command, module_environment
from tests.console.cli.conftest import CommandLine, cli
from tests.console.pilots import console, shown, until

__all__ = ["cli"]

COLUMNS, ROWS = 80, 24


def export(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as it brings up a console."""
    command = module_command("console.cli", "runs", "export", str(directory), *arguments)
    return subprocess.run(
        command, env=module_environment(), capture_output=True, text=True, timeout=120
    )


def played(path: Path) -> pyte.Screen:
    """The terminal after the whole recording."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = json.loads(lines[0])
    screen = pyte.Screen(head["width"], head["height"])
    stream = pyte.Stream(screen)
    for line in lines[1:]:
        stream.feed(json.loads(line)[2])
    return screen


async def console_at(directory: Path, step: int, *, halted: bool = False) -> list[str]:
    """What the real console shows of a replay at a step, at a speed at which it stays there."""
    app = console(StartReplay(directory, step * 15.0, 1.0), settings=Settings())
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await until(pilot, lambda: screen.is_ready)
        screen.seek(step)
        await until(pilot, lambda: screen.shown_head == step and "p99" in shown(pilot))
        if halted:
            await pilot.press("space")
            await until(pilot, lambda: "PAUSED" in shown(pilot))
        await pilot.pause(0.1)
        return shown(pilot).splitlines()


@pytest.fixture(scope="module")
def recorded(
    written_runs: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A recording of a run from decision 360 to 398, the last but one."""
    path = tmp_path_factory.mktemp("recording") / "run.cast"
    run = next(one for one in written_runs.iterdir() if "flash-crowd" in one.name)
    size = ("--columns", str(COLUMNS), "--rows", str(ROWS))
    span = ("--from", "360", "--to", "398", "--speed", "60")
    done = export(run, "--format", "asciicast", "--out", str(path), *size, *span, "--json")
    return path, done


def test_it_is_an_asciicast_of_version_2(
    recorded: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    path, done = recorded
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    head, *events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert head["version"] == 2
    assert (head["width"], head["height"]) == (COLUMNS, ROWS)
    assert isinstance(head["timestamp"], int)
    assert head["duration"] == told["duration_s"]
    assert all(isinstance(value, str) for value in head["env"].values())
    times = [event[0] for event in events]
    assert times == sorted(times)
    assert times[0] == 0.0
    assert times[-1] == head["duration"]
    assert all(len(event) == 3 and event[1] == "o" for event in events)
    assert all(isinstance(event[2], str) and event[2] for event in events)
    # 38 steps of 15 s at 60 simulated seconds per second, and two seconds for the last picture.
    assert head["duration"] == pytest.approx(38 * 0.25 + 2)
    assert told["pictures"] == 39


async def test_it_ends_on_what_the_console_shows(
    recorded: tuple[Path, subprocess.CompletedProcess[str]], finished_run: Path
) -> None:
    final = played(recorded[0])
    wanted = await console_at(finished_run, 398)
    found = [line.rstrip() for line in final.display]
    # The first line tells the speed too.
    assert found[1:] == [line.rstrip() for line in wanted[1:]]
    assert "REPLAY" in found[0]
    assert " 60×" in found[0]
    assert not final.cursor.hidden
    assert {cell.fg for row in final.buffer.values() for cell in row.values()} > {"62b0e8"}


def test_asciinema_plays_it(recorded: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    pytest.importorskip("asciinema")
    path = recorded[0]
    command = [sys.executable, "-m", "asciinema", "cat", str(path)]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    screen = pyte.Screen(COLUMNS, ROWS)
    pyte.ByteStream(screen).feed(done.stdout)
    assert screen.display == played(path).display


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.inside = self.inside or tag == "pre"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.words += data


async def test_stills_show_the_moment(finished_run: Path, tmp_path: Path) -> None:
    size = ("--columns", str(COLUMNS), "--rows", str(ROWS))
    wanted = await console_at(finished_run, 120, halted=True)
    for kind in ("svg", "html"):
        path = tmp_path / f"still.{kind}"
        done = export(finished_run, "--format", kind, "--at", "30:00", "--out", str(path), *size)
        assert done.returncode == 0, done.stderr
        text = path.read_text(encoding="utf-8")
        if kind == "html":
            parser = _Words()
            parser.feed(text)
            found = [line.rstrip() for line in parser.words.splitlines()][:ROWS]
            assert found[1:] == [line.rstrip() for line in wanted[1:]]
            assert "PAUSED" in found[0]
            assert "http" not in text
        else:
            ElementTree.fromstring(text)
            words = unescape("".join(re.findall(r">([^<]+)</text>", text))).replace("\xa0", " ")
            assert "00:30:00" in words
            assert "REPLAY" in words
        assert path.stat().st_mode & 0o077 == 0


def test_nothing_is_half_written(finished_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.cast"
    path.write_text("mine", encoding="utf-8")
    done = export(finished_run, "--format", "asciicast", "--out", str(path))
    assert done.returncode == 2
    assert "expected a new file" in done.stderr
    done = export(finished_run, "--format", "svg", "--out", str(tmp_path / "no" / "a.svg"))
    assert done.returncode == 2
    assert done.stderr.startswith("error: expected to write")
    assert [one.name for one in tmp_path.iterdir()] == ["run.cast"]
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--format", "csv", "--at", "3"), "expected --format svg or html beside --at"),
        (("--format", "svg", "--speed", "max"), "expected --format asciicast beside --speed"),
        (("--format", "asciicast", "--at", "3"), "expected --format svg or html beside --at"),
        (("--format", "db", "--rows", "30"), "asciicast or svg or html beside --rows"),
        (("--format", "svg", "--columns", "10"), "60 to 500"),
        (("--format", "asciicast", "--from", "9", "--to", "3"), "expected --to behind --from"),
        (("--format", "asciicast", "--to", "99:00:00"), "expected a moment up to decision"),
    ],
)
def test_what_makes_no_sense_is_refused(
    cli: CommandLine, finished_run: Path, arguments: tuple[str, ...], words: str
) -> None:
    answer = cli("runs", "export", finished_run, *arguments)
    assert answer.code == 2
    assert words in answer.error


def test_a_training_is_no_course_to_replay(training_run: Path, tmp_path: Path) -> None:
    done = export(training_run, "--format", "svg", "--out", str(tmp_path / "a.svg"))
    assert done.returncode == 2
    assert "expected a policy's run to record, found training" in done.stderr


def test_a_cut_shows_first_and_last_and_never_too_much() -> None:
    slow = cut(0, 240, 15.0, 60.0)
    assert slow.steps == tuple(range(241))
    assert slow.duration_s == pytest.approx(62.0)
    fast = cut(0, 240, 15.0, None)
    assert (fast.steps[0], fast.steps[-1]) == (0, 240)
    assert fast.duration_s == pytest.approx(12.0)
    assert len(fast.steps) <= 121
    assert cut(7, 7, 15.0, None).steps == (7,)
    assert len(cut(0, 1_000_000, 15.0, None).steps) <= 102
    with pytest.raises(InputError, match=f"at most {MOST_PICTURES:,} pictures"):
        cut(0, 1_000_000, 15.0, 60.0)
