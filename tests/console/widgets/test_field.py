from __future__ import annotations

from textual import on
from textual.app import App, ComposeResult
from textual.widgets import Static

from console.setup.parsing import STEPS
from console.themes import register_themes
from console.widgets.field import Field


class Form(App[None]):
    def __init__(self) -> None:
        super().__init__()
        register_themes(self)
        self.theme = "dark"
        self.heard: list[object] = []

    def compose(self) -> ComposeResult:
        yield Field("steps", STEPS.parse, text="5000", hint="decisions", id="steps")

    @on(Field.Changed)
    def _hear(self, event: Field.Changed) -> None:
        self.heard.append(event.value)


def message(app: App[None]) -> str:
    return str(app.query_one(".field--message", Static).visual)


async def test_what_is_wrong_stands_beside_the_field_while_typing() -> None:
    async with Form().run_test() as pilot:
        field = pilot.app.query_one(Field)
        assert (field.value, field.error, message(pilot.app)) == (5000, "", "decisions")
        field.input.focus()
        await pilot.press("end", "x")
        assert field.value is None
        assert message(pilot.app) == "! 1,000 to 1,000,000,000"
        assert field.has_class("-wrong")
        await pilot.press("backspace", "0")
        assert message(pilot.app) == "decisions"
        assert not field.has_class("-wrong")
        assert pilot.app.heard == [5000, None, 5000, 50_000]  # type: ignore[attr-defined]
