from __future__ import annotations

from textual import on
from textual.app import App, ComposeResult

from console.themes import register_themes
from console.widgets.choice import Choice, Option

SPEEDS = (Option("1", "1x"), Option("10", "10x"), Option("max", "max"))


class Form(App[None]):
    def __init__(self, value: str = "10") -> None:
        super().__init__()
        register_themes(self)
        self.theme = "dark"
        self.heard: list[str] = []
        self._value = value

    def compose(self) -> ComposeResult:
        yield Choice("speed", SPEEDS, value=self._value, label_width=8, id="speed")

    @on(Choice.Changed)
    def _hear(self, event: Choice.Changed) -> None:
        self.heard.append(event.value)


async def test_left_and_right_move_the_choice_and_stop_at_the_ends() -> None:
    async with Form().run_test() as pilot:
        choice = pilot.app.query_one(Choice)
        choice.focus()
        await pilot.press("right", "right", "left", "left", "left")
        assert choice.value == "1"
        assert pilot.app.heard == ["max", "10", "1"]  # type: ignore[attr-defined]


async def test_the_chosen_option_is_told_without_colour() -> None:
    async with Form().run_test() as pilot:
        text = pilot.app.query_one(Choice).render().plain
        assert text == "speed    1x [10x] max "


async def test_a_click_chooses() -> None:
    async with Form().run_test() as pilot:
        await pilot.click(Choice, offset=(9, 0))
        assert pilot.app.query_one(Choice).value == "1"
        await pilot.click(Choice, offset=(18, 0))
        assert pilot.app.query_one(Choice).value == "max"
        await pilot.click(Choice, offset=(2, 0))
        assert pilot.app.query_one(Choice).value == "max"


async def test_what_is_not_offered_is_not_chosen() -> None:
    async with Form("1000").run_test() as pilot:
        choice = pilot.app.query_one(Choice)
        assert choice.value == "1"
        choice.value = "1000"
        assert choice.value == "1"
        assert choice.chosen == SPEEDS[0]
