from __future__ import annotations

import pytest

from console.words import count, duration, rate, span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 s"), (119, "119 s"), (120, "2 min"), (5400, "90 min"), (86_400, "24 h")],
)
def test_durations_are_said_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_long_durations_are_days() -> None:
    assert duration(7 * 86_400) == "7 days"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (42, "42 s"), (200, "3 min 20 s"), (3_900, "1 h 05 min")],
)
def test_spans_to_watch_are_finer(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (849.7, "850"), (999, "999"), (1000, "1k"), (300_000, "300k"), (1_500_000, "1.5M")],
)
def test_counts_are_short(number: int, words: str) -> None:
    assert count(number) == words


@pytest.mark.parametrize(
    ("per_second", "words"),
    [(0, "0"), (0.414, "0.41"), (1.96, "2"), (9.96, "10"), (71.4, "71"), (1128.3, "1,128")],
)
def test_small_rates_keep_their_digits(per_second: float, words: str) -> None:
    assert rate(per_second) == words
