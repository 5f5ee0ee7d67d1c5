"""One table of keys: no two meanings for a key, all of them in the help, the footer fits."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.binding import Binding

from console.app import RlscaleApp
from console.keys import (
    KEYS,
    KeyContext,
    bindings,
    entries,
    footer_entries,
    footer_text,
    help_rows,
)
from console.screens.live import LiveScreen


@pytest.mark.parametrize("context", list(KeyContext))
def test_a_key_means_one_thing_in_a_context(context: KeyContext) -> None:
    keys = Counter(key for entry in entries(context) for key in entry.keys.split(","))
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_entry_is_written_for_people_in_ascii() -> None:
    for entry in KEYS:
        assert entry.help
        assert entry.label
        assert entry.display.isascii()


def test_the_help_has_every_entry_once() -> None:
    rows = [row for _, rows in help_rows() for row in rows]
    assert rows == [
        (entry.display, entry.help) for context in KeyContext for entry in entries(context)
    ]


@pytest.mark.parametrize(
    "kind",
    [(RlscaleApp, (KeyContext.EVERYWHERE,)), (LiveScreen, (KeyContext.LIVE, KeyContext.CONTROL))],
)
def test_every_binding_has_its_action(kind: tuple[type, tuple[KeyContext, ...]]) -> None:
    owner, contexts = kind
    for entry in entries(*contexts):
        action = entry.action.partition("(")[0].removeprefix("app.")
        assert hasattr(owner, f"action_{action}"), entry.action


def test_live_binds_what_the_table_says() -> None:
    bound = {binding.action for binding in LiveScreen.BINDINGS if isinstance(binding, Binding)}
    wanted = {entry.action for entry in entries(KeyContext.LIVE, KeyContext.CONTROL)}
    assert wanted <= bound


def test_shared_keys_of_two_contexts_are_bound_once() -> None:
    found = bindings(KeyContext.CONTROL, KeyContext.REPLAY)
    assert len({(binding.key, binding.action) for binding in found}) == len(found)


@pytest.mark.parametrize("width", [20, 60, 78, 120, 200])
@pytest.mark.parametrize("contexts", [(KeyContext.CONTROL, KeyContext.LIVE), (KeyContext.SETUP,)])
def test_the_footer_fits_and_keeps_what_matters(
    width: int, contexts: tuple[KeyContext, ...]
) -> None:
    everywhere = (KeyContext.EVERYWHERE, KeyContext.ELSEWHERE)
    shown = footer_entries(width, (*contexts, *everywhere))
    assert len("".join(footer_text(entry) for entry in shown).rstrip()) <= width
    if width >= 78:
        assert any(entry.action == "app.help" for entry in shown)
        assert shown[-1].context in everywhere


def test_the_footer_at_80_columns_has_the_controls() -> None:
    shown = footer_entries(78, (KeyContext.CONTROL, KeyContext.LIVE, KeyContext.EVERYWHERE))
    assert {"pause", "override", "release", "cycle_mode"} <= {entry.action for entry in shown}


def shown(*contexts: KeyContext, typing: bool = False) -> set[str]:
    return {entry.display for entry in footer_entries(200, contexts, typing=typing)}


def test_the_footer_says_what_a_key_means_where_the_focus_is() -> None:
    assert {"right", "left right"} & shown(KeyContext.SETUP) == {"right"}
    assert {"right", "left right"} & shown(KeyContext.CHOICE, KeyContext.SETUP) == {"left right"}


def test_the_footer_leaves_out_keys_that_would_be_typed() -> None:
    everywhere = (KeyContext.SETUP, KeyContext.EVERYWHERE, KeyContext.ELSEWHERE)
    assert shown(*everywhere, typing=True) == {"enter", "tab", "esc"}
    assert {"?", "/", "f"} <= shown(*everywhere)
