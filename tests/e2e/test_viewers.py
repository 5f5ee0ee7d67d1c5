"""Viewers over a real SSH connection: three watch, one presents, and only that one commands."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from console.keys import KeyContext, entries
from core.runs.catalogue import stop_run
from core.runs.config import InferenceConfig
from core.runs.launch import launch
from core.runs.lock import is_alive
from core.runs.reader import RunReader
from tests.core.runs.conftest import engines
from tests.e2e.ssh_server import INSTALLED, MISSING, SshServer
from tests.e2e.terminal import DEADLINE_S, Terminal

__all__ = ["engines"]

pytestmark = [
    pytest.mark.skipif(not INSTALLED, reason=MISSING),
    pytest.mark.usefixtures("engines"),
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

CONSOLE = Path(sys.executable).with_name("rlscale-console")
DOCUMENT = (Path(__file__).parents[2] / "docs" / "demo.md").read_text(encoding="utf-8")
VIEWERS = ("first", "second", "third")
REFRESH_S = 1.0
"""Over SSH."""
PATIENCE_S = 4.0
"""What a busy machine may add."""

# As a terminal sends them; escape in the form that nothing after it can be taken into.
ESCAPE = "\x1b[27u"
BYTES = {
    "colon": ":",
    "ctrl+p": "\x10",
    "ctrl+q": "\x11",
    "delete": "\x1b[3~",
    "down": "\x1b[B",
    "end": "\x1b[F",
    "enter": "\r",
    "equals_sign": "=",
    "escape": ESCAPE,
    "f1": "\x1bOP",
    "home": "\x1b[H",
    "left": "\x1b[D",
    "left_square_bracket": "[",
    "minus": "-",
    "pagedown": "\x1b[6~",
    "pageup": "\x1b[5~",
    "plus": "+",
    "question_mark": "?",
    "right": "\x1b[C",
    "right_square_bracket": "]",
    "shift+left": "\x1b[1;2D",
    "shift+right": "\x1b[1;2C",
    "shift+tab": "\x1b[Z",
    "slash": "/",
    "space": " ",
    "tab": "\t",
    "up": "\x1b[A",
}
LEAVING = {"q", "ctrl+q"}


def names(*contexts: KeyContext) -> list[str]:
    """The keys of some contexts, each once; without those that leave at once."""
    found = (name for entry in entries(*contexts) for name in entry.keys.split(","))
    return [name for name in dict.fromkeys(found) if name not in LEAVING]


PROMPTS = ("t", "p", "o")


def pressed(name: str) -> str:
    return BYTES[name] if len(name) > 1 else name


def content(run: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    connection = sqlite3.connect(f"{(run / 'run.db').as_uri()}?mode=ro", uri=True)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
    found = {
        name: connection.execute(f"SELECT * FROM {name}").fetchall()
        for name in tables
        if not name.startswith("sqlite_")
    }
    connection.close()
    return found


def files(home: Path) -> dict[str, str]:
    """Every file of the operator by what is in it; the index of the log is the engine's scratch."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file() and path.name != "run.db-shm"
    }


@pytest.fixture
def run(isolated: Path) -> Path:
    """A run that is not finished before the test is."""
    return launch(InferenceConfig(policy="hpa", scenario="flash-crowd", speed=10.0))


@pytest.fixture
def server(isolated: Path, run: Path) -> Iterator[SshServer]:
    """Lets in a presenter, and viewers by the line that the document gives."""
    found = re.search(r'^(command="[^"]*",restrict,pty) ', DOCUMENT, re.MULTILINE)
    assert found is not None, "the document shows the line"
    line = found[1].replace("/home/you/rlscale-console/.venv/bin/rlscale-console", str(CONSOLE))
    assert line == f'command="{CONSOLE} attach --read-only RUN",restrict,pty'
    environment = {name: os.environ[name] for name in ("RLSCALE_DATA_DIR", "RLSCALE_CONFIG_DIR")}
    with SshServer(isolated / "ssh", environment) as server:
        server.let_in("presenter")
        for name in VIEWERS:
            server.let_in(name, line.replace("RUN", run.name))
        yield server


