from __future__ import annotations

from textual import on
from textual.app import App, ComposeResult

from console.themes import register_themes
from console.widgets.pick_list import Entry, PickList
from tests.console.pilots import shown

ENTRIES = (
    Entry("ppo", "ppo", "learned", "shipped"),
    Entry("dqn", "dqn", "learned too", "shipped"),
    Entry("hpa", "hpa", "a rule", "baselines"),
)


class Form(App[None]):
    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        register_themes(self)
        self.theme = "dark"
        self.heard: list[str] = []
        self._ascii_only = ascii_only

    def compose(self) -> ComposeResult:
        yield PickList(id="policies", ascii_only=self._ascii_only)

    def on_mount(self) -> None:
        self.query_one(PickList).set_entries(ENTRIES)

    @on(PickList.Picked)
    def _hear(self, event: PickList.Picked) -> None:
        self.heard.append(event.value)


def heard(app: App[None]) -> list[str]:
    assert isinstance(app, Form)
    return app.heard


async def test_moving_is_picking_and_skips_headings() -> None:
    async with Form().run_test() as pilot:
        policies = pilot.app.query_one(PickList)
        policies.focus()
        assert policies.picked == "ppo"
        await pilot.press("down", "down")
        assert policies.picked == "hpa"
        assert heard(pilot.app) == ["dqn", "hpa"]
        assert "▸ hpa  a rule" in shown(pilot)
        assert "baselines" in shown(pilot)


async def test_the_mark_can_be_ascii() -> None:
    async with Form(ascii_only=True).run_test() as pilot:
        await pilot.pause()
        assert "> ppo" in shown(pilot)


async def test_notes_are_left_out_where_there_is_no_room() -> None:
    async with Form().run_test(size=(30, 10)) as pilot:
        await pilot.pause()
        assert "ppo" in shown(pilot)
        assert "learned" not in shown(pilot)


async def test_a_filter_that_hides_the_pick_picks_the_first_that_is_left() -> None:
    async with Form().run_test() as pilot:
        policies = pilot.app.query_one(PickList)
        policies.filter("RULE base")
        await pilot.pause()
        assert policies.picked == "hpa"
        assert heard(pilot.app) == ["hpa"]
        assert "ppo" not in shown(pilot)


async def test_a_filter_that_nothing_matches_keeps_the_pick() -> None:
    async with Form().run_test() as pilot:
        policies = pilot.app.query_one(PickList)
        policies.filter("zzz")
        await pilot.pause()
        assert policies.picked == "ppo"
        assert "nothing matches" in shown(pilot)
        policies.filter("")
        await pilot.pause()
        assert policies.picked == "ppo"
        assert heard(pilot.app) == []


async def test_the_pick_stays_when_rows_are_replaced() -> None:
    async with Form().run_test() as pilot:
        policies = pilot.app.query_one(PickList)
        policies.pick("hpa")
        policies.set_entries([Entry("new", "new"), *ENTRIES])
        assert policies.picked == "hpa"
        policies.set_entries([Entry("new", "new")])
        assert policies.picked == "new"
