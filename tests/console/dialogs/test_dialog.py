from __future__ import annotations

import pytest
from textual.app import App
from textual.widgets import Static

from console.dialogs.leave import LeaveChoice, LeaveDialog


@pytest.mark.parametrize(
    ("paused", "words"),
    [(False, "it goes on without a console"), (True, "is paused.\nLeft running, it stays paused")],
)
async def test_quitting_says_what_becomes_of_the_run(paused: bool, words: str) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(LeaveDialog("a-run", training=False, paused=paused))
        await pilot.pause()
        assert words in str(app.screen.query_one("#leave-dialog Static", Static).content)


async def test_quitting_tells_a_run_that_is_shown_from_one_that_was() -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        for shown, words in ((True, "engine of this run"), (False, "engine of the run before")):
            await app.push_screen(LeaveDialog("a-run", training=False, shown=shown))
            await pilot.pause()
            assert words in str(app.screen.query_one("#leave-dialog Static", Static).content)


async def test_only_the_first_answer_counts() -> None:
    """Textual alone would give both answers and close the screen below."""
    answers: list[LeaveChoice | None] = []
    app: App[None] = App()
    async with app.run_test() as pilot:
        dialog = LeaveDialog("a-run", training=False)
        app.push_screen(dialog, answers.append)
        await pilot.pause()
        dialog.action_leave()
        dialog.action_stop()
        await pilot.pause()
        assert answers == [LeaveChoice.LEAVE_RUNNING]
        assert len(app.screen_stack) == 1
