from __future__ import annotations

from textual.app import App

from console.dialogs.leave import LeaveChoice, LeaveDialog


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
