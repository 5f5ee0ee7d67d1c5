from __future__ import annotations

from textual.app import App
from textual.events import Key

from console.dialogs.leave import LeaveChoice, LeaveDialog


async def test_a_dialog_is_answered_once_however_many_keys_arrive() -> None:
    """Textual alone would give both answers and close the screen below."""
    answers: list[LeaveChoice | None] = []
    app: App[None] = App()
    async with app.run_test() as pilot:
        app.push_screen(LeaveDialog("a-run", training=False), answers.append)
        await pilot.pause()
        for key in ("l", "l", "s", "escape"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        await pilot.pause()
        assert answers == [LeaveChoice.LEAVE_RUNNING]
        assert len(app.screen_stack) == 1
