"""Conditions mean what they say, miss nothing that is missing, and can do nothing else."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.debug.expressions import LONGEST, Condition
from core.debug.fields import Kind, vocabulary
from core.debug.search import RunSearch
from core.errors import InputError
from core.runs.reader import RunReader
from core.state import Step, ValuesKind

ATTACKS = (
    "__import__('os').system('true')",
    "().__class__.__bases__[0].__subclasses__()",
    "p95.__class__ != 1",
    "eval('1') > 0",
    "(lambda: 1)() > 0",
    "[x for x in (1, 2)] != 3",
    "{1: 2} == 1",
    "{p95} == 1",
    "f'{p95}' == 1",
    "p95 if guardrail else 0",
    "(y := p95) > 1",
    "p95[0] > 1",
    "*p95 > 1",
    "p95 ** 99999 > 1",
    "1 << 99 > 1",
    "p95 // 2 > 1",
    "~step > 1",
    "p95 @ p95 > 1",
    "await p95",
    "yield p95",
    "p95 is slo",
    "p95 in (1, 2)",
    "None == p95",
    "True",
    "... == p95",
    "b'a' == p95",
    "1j > 0",
    "p95 > 1; step > 2",
    "import os",
    "p95 > 1\x00",
    "(" * 99 + "p95" + ")" * 99,
    "-" * 150 + "1 > 0",
    "not " * 49 + "guardrail",
    "9" * 190 + " > 1",
)


@pytest.fixture(scope="module")
def search(operated_run: Path) -> RunSearch:
    return RunSearch(RunReader(operated_run))


@pytest.fixture(scope="module")
def steps(operated_run: Path) -> list[Step]:
    reader = RunReader(operated_run)
    return reader.steps(0, reader.last_step())


class Operated:
    """The run under a short name: Hypothesis writes out its arguments."""

    def __init__(self, search: RunSearch, steps: list[Step]) -> None:
        self.search, self.steps = search, steps


@pytest.fixture(scope="module")
def operated(search: RunSearch, steps: list[Step]) -> Operated:
    return Operated(search, steps)


def hits(search: RunSearch, text: str) -> list[int]:
    return [int(step) for step in search.hits(search.condition(text))]


@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_else_passes(search: RunSearch, text: str) -> None:
    with pytest.raises(InputError) as error:
        search.condition(text)
    assert "\n" not in str(error.value)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=LONGEST + 5))
@example("p95 > slo")
@example("'\\d' == mode")
@example("0x_ > 1if")
def test_any_text_is_a_condition_or_one_line_of_refusal(search: RunSearch, text: str) -> None:
    refusal = ""
    try:
        condition = search.condition(text)
        assert condition.holds({need: np.zeros(0) for need in condition.needs}).dtype == np.bool_
    except InputError as error:
        refusal = str(error)
    assert "\n" not in refusal


NUMBERS = st.one_of(
    st.integers(-20, 20).map(lambda number: f"({number})"),
    st.sampled_from(["rps", "p95", "desired", "reward", "step"]),
)
TERMS = st.recursive(
    NUMBERS,
    lambda parts: st.tuples(parts, st.sampled_from("+-*/"), parts).map(
        lambda three: f"({three[0]} {three[1]} {three[2]})"
    ),
    max_leaves=3,
)
COMPARED = st.tuples(TERMS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), TERMS).map(
    " ".join
)
CONDITIONS = st.recursive(
    COMPARED,
    lambda parts: st.one_of(
        parts.map(lambda one: f"not ({one})"),
        st.tuples(parts, st.sampled_from(["and", "or"]), parts).map(
            lambda three: f"({three[0]}) {three[1]} ({three[2]})"
        ),
    ),
    max_leaves=3,
)


class Number:
    """A number or nothing, with the arithmetic that conditions promise; for Python to work out."""

    def __init__(self, value: float | None) -> None:
        self.value = value

    def _with(self, other: Number, work: Any) -> Number:
        if self.value is None or other.value is None:
            return Number(None)
        return Number(work(self.value, other.value))

    def __add__(self, other: Number) -> Number:
        return self._with(other, lambda one, two: one + two)

    def __sub__(self, other: Number) -> Number:
        return self._with(other, lambda one, two: one - two)

    def __mul__(self, other: Number) -> Number:
        return self._with(other, lambda one, two: one * two)

    def __truediv__(self, other: Number) -> Number:
        return self._with(other, lambda one, two: one / two if two else None)

    def __neg__(self) -> Number:
        return Number(None if self.value is None else -self.value)

    def _compare(self, other: Number, work: Any) -> bool:
        return None not in (self.value, other.value) and bool(work(self.value, other.value))

    def __lt__(self, other: Number) -> bool:
        return self._compare(other, lambda one, two: one < two)

    def __le__(self, other: Number) -> bool:
        return self._compare(other, lambda one, two: one <= two)

    def __gt__(self, other: Number) -> bool:
        return self._compare(other, lambda one, two: one > two)

    def __ge__(self, other: Number) -> bool:
        return self._compare(other, lambda one, two: one >= two)

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, Number)
        return self._compare(other, lambda one, two: one == two)

    def __ne__(self, other: object) -> bool:
        assert isinstance(other, Number)
        return self._compare(other, lambda one, two: one != two)

    __hash__ = None  # type: ignore[assignment]


class _Wrap(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Call(ast.Name("Number", ast.Load()), [node], [])


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CONDITIONS.filter(lambda text: len(text) <= LONGEST))
def test_a_condition_means_what_python_says(operated: Operated, text: str) -> None:
    search, steps = operated.search, operated.steps
    found = hits(search, text)
    tree = ast.fix_missing_locations(_Wrap().visit(ast.parse(text, mode="eval")))
    code = compile(tree, "reference", "eval")
    expected = [
        step.index
        for step in steps
        if eval(
            code,
            {
                "Number": Number,
                "rps": Number(step.state.rps),
                "p95": Number(step.state.latency_p95_ms),
                "desired": Number(step.state.replicas_desired),
                "reward": Number(step.reward.total),
                "step": Number(step.index),
            },
        )
    ]
    assert found == expected


def test_missing_values_make_comparisons_false(search: RunSearch, steps: list[Step]) -> None:
    missing = [step.index for step in steps if step.state.rps is None]
    assert missing
    for sign in ("<", "<=", ">", ">=", "==", "!="):
        assert not set(missing) & set(hits(search, f"rps {sign} 100"))
        assert set(missing) <= set(hits(search, f"not rps {sign} 100"))
    assert hits(search, "rps / 0 > 1 or rps / 0 <= 1") == []


def test_conditions_of_the_documentation(search: RunSearch, steps: list[Step]) -> None:
    def where(holds: Any) -> list[int]:
        return [step.index for step in steps if holds(step)]

    def direction(target: int, step: Step) -> int:
        return int(np.sign(target - step.state.replicas_desired))

    assert hits(search, "p95 > slo") == where(
        lambda step: step.state.latency_p95_ms is not None and step.state.latency_p95_ms > 250
    )
    assert hits(search, "action != hold") == where(lambda step: direction(step.target, step))
    assert hits(search, "policy_action == up") == where(
        lambda step: direction(step.decision.target, step) > 0
    )
    assert hits(search, "replicas_desired > 12") == where(
        lambda step: step.state.replicas_desired > 12
    )
    assert hits(search, "guardrail") == where(lambda step: step.guardrail)
    assert hits(search, "not guardrail") == where(lambda step: not step.guardrail)
    assert hits(search, "reward < -0.05") == where(lambda step: step.reward.total < -0.05)
    assert hits(search, "mode == manual or actor == 'fallback'") == where(
        lambda step: step.mode == "MANUAL" or step.actor == "fallback"
    )
    assert hits(search, "4 < desired <= 9") == where(
        lambda step: 4 < step.state.replicas_desired <= 9
    )
    assert hits(search, "confidence > 0.2 and margin > 0.01") == where(
        lambda step: (
            max(step.decision.action_values) > 0.2
            and np.diff(np.sort(step.decision.action_values)[-2:])[0] > 0.01
        )
    )
    every = len(steps)
    assert len(hits(search, f"entropy < {math.log(28)}")) == every
    assert len(hits(search, "min_replicas <= target <= max_replicas and load >= 0")) > every // 2
    assert hits(search, "peak_3m > 0.5")


def test_the_hpa_beside_is_the_hpa(hpa_run: Path) -> None:
    search = RunSearch(RunReader(hpa_run))
    assert hits(search, "hpa_target != policy_target") == []
    assert hits(search, "hpa_action != policy_action") == []
    assert hits(search, "hpa_action == up")
    assert hits(search, "margin > 0 or entropy > 0 or confidence > 0") == []


def test_q_values_have_no_entropy(dqn_run: Path) -> None:
    reader = RunReader(dqn_run)
    assert reader.step(3).decision.values_kind is ValuesKind.Q_VALUES
    search = RunSearch(reader)
    assert hits(search, "entropy > 0") == []
    assert len(hits(search, "margin > 0")) > 10


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("p59 > slo", "found 'p59' at column 1. Did you mean p99 or p95? Names: step, time,"),
        ("p95 >", "expected more at the end of 'p95 >', found nothing"),
        ("p95 > slo and", "expected more at the end"),
        ("p95 > 250ms", "found a mistake at column 9"),
        ("action = hold", "Compare with =="),
        ("p95 > slo && guardrail", "expected 'and', found '&&' at column 11"),
        ("not p95", "a comparison such as p95 > 0, found 'p95' at column 5"),
        ("mode", "such as mode == AUTO"),
        ("mode == fast", "one of AUTO, SHADOW, MANUAL, HOLD, found 'fast' at column 9"),
        ("mode == actor", "one of AUTO, SHADOW, MANUAL, HOLD, found 'actor' at column 9"),
        ("action > hold", "== or != between words, found 'hold' at column 10"),
        ("guardrail > 1", "a number, found 'guardrail' at column 1"),
        ("1e300 < p95", "a number below 1e+15, found '1e300'"),
        ("", "such as p95 > slo, found nothing"),
        ("p95 > 1" + " or p95 > 1" * 30, "at most 200 characters, found"),
        ("1<2" + " or 1<2" * 20, "at most 80 parts"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(search: RunSearch, text: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        search.condition(text)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_every_field_can_be_asked_about(search: RunSearch, operated_run: Path) -> None:
    names = vocabulary(RunReader(operated_run).info())
    for name, field in names.items():
        text = {
            Kind.NUMBER: f"{name} >= 0 or {name} < 0",
            Kind.BOOLEAN: f"{name} or not {name}",
            Kind.WORD: f"{name} == {(field.words or ('',))[0]}",
        }[field.kind]
        condition = Condition(text, names)
        assert len(search.hits(condition)) > 0 or name == "reward_error" or field.words, name
        assert field.meaning


def test_the_documented_conditions_are_conditions(search: RunSearch) -> None:
    document = Path(__file__).resolve().parents[3] / "docs" / "debugger.md"
    text = document.read_text(encoding="utf-8").split("## Breakpoints")[1].split("```")[1]
    conditions = [part for line in text.splitlines() for part in re.split(r"\s{2,}", line) if part]
    assert len(conditions) == 10
    for condition in conditions:
        search.condition(condition)
