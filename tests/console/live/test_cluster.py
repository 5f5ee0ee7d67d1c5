"""The Live screen of a run on a real cluster: nothing is scaled by a slip of the finger."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from textual.widgets import Input

from console.dialogs.leave import LeaveDialog
from console.dialogs.mode import ModeDialog
from console.dialogs.override import OverrideDialog
from console.dialogs.take_control import TakeControlDialog
from console.keys import KeyContext
from console.live.header import alert, header
from console.live.scene import HeaderContext
from console.live.signs import UNICODE
from console.start import StartAttach
from core.locations import runs_directory
from core.runs.commands import Command, ExitRule
from core.runs.lock import EngineLock
from core.runs.reader import RunReader
from core.runs.records import RunState
from core.state import ControlMode
from core.traffic.scenario import GuardrailSettings
from tests.console.live.opening import opened
from tests.console.live.pictures import picture
from tests.console.pilots import shown, until
from tests.core.runs.factory import write_run

TARGET = "prod/shop/checkout"


def cluster_run(mode: ControlMode, *, may_write: bool = True, message: str = "") -> Path:
    """A run on a cluster that reads as running while its lock is held."""
    directory = write_run(
        runs_directory() / "20261122-141503-ppo-shop-checkout-3f2a",
        60,
        state=RunState.RUNNING,
        mode=mode,
        message=message,
        override_target=9 if mode is ControlMode.MANUAL else None,
    )
    facts = {
        "environment": f"k8s {TARGET}",
        "target": TARGET,
        "may_write": may_write,
        "scenario_name": "shop/checkout",
        "duration_s": None,
        "guardrails": GuardrailSettings(largest_step_up_ratio=1.0).model_dump(mode="json"),
    }
    connection = sqlite3.connect(directory / "run.db")
    connection.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)",
        [(key, json.dumps(value)) for key, value in facts.items()],
    )
    connection.execute("UPDATE status SET speed = 1.0")
    if message:
        connection.execute("UPDATE status SET former_mode = 'AUTO'")
    connection.commit()
    connection.close()
    return directory


@contextmanager
def running(directory: Path) -> Iterator[Path]:
    with EngineLock(directory):
        yield directory


def sent(directory: Path) -> list[tuple[str, dict[str, object]]]:
    reader = RunReader(directory)
    try:
        return [(one.name, dict(one.arguments)) for one in reader.commands_after(0)]
    finally:
        reader.close()


def as_pair(command: Command) -> tuple[str, dict[str, object]]:
    return command.name.value, dict(command.arguments)


def test_the_header_names_the_deployment_and_no_speed(isolated: Path) -> None:
    with running(cluster_run(ControlMode.SHADOW)) as directory:
        snapshot = picture(directory)
    lines = header(snapshot, HeaderContext(), UNICODE, 120)
    text = "\n".join(line.plain for line in lines)
    assert f"k8s {UNICODE.path} {TARGET} {UNICODE.path} ppo" in text
    assert "SHADOW" in text
    assert "1×" not in text
    assert all(line.cell_length <= 80 for line in header(snapshot, HeaderContext(), UNICODE, 80))


def test_a_pause_says_why_and_what_to_do(isolated: Path) -> None:
    words = "somebody else scaled 4 → 9"
    with running(cluster_run(ControlMode.HOLD, message=words)) as directory:
        snapshot = picture(directory)
        (line,) = alert(snapshot, "", HeaderContext(), 80)
        assert line.plain == " HOLD: somebody else scaled 4 → 9. r resumes AUTO."


async def test_auto_takes_the_name_of_the_deployment(isolated: Path) -> None:
    with running(cluster_run(ControlMode.SHADOW)) as directory:
        async with opened(StartAttach(directory)) as (pilot, screen):
            assert screen.key_contexts == (KeyContext.CLUSTER, KeyContext.LIVE)
            await pilot.press("m")
            await until(pilot, lambda: isinstance(pilot.app.screen, ModeDialog))
            assert "the policy only advises  (now)" in shown(pilot)
            await pilot.press("a")
            await until(pilot, lambda: isinstance(pilot.app.screen, TakeControlDialog))
            assert TARGET in shown(pilot)
            await pilot.press("enter")
            await until(pilot, lambda: "found nothing" in shown(pilot))
            await pilot.press(*"cart", "enter")
            await until(pilot, lambda: "expected checkout, found cart" in shown(pilot))
            assert sent(directory) == []
            pilot.app.screen.query_one(Input).value = ""
            await pilot.press(*"checkout", "enter")
            await until(pilot, lambda: len(sent(directory)) == 1)
    assert sent(directory) == [as_pair(Command.mode(ControlMode.AUTO, TARGET))]


async def test_escape_leaves_everything_as_it_is(isolated: Path) -> None:
    with running(cluster_run(ControlMode.SHADOW)) as directory:
        async with opened(StartAttach(directory)) as (pilot, screen):
            await pilot.press("m", "a")
            await until(pilot, lambda: isinstance(pilot.app.screen, TakeControlDialog))
            await pilot.press(*"checkout", "escape")
            await until(pilot, lambda: pilot.app.screen is screen)
            await pilot.press("m", "escape")
            await until(pilot, lambda: pilot.app.screen is screen)
    assert sent(directory) == []


async def test_an_override_takes_the_name_too_where_it_takes_control(isolated: Path) -> None:
    with running(cluster_run(ControlMode.SHADOW)) as directory:
        async with opened(StartAttach(directory)) as (pilot, _):
            await pilot.press("o")
            await until(pilot, lambda: isinstance(pilot.app.screen, OverrideDialog))
            assert f"{TARGET}   now" in shown(pilot)
            pilot.app.screen.query_one("#override-replicas", Input).value = "9"
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, TakeControlDialog))
            await pilot.press(*"checkout", "enter")
            await until(pilot, lambda: len(sent(directory)) == 1)
    assert sent(directory) == [as_pair(Command.override(9, 900.0, TARGET))]


async def test_in_control_already_nothing_is_asked_again(isolated: Path) -> None:
    with running(cluster_run(ControlMode.AUTO)) as directory:
        async with opened(StartAttach(directory)) as (pilot, screen):
            await pilot.press("m", "m")
            await until(pilot, lambda: len(sent(directory)) == 1)
            await pilot.press("m", "s")
            await until(pilot, lambda: pilot.app.screen is screen)
    assert sent(directory)[0] == as_pair(Command.mode(ControlMode.MANUAL))


async def test_a_run_that_may_only_look_offers_no_more(isolated: Path) -> None:
    with running(cluster_run(ControlMode.SHADOW, may_write=False)) as directory:
        async with opened(StartAttach(directory)) as (pilot, screen):
            await pilot.press("o")
            await until(pilot, lambda: "may only look" in shown(pilot))
            await pilot.press("m", "a", "m")
            assert isinstance(pilot.app.screen, ModeDialog)
            await pilot.press("h")
            await until(pilot, lambda: pilot.app.screen is screen)
            await until(pilot, lambda: len(sent(directory)) == 1)
    assert sent(directory) == [as_pair(Command.mode(ControlMode.HOLD))]


@pytest.mark.parametrize(
    ("mode", "key", "rule"),
    [
        (ControlMode.AUTO, "s", ExitRule.HOLD),
        (ControlMode.MANUAL, "r", ExitRule.RESTORE),
        (ControlMode.SHADOW, "s", None),
    ],
)
async def test_quitting_says_what_becomes_of_the_replicas(
    isolated: Path, mode: ControlMode, key: str, rule: ExitRule | None
) -> None:
    with running(cluster_run(mode)) as directory:
        async with opened(StartAttach(directory)) as (pilot, _):
            await pilot.press("q")
            await until(pilot, lambda: isinstance(pilot.app.screen, LeaveDialog))
            assert (f"scales {TARGET}" in shown(pilot)) is (rule is not None)
            if rule is None:
                await pilot.press("r")
                assert isinstance(pilot.app.screen, LeaveDialog), "nothing to restore"
            assert "stay (esc)" in shown(pilot), "every answer has room"
            await pilot.press(key)
            await until(pilot, lambda: len(sent(directory)) == 1)
    assert sent(directory) == [as_pair(Command.stop(rule))]


async def test_the_answers_to_quitting_are_gone_through_with_the_arrows(isolated: Path) -> None:
    with running(cluster_run(ControlMode.AUTO)) as directory:
        async with opened(StartAttach(directory)) as (pilot, _):
            await pilot.press("q")
            await until(pilot, lambda: isinstance(pilot.app.screen, LeaveDialog))
            await pilot.press("right", "right", "left", "right", "enter")
            await until(pilot, lambda: len(sent(directory)) == 1)
    assert sent(directory) == [as_pair(Command.stop(ExitRule.RESTORE))]
