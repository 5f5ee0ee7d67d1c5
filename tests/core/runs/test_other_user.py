"""A viewer who is another user: may read what was opened to them, and command nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import RlscaleError
from core.runs.catalogue import stop_run
from core.runs.commands import Command, CommandSender
from core.runs.config import InferenceConfig
from core.runs.creation import create_run
from core.runs.launch import start_engine
from core.runs.reader import RunReader
from tests.core.runs.conftest import engines

__all__ = ["engines"]

NOBODY = 65_534


def _watch_and_try(run: Path) -> list[str]:
    reader = RunReader(run)
    said = [f"{reader.status().state} {[event.message for event in reader.events_after(0)][-1]}"]
    try:
        CommandSender(run).send(Command.stop())
    except RlscaleError as error:
        said.append(str(error))
    try:
        with sqlite3.connect(run / "run.db") as connection:
            connection.execute(
                "INSERT INTO commands (wall_time, issuer, name, arguments, result) "
                "VALUES (0, 'x', 'stop', '{}', '')"
            )
    except sqlite3.Error as error:
        said.append(str(error))
    return said


def as_viewer(run: Path) -> list[str]:
    """What another user sees and is told, in a copy of this process that has become that user."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # Not a new Python: the one that is at work here may lie where only root can read it.
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            said = _watch_and_try(run)
        except BaseException as error:
            said = [repr(error)]
        os.write(writing, "\n".join(said).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read().splitlines()
    os.waitpid(child, 0)
    return said


@pytest.fixture
def shared() -> Iterator[Path]:
    """A live run below a directory that others may enter; nothing of it is open here."""
    if os.geteuid() != 0:
        pytest.skip("expected to be root, who can become another user")
    home = Path(tempfile.mkdtemp(prefix="rlscale-shared-"))
    home.chmod(0o711)
    run = create_run(InferenceConfig(policy="hpa", scenario="flash-crowd", speed=1.0), home=home)
    start_engine(run)
    yield run
    stop_run(run)
    shutil.rmtree(home)


@pytest.mark.usefixtures("engines")
def test_a_group_may_be_let_in_to_watch(shared: Path) -> None:
    [refused] = as_viewer(shared)
    assert "PermissionError" in refused
    # As docs/demo.md says.
    names = ["run.db", "run.db-wal", "run.db-shm", "engine.lock"]
    for path, mode in [(shared, 0o750), *((shared / name, 0o640) for name in names)]:
        os.chown(path, -1, NOBODY)
        path.chmod(mode)
    state, unarmed, unwritten = as_viewer(shared)
    # Not "lost": the lock too is seen.
    assert state in ("starting engine started", "running engine started")
    assert unarmed == (
        f"expected the right to command run {shared.name}, found none: operator.key: permission "
        "denied. Attach with --read-only, or as the user who started it."
    )
    assert unwritten == "attempt to write a readonly database"
    assert RunReader(shared).commands_after(0) == []
