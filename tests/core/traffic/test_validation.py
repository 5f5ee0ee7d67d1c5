from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.traffic.patterns import TracePattern
from core.traffic.validation import parse_scenario

GOOD = "name: good\ntraffic:\n  - kind: constant\n    rps: 5\n"
SOURCE = Path("/scenarios/mine.yaml")


def message_of(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_scenario(text, SOURCE)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(SOURCE))
    assert "expected" in message
    assert "found" in message
    return message


def test_a_good_one_is_taken() -> None:
    assert parse_scenario(GOOD, SOURCE).name == "good"


def test_the_file_names_a_scenario_without_a_name() -> None:
    assert parse_scenario(GOOD.replace("name: good\n", ""), SOURCE).name == "mine"


def test_a_trace_is_looked_for_beside_the_scenario() -> None:
    scenario = parse_scenario("traffic: [{kind: trace, path: data/t.csv}]", SOURCE)
    (pattern,) = scenario.traffic
    assert isinstance(pattern, TracePattern)
    assert pattern.path == Path("/scenarios/data/t.csv")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["found nothing"]),
        ("[]", ["found a list"]),
        ("a: [1", ["line 2", "valid YAML, found an error: did not find expected"]),
        ("a: 'b", ["line 1", "valid YAML, found unexpected end of stream"]),
        ("name: x\n\t- b", ["line 2", "valid YAML", "tab character"]),
        ("a: !!python/object:os.system {}", ["line 1", "python/object"]),
        (GOOD + "name: again\n", ["line 5", "name is given twice"]),
        (GOOD + "servce: {}\n", ["line 5: servce", "known field", "did you mean service?"]),
        (GOOD + "service:\n  workrs: 2\n", ["line 6: service.workrs", "did you mean workers?"]),
        (GOOD + "    rsp: 2\n", ["line 5: traffic[0].rsp", "did you mean rps?"]),
        ("traffic:\n- kind: constnt\n", ["line 2: traffic[0]", "did you mean constant?"]),
        ("traffic:\n- rps: 1\n", ["line 2: traffic[0]", "expected a kind, found none"]),
        ("traffic:\n- kind: constant\n", ["traffic[0].rps", "expected a value, found none"]),
        ("traffic:\n- kind: constant\n  rps: x\n", ["line 3", "a number, found 'x'"]),
        ("traffic:\n- kind: constant\n  rps: -1\n", ["line 3", "at least 0, found -1"]),
        ("traffic:\n- kind: constant\n  rps: .inf\n", ["line 3", "a finite number, found inf"]),
        ("traffic: 5\n", ["line 1: traffic", "expected a list, found 5"]),
        ("traffic: []\n", ["a pattern besides ar-noise"]),
        (GOOD + "duration_s: 01:00:00\n", ["line 5", "a whole number, found '01:00:00'"]),
        (GOOD + "service: 3\n", ["line 5: service", "fields (name: value), found 3"]),
        (GOOD + "interval_s: 15.5\n", ["line 5", "a whole number, found 15.5"]),
        (
            GOOD + "cluster:\n  min_replicas: 9\n  max_replicas: 3\n",
            ["line 5: cluster", "max_replicas of at least min_replicas (9), found 3"],
        ),
        (
            GOOD + "service:\n  service_time_distribution: normal\n",
            ["line 6", "'exponential' or 'shifted-exponential', found 'normal'"],
        ),
        (
            GOOD + "faults:\n  - kind: pod-crash\n    at_s: 1\n    coun: 2\n",
            ["line 8: faults[0].coun", "did you mean count?"],
        ),
    ],
)
def test_errors_say_where_and_what(text: str, parts: list[str]) -> None:
    message = message_of(text)
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    "text",
    [
        "name: 2020-13-45\n",
        "seed: 0b_\n",
        "name: !!bool perhaps\n",
        "name: !!timestamp today\n",
    ],
)
def test_values_that_yaml_stumbles_over(text: str) -> None:
    assert "expected valid YAML" in message_of(text)


def test_deep_nesting_is_refused_in_one_line() -> None:
    assert len(message_of("name: " + "[" * 20_000 + "]" * 20_000)) < 300


def test_the_first_errors_are_told_together() -> None:
    message = message_of(GOOD + "u: 1\nv: 1\nw: 1\nx: 1\ny: 1\n")
    assert all(f"line {number}" in message for number in (5, 6, 7))
    assert "line 8" not in message
    assert "and 2 more" in message


_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "traffic", "kind", "rps", "service", "workers", "faults"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(tree=_TREES)
def test_whatever_is_written_there_is_an_answer(tree: object) -> None:
    answer = _answer(yaml.safe_dump(tree))
    assert answer == "fine" or answer.startswith(str(SOURCE))
    assert "\n" not in answer


def _answer(text: str) -> str:
    try:
        parse_scenario(text, SOURCE)
    except InputError as error:
        return str(error)
    return "fine"


@given(text=st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    answer = _answer(text)
    assert answer.startswith(str(SOURCE))
    assert "\n" not in answer
