"""Times of a run, as they are shown and as they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.times import clock, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("645", 645),
        ("10:45", 645),
        ("120:00", 7_200),
        ("01:10:45", 4_245),
        ("26:00:00", 93_600),
        ("2d 03:00:00", 183_600),
        ("90 s", 90),
        ("10 min", 600),
        ("1.5h", 5_400),
        ("3 d", 259_200),
    ],
)
def test_what_is_typed(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["soon", "", "99:99", "01:60:00", "1d 24:00:00", "-5", "1.5"])
def test_no_time(text: str) -> None:
    with pytest.raises(InputError, match="expected a time such as 10:45"):
        parse_time(text)


@given(st.integers(min_value=0, max_value=10_000_000))
def test_what_is_shown_can_be_typed(seconds: int) -> None:
    assert parse_time(clock(seconds)) == seconds
