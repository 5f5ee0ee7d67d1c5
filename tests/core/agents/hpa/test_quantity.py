"""Quantities as Kubernetes writes and computes them."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from core.agents.hpa.quantity import parse_quantity, to_float, to_milli


@pytest.mark.parametrize(
    ("text", "value", "milli"),
    [
        ("1", "1", 1000),
        ("500m", "0.5", 500),
        (".5", "0.5", 500),
        ("1.", "1", 1000),
        ("+2k", "2000", 2_000_000),
        ("-3", "-3", -3000),
        ("100n", "0.0000001", 1),  # rounded away from 0
        ("-100u", "-0.0001", -1),
        ("64Mi", "67108864", 67_108_864_000),
        ("1e3", "1000", 1_000_000),
        ("12E-1", "1.2", 1200),
        ("2E", "2000000000000000000", 2 * 10**21),
        ("9e99", str(2**63 - 1), (2**63 - 1) * 1000),
    ],
)
def test_quantities(text: str, value: str, milli: int) -> None:
    quantity = parse_quantity(text)
    assert quantity == Decimal(value)
    assert to_milli(quantity) == milli


@pytest.mark.parametrize("text", ["", "m", "1x", "1 k", "1.2.3", "--1", "1mi", "nan", "\u0661"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text) or "^$"):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("0.1", 0.1),
        ("0.05", 0.05),
        ("0.052", 52 * 0.001),  # 0.052000000000000005
        ("0.0005", 500 * 1e-6),
        ("2", 2.0),
        ("3k", 3000.0),
    ],
)
def test_a_tolerance_is_a_whole_number_times_a_power_of_a_thousand(text: str, value: float) -> None:
    assert to_float(parse_quantity(text)) == value
