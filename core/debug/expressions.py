"""Conditions over the fields of a step, in a small language that can do nothing else.

The text is parsed as a Python expression, but never compiled or evaluated as one: only names of
fields, numbers, words, `+ - * / %`, comparisons (also chained), `and`, `or`, `not` and parentheses
pass, and they are worked out here, for many steps at once. A comparison with a value that is
missing is false, whatever it compares.
"""

from __future__ import annotations

import ast
import difflib
import warnings
from collections.abc import Mapping
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.debug.fields import OBSERVATION, Columns, Field, Floats, Kind
from core.errors import InputError

LONGEST: Final = 200
"""Characters of a condition."""
_MOST_PARTS: Final = 80
_LONGEST_PIECE: Final = 40
_LARGEST: Final = 1e15

Flags = NDArray[np.bool_]

_ARITHMETIC: Final[dict[type[ast.operator], np.ufunc]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
}
_COMPARISONS: Final[dict[type[ast.cmpop], np.ufunc]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_INSTEAD: Final = {"&&": "and", "||": "or", "≤": "<=", "≥": ">=", "≠": "!=", "!": "not"}


class Condition:
    """A condition that was found to be sound.

    Args:
        text: What the operator wrote.
        names: Fields by the names that may be used.

    Raises:
        InputError: It is no condition; says where, and what it expected.
    """

    def __init__(self, text: str, names: Mapping[str, Field]) -> None:
        self.text = " ".join(text.split())
        self._names = names
        self._tree = _parse(self.text)
        self._used: dict[str, Field] = {}
        # Trying it on no steps at all finds everything that could be wrong with it.
        nothing = {need: np.zeros(0) for field in names.values() for need in field.needs}
        self.holds({"step": np.zeros(0), **nothing})

    @property
    def needs(self) -> tuple[str, ...]:
        """What has to be read to work it out; see `Field.needs`."""
        used = (need for field in self._used.values() for need in field.needs)
        return tuple(dict.fromkeys(("step", *used)))

    def holds(self, columns: Columns) -> Flags:
        """Where it holds, shape (n,).

        Args:
            columns: What `needs` names, of n steps.
        """
        with np.errstate(all="ignore"):
            flags = self._flags(self._tree, columns)
        return np.broadcast_to(flags, len(columns["step"]))

    # -- values of parts ----------------------------------------------------------------------

    def _flags(self, node: ast.expr, columns: Columns) -> Flags:
        match node:
            case ast.BoolOp(op=op, values=parts):
                join = np.logical_and if isinstance(op, ast.And) else np.logical_or
                return reduce(join, [self._flags(part, columns) for part in parts])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ~self._flags(operand, columns)
            case ast.Compare(left=left, ops=ops, comparators=others):
                pairs = zip([left, *others], ops, others, strict=False)
                found = [self._compared(one, op, other, columns) for one, op, other in pairs]
                return reduce(np.logical_and, found)
            case ast.Name(id=name) if (field := self._field(node, name)).kind is Kind.BOOLEAN:
                flags: Flags = field.compute(columns) == 1.0
                return flags
            case ast.Name(id=name):
                words = self._field(node, name).words
                example = f"== {words[0]}" if words else "> 0"
                raise self._wrong(node, f"a comparison such as {name} {example}")
        self._number(node, columns)
        raise self._wrong(node, f"a comparison such as {self._piece(node)} > 0")

    def _number(self, node: ast.expr, columns: Columns) -> Floats:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._number(operand, columns)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._number(operand, columns)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                over, under = self._number(left, columns), self._number(right, columns)
                if isinstance(op, ast.Div | ast.Mod):
                    under = np.where(under == 0.0, np.nan, under)
                whole: Floats = _ARITHMETIC[type(op)](over, under)
                return whole
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                if not abs(value) < _LARGEST:
                    raise self._wrong(node, f"a number below {_LARGEST:g}")
                return np.asarray(float(value))
            case ast.Name(id=name) if (field := self._field(node, name)).kind is Kind.NUMBER:
                return field.compute(columns)
            case ast.Name() | ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                raise self._wrong(node, "a number")
        raise self._wrong(node, "names, numbers, comparisons, and, or, not")

    def _field(self, node: ast.expr, name: str) -> Field:
        field = self._names.get(name)
        if field is None:
            raise self._unknown(node, name)
        self._used[field.name] = field
        return field

    # -- comparisons --------------------------------------------------------------------------

    def _compared(self, left: ast.expr, op: ast.cmpop, right: ast.expr, columns: Columns) -> Flags:
        if type(op) not in _COMPARISONS:
            raise self._wrong(right, "one of < <= > >= == != before it")
        words = self._words(left) or self._words(right)
        if words:
            if not isinstance(op, ast.Eq | ast.NotEq):
                raise self._wrong(right, "== or != between words")
            pair = [self._word(node, words, columns) for node in (left, right)]
        else:
            pair = [self._number(node, columns) for node in (left, right)]
        known = ~(np.isnan(pair[0]) | np.isnan(pair[1]))
        flags: Flags = known & _COMPARISONS[type(op)](*pair)
        return flags

    def _words(self, node: ast.expr) -> tuple[str, ...]:
        field = self._names.get(node.id) if isinstance(node, ast.Name) else None
        return () if field is None else field.words

    def _word(self, node: ast.expr, words: tuple[str, ...], columns: Columns) -> Floats:
        said = node.id if isinstance(node, ast.Name) else None
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            said = node.value
        places = {word.lower(): place for place, word in enumerate(words)}
        if said is not None and said.lower() in places:
            return np.asarray(float(places[said.lower()]))
        if isinstance(node, ast.Name) and self._words(node) == words:
            return self._field(node, node.id).compute(columns)
        raise self._wrong(node, f"one of {', '.join(words)}")

    # -- what is wrong ------------------------------------------------------------------------

    def _piece(self, node: ast.expr) -> str:
        piece = ast.get_source_segment(self.text, node) or self.text
        return piece if len(piece) <= _LONGEST_PIECE else piece[: _LONGEST_PIECE - 3] + "..."

    def _wrong(self, node: ast.expr, expected: str) -> InputError:
        column = len(self.text.encode()[: node.col_offset].decode()) + 1
        return InputError(f"expected {expected}, found {self._piece(node)!r} at column {column}.")

    def _unknown(self, node: ast.expr, name: str) -> InputError:
        error = self._wrong(node, "a name of a field")
        close = difflib.get_close_matches(name, self._names, n=2, cutoff=0.6)
        hint = f"Did you mean {' or '.join(close)}? " if close else ""
        return InputError(error.message, f"{hint}Names: {names_in_short(self._names)}.")


def names_in_short(names: Mapping[str, Field]) -> str:
    """Every field once, by its shortest name, without those of the observation."""
    shortest: dict[str, str] = {}
    for name, field in names.items():
        if OBSERVATION not in field.needs:
            known = shortest.get(field.name, name)
            shortest[field.name] = min(known, name, key=len)
    return ", ".join(shortest.values())


def _parse(text: str) -> ast.expr:
    """The tree of a condition, not yet looked at.

    Raises:
        InputError: It is no expression at all, or too long.
    """
    if not text:
        raise InputError("expected a condition such as p95 > slo, found nothing.")
    if len(text) > LONGEST:
        raise InputError(
            f"expected a condition of at most {LONGEST} characters, found {len(text)}."
        )
    for sign, instead in _INSTEAD.items():
        if sign in text.replace("!=", ""):
            raise InputError(
                f"expected {instead!r}, found {sign!r} at column {text.index(sign) + 1}."
            )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on its own syntax is not for here.
            tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        if not error.offset or error.offset > len(text):
            # Where it breaks off, there is nothing that the parser could point at.
            raise InputError(
                f"expected more at the end of {text!r}, found nothing.", "Try p95 > slo."
            ) from None
        column = error.offset
        hint = "Compare with ==." if "'=='" in error.msg or "=" in text else "Try p95 > slo."
        raise InputError(
            f"expected a condition, found a mistake at column {column} of {text!r}.", hint
        ) from None
    except (ValueError, MemoryError, RecursionError):
        raise InputError(f"expected a condition that can be read, found {text!r}.") from None
    parts = sum(1 for _ in ast.walk(tree))
    if parts > _MOST_PARTS:
        raise InputError(
            f"expected a condition of at most {_MOST_PARTS} parts, found {parts}.",
            "Split it into several breakpoints.",
        )
    return tree
