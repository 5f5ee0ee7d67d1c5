"""What the control keys do: to a living run, to one that has ended, and for who only looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Key

from console.dialogs.override import OverrideDialog, OverrideSubject
from console.live.override import OverridePreview
from console.live.signs import signs
from console.screens.live import LiveScreen
from console.start import StartAttach
from core.clock import SystemClock
from core.runs.lock import EngineLock
from core.runs.records import RunState
from core.traffic.scenario import GuardrailSettings
from tests.console.live.opening import opened
from tests.console.pilots import shown, typed, until
from tests.core.runs.factory import write_run
from tests.core.runs.fakes import FACTS, state_at


async def test_commands_to_an_ended_run_are_refused_in_words(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run), (120, 40)) as (pilot, screen):
        for count, key in enumerate(("space", "n", "plus", "minus", "m", "r"), start=1):
            await pilot.press(key)
            await until(pilot, lambda count=count: len(screen.scene.refusals) == count, key)  # type: ignore[misc]
            assert "expected a running engine" in screen.scene.refusals[-1].text
        await until(pilot, lambda: "refused" in shown(pilot))


async def test_read_only_refuses_where_it_is_sent(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run, read_only=True), (120, 40)) as (pilot, screen):
        assert "READ-ONLY" in shown(pilot)
        await pilot.press("m")
        await until(pilot, lambda: len(screen.scene.refusals) == 1)
        assert "read-only" in screen.scene.refusals[0].text


async def test_pins_say_what_to_press_outside_of_manual(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, _):
        await pilot.press("up")
        await until(pilot, lambda: "press o to pin" in shown(pilot))


async def test_override_dialog_judges_while_typing(isolated: Path) -> None:
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        async with opened(StartAttach(run), (100, 30)) as (pilot, _):
            await pilot.press("o")
            await until(pilot, lambda: isinstance(pilot.app.screen, OverrideDialog))
            await until(pilot, lambda: "est. cost" in shown(pilot))
            await typed(pilot, "99")
            await until(pilot, lambda: "expected 2 to 60 replicas, found 99" in shown(pilot))
            await pilot.press("enter")
            assert isinstance(pilot.app.screen, OverrideDialog)
            await pilot.press("up")
            await until(pilot, lambda: "→ 60" in shown(pilot))
            await pilot.press("tab", "end")
            await typed(pilot, "x")
            await until(pilot, lambda: "expected such as 15 min" in shown(pilot))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))


async def test_the_override_dialog_has_room_on_a_terminal_that_shrinks(isolated: Path) -> None:
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        async with opened(StartAttach(run), (100, 30)) as (pilot, _):
            await pilot.press("o")
            await until(pilot, lambda: "est. cost" in shown(pilot))
            await pilot.resize_terminal(40, 10)
            words = ("ready", "pin to", "est. cost", "limits 2", "enter apply", "esc cancel")
            await until(pilot, lambda: all(word in shown(pilot) for word in words))


async def test_the_override_dialog_keeps_up_with_what_is_asked_for(finished_run: Path) -> None:
    def standing(asked: int) -> OverrideSubject:
        state = state_at(60.0, desired=3)
        return OverrideSubject("web", state, asked, FACTS, GuardrailSettings(), None)

    now = standing(9)
    async with opened(StartAttach(finished_run), (100, 30)) as (pilot, _):
        await pilot.app.push_screen(OverrideDialog(lambda: now, signs(ascii_only=False)))
        await until(pilot, lambda: "9 desired" in shown(pilot) and "9 → 9" in shown(pilot))
        now = standing(12)
        await until(pilot, lambda: "12 desired" in shown(pilot) and "12 → 9" in shown(pilot))


async def test_a_run_that_has_ended_is_not_overridden(isolated: Path) -> None:
    run = write_run(isolated / "ended", 40, state=RunState.FINISHED)
    async with opened(StartAttach(run), (100, 30)) as (pilot, _):
        await pilot.press("o")
        await until(pilot, lambda: "The run has ended" in shown(pilot))
        assert isinstance(pilot.app.screen, LiveScreen)


@pytest.mark.parametrize("read_only", [True, False])
async def test_control_is_offered_only_to_who_has_it(isolated: Path, read_only: bool) -> None:
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        async with opened(StartAttach(run, read_only=read_only)) as (pilot, _):
            footer = shown(pilot).splitlines()[-1]
            assert ("override" in footer) is not read_only
            assert "debug" in footer


async def test_enter_applies_what_was_typed_in_the_same_breath(isolated: Path) -> None:
    """Keys that arrive together, as from a fast hand or a paste, are taken in their order."""
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        async with opened(StartAttach(run), (100, 30)) as (pilot, _):
            await pilot.press("o")
            await until(pilot, lambda: isinstance(pilot.app.screen, OverrideDialog))
            dialog = pilot.app.screen
            assert isinstance(dialog, OverrideDialog)
            found: list[OverridePreview | None] = []
            dialog.dismiss = found.append  # type: ignore[method-assign, assignment]
            for key in (Key("3", "3"), Key("enter", "\r")):
                pilot.app.post_message(key)
            await until(pilot, lambda: bool(found))
            assert found[0] is not None
            assert found[0].replicas == 3