def moments(terminals: list[Terminal], pattern: str) -> list[float]:
    """When, by the wall clock, each screen matched for the first time."""
    seen: dict[Terminal, float] = {}
    deadline = time.monotonic() + DEADLINE_S
    while len(seen) < len(terminals):
        for terminal in terminals:
            terminal.read(0.01)
            if terminal not in seen and re.search(pattern, terminal.text):
                seen[terminal] = time.time()
        assert time.monotonic() < deadline, [terminal.text for terminal in terminals]
    return [seen[terminal] for terminal in terminals]


def try_every_key(viewer: Terminal) -> None:
    """Each key of the table on the Live screen, then each in the debugger."""
    for name in names(*KeyContext):
        viewer.press(ESCAPE + ESCAPE + pressed(name))
    viewer.press(ESCAPE * 3 + "o20\r" + ESCAPE * 3 + ":run flash-crowd with hpa\r" + ESCAPE * 3)
    for name in names(KeyContext.DEBUG):
        viewer.press("D" + pressed(name) + (ESCAPE if name in PROMPTS else ""))
    viewer.press(ESCAPE * 6 + "\x03\x1a\x1c" + "?")


def test_viewers_watch_and_only_the_presenter_commands(
    isolated: Path, run: Path, server: SshServer
) -> None:
    with ExitStack() as stack:
        presenter = stack.enter_context(
            server.terminal("presenter", [str(CONSOLE), "attach", run.name], columns=100, rows=30)
        )
        viewers = [
            stack.enter_context(server.terminal(name, columns=100, rows=30)) for name in VIEWERS
        ]
        presenter.wait_for("engine started")
        presenter.press(" ")
        presenter.wait_for("PAUSED")
        for viewer in viewers:
            viewer.wait_for("READ-ONLY")
            viewer.wait_for("PAUSED")

        before, known = content(run), files(isolated / "data")
        assert [row[3] for row in before["commands"]] == ["pause"]
        for viewer in viewers:
            try_every_key(viewer)
        for viewer in viewers:
            viewer.wait_for("─ Keys ─")
            viewer.press(ESCAPE)
            viewer.wait_for("READ-ONLY .*PAUSED")
        assert content(run) == before
        assert files(isolated / "data") == known
        assert not (isolated / "config").exists()

        presenter.press("o")
        presenter.wait_for("pin to")
        presenter.press("12\r")
        seen = moments([presenter, *viewers], "MANUAL 12")
        *_, override = RunReader(run).commands_after(0)
        assert (override.name, override.ok) == ("override", True)
        assert override.done_wall_time is not None
        late_s = [moment - override.done_wall_time for moment in seen]
        print("seconds from the engine's answer to the screens:", [round(s, 2) for s in late_s])
        assert max(late_s) <= 2 * REFRESH_S + PATIENCE_S

        for viewer in viewers:
            viewer.press("q")
            assert viewer.wait_for_end() == 0
        assert [row[3] for row in content(run)["commands"]] == ["pause", "override"]
        presenter.press("ql")
        assert presenter.wait_for_end() == 0
    assert is_alive(run)
    stop_run(run)


def test_a_viewers_key_opens_nothing_else(isolated: Path, run: Path, server: SshServer) -> None:
    name, made = VIEWERS[0], isolated / "made"
    # Whatever is asked for, the forced command runs instead, and wants a terminal.
    for wish in (["touch", str(made)], ["/bin/sh"], [str(CONSOLE), "control", "stop", run.name]):
        asked = server.run(name, server.host, *wish)
        assert asked.returncode == 2
        assert "expected a terminal to open the console on" in asked.stderr
    assert not made.exists()
    with server.terminal(name, [str(CONSOLE), "attach", run.name]) as viewer:
        viewer.wait_for("READ-ONLY")
    source = isolated / "source"
    source.write_text("x", encoding="utf-8")
    assert server.copy(name, source).returncode != 0
    assert not list(isolated.rglob("copied"))
    forward = ("-W", f"127.0.0.1:{server.port}", server.host)
    assert "administratively prohibited" in server.run(name, *forward).stderr
    assert server.run("presenter", *forward).returncode == 0
    back = server.run(
        name, "-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:9", server.host
    )
    assert back.returncode != 0
    assert "forwarding failed" in back.stderr
    assert RunReader(run).commands_after(0) == []
    assert server.run("presenter", server.host, "touch", str(made)).returncode == 0
    assert made.exists(), "the presenter's key may do all this"
