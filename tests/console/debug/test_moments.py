"""What an operator types leads to the step or the time that is meant."""

from __future__ import annotations

import pytest

from console.debug.moments import parse_moment
from core.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("+10", 50),
        ("-3", 37),
        ("-99", 0),
        ("10:45", 645.0),
        ("01:10:45", 4245.0),
        ("90 s", 90.0),
        ("1.5h", 5400.0),
        ("10 min", 600.0),
    ],
)
def test_moments(text: str, expected: float) -> None:
    found = parse_moment(text, 40)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", ["", "x", "1.5", "10:4", "1:2:3:4", "5 days", "+-3", "1e3"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(InputError, match="expected a step"):
        parse_moment(text, 40)
