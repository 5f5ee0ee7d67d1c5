"""Quantities as Kubernetes writes them: 500m, 1.5, 64Mi, 2e3.

Sources: kubernetes `apimachinery/pkg/api/resource/quantity.go` and `suffix.go`.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

_PATTERN: Final = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))"
    r"(?P<suffix>(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?)"
)
_DECIMAL_SUFFIXES: Final = {
    "n": -9,
    "u": -6,
    "m": -3,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
    "P": 15,
    "E": 18,
}
_BINARY_SUFFIXES: Final = {name: 1 << (10 * power) for power, name in enumerate("KMGTPE", start=1)}
_SMALLEST_EXPONENT: Final = -9
"""Nothing finer than one billionth is stored."""
_LARGEST_EXPONENT: Final = 18
_LARGEST: Final = Decimal(2**63 - 1)
"""Larger numbers are taken as this."""


def parse_quantity(text: str) -> Decimal:
    """The number that a quantity stands for.

    Args:
        text: Such as `500m`, `0.05` or `64Mi`.

    Raises:
        ValueError: It is not a quantity.
    """
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    number, suffix = Decimal(match["number"]), match["suffix"]
    if suffix.endswith("i"):
        number *= _BINARY_SUFFIXES[suffix[0]]
    elif suffix in _DECIMAL_SUFFIXES:
        number = number.scaleb(_DECIMAL_SUFFIXES[suffix])
    elif suffix:
        number = number.scaleb(int(suffix[1:]))
    return max(min(number, _LARGEST), -_LARGEST)


def to_milli(quantity: Decimal) -> int:
    """A quantity in thousandths, rounded away from zero as the controller does it."""
    return _rounded_away(quantity.scaleb(3))


def to_float(quantity: Decimal) -> float:
    """A quantity as the floating-point number that the controller computes with.

    The controller multiplies a whole number by a power of a thousand, which may differ from the
    nearest floating-point number in the last bit: 52m is 0.052000000000000005.
    """
    mantissa, exponent = _rounded_away(quantity.scaleb(-_SMALLEST_EXPONENT)), _SMALLEST_EXPONENT
    while mantissa and mantissa % 1000 == 0 and exponent < _LARGEST_EXPONENT:
        mantissa //= 1000
        exponent += 3
    return float(mantissa) * float(f"1e{exponent}") if exponent else float(mantissa)


def _rounded_away(number: Decimal) -> int:
    return math.ceil(number) if number > 0 else math.floor(number)
