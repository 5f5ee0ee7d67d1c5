"""Where one looks, as values: zoom, cursor, and the way back to the newest step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.live.navigation import SPANS_S, Extent, Navigation, span_text

_RUN = Extent(399, 15.0)


def test_follows_the_newest_by_default() -> None:
    assert Navigation().following
    assert Navigation().range(_RUN) == (360, 399)
    assert Navigation().range(Extent(400, 15.0)) == (361, 400)


def test_a_young_run_is_shown_whole() -> None:
    assert Navigation().range(Extent(5, 15.0)) == (0, 5)
    assert Navigation().range(Extent(-1, 15.0)) == (0, -1)


def test_the_view_stands_still_while_a_moment_is_inspected() -> None:
    inspecting = Navigation().moved(-3, _RUN)
    assert inspecting.cursor == 396
    assert inspecting.range(_RUN) == inspecting.range(Extent(900, 15.0)) == (360, 399)


def test_moving_past_the_newest_follows_again() -> None:
    assert Navigation().moved(-1, _RUN).moved(5, _RUN).following
    assert Navigation().moved(1, _RUN).following


def test_moving_out_of_view_scrolls() -> None:
    far = Navigation().moved(-100, _RUN)
    first, last = far.range(_RUN)
    assert far.cursor == 299
    assert first <= 299 <= last
    assert last - first + 1 == 40


def test_the_first_step_is_the_end_of_moving_back() -> None:
    assert Navigation().moved(-10_000, _RUN).cursor == 0


def test_nothing_to_inspect_before_the_first_step() -> None:
    assert Navigation().moved(-1, Extent(-1, 15.0)).following


def test_zoom_goes_through_all_spans_and_stops() -> None:
    navigation = Navigation(span_s=SPANS_S[0])
    seen = [navigation.span_s]
    for _ in range(6):
        navigation = navigation.zoomed(1, _RUN)
        seen.append(navigation.span_s)
    assert seen == [*SPANS_S, None, None]
    for _ in range(6):
        navigation = navigation.zoomed(-1, _RUN)
    assert navigation.span_s == SPANS_S[0]


def test_all_shows_all() -> None:
    assert Navigation(span_s=None).range(_RUN) == (0, 399)


@given(
    moves=st.lists(
        st.one_of(
            st.tuples(st.just("move"), st.integers(-60, 60)),
            st.tuples(st.just("zoom"), st.sampled_from([-1, 1])),
        ),
        max_size=30,
    ),
    newest=st.integers(0, 2_000),
)
def test_the_cursor_is_always_in_view(moves: list[tuple[str, int]], newest: int) -> None:
    run = Extent(newest, 15.0)
    navigation = Navigation()
    for kind, by in moves:
        navigation = navigation.moved(by, run) if kind == "move" else navigation.zoomed(by, run)
        first, last = navigation.range(run)
        assert 0 <= first <= last <= newest
        if navigation.cursor is not None:
            assert first <= navigation.cursor <= last


@pytest.mark.parametrize(("span_s", "text"), [(300.0, "5 min"), (7200.0, "2 h"), (None, "all")])
def test_spans_in_words(span_s: float | None, text: str) -> None:
    assert span_text(span_s) == text
