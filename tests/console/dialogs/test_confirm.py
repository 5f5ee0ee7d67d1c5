from __future__ import annotations

import pytest

from console.dialogs.confirm import ConfirmDialog
from console.start import StartRuns
from tests.console.pilots import console, shown


@pytest.mark.parametrize(
    ("key", "answer"), [("y", True), ("n", False), ("escape", False), ("q", False)]
)
async def test_only_yes_is_yes(key: str, answer: bool) -> None:
    async with console(StartRuns()).run_test(size=(80, 24)) as pilot:
        answers: list[bool | None] = []
        await pilot.app.push_screen(
            ConfirmDialog("Delete this run?", "run-1 [bold]\nno way back", "delete"), answers.append
        )
        await pilot.pause()
        assert "run-1 [bold]" in shown(pilot)
        await pilot.press("enter", "space")
        assert answers == []
        await pilot.press(key)
        assert answers == [answer]
