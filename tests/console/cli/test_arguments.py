from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import pytest

from console.cli.arguments import Parser, names, positive_number, speed, whole_number
from console.cli.entry import build_parser
from core.errors import InputError


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (whole_number(1), "12", 12),
        (whole_number(1), "1_500_000", 1_500_000),
        (whole_number(0, 5), "5", 5),
        (positive_number, "0.5", 0.5),
        (positive_number, "1e3", 1000.0),
        (speed, "max", None),
        (speed, "10", 10.0),
        (names, "a, b,,a", ("a", "b")),
    ],
)
def test_values(parse: Callable[[str], Any], text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (whole_number(1), "0"),
        (whole_number(1), "-3"),
        (whole_number(1), "1.5"),
        (whole_number(1), "ten"),
        (whole_number(0, 5), "6"),
        (positive_number, "0"),
        (positive_number, "-1"),
        (positive_number, "nan"),
        (positive_number, "inf"),
        (positive_number, "fast"),
        (speed, "-1"),
        (speed, "fast"),
        (names, ","),
    ],
)
def test_what_is_refused_says_what_was_expected_and_found(
    parse: Callable[[str], Any], text: str
) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"expected .* found") as caught:
        parse(text)
    assert repr(text) in str(caught.value)


def _parser() -> Parser:
    parser = Parser(prog="tool")
    parser.add_argument("--algo", choices=("ppo", "dqn"))
    parser.add_argument("--steps", type=whole_number(1))
    return parser


def test_a_wrong_choice_names_the_close_match() -> None:
    with pytest.raises(InputError) as caught:
        _parser().parse_args(["--algo", "pp"])
    assert str(caught.value) == (
        "--algo: expected one of ppo, dqn; found 'pp'. Did you mean 'ppo'?"
    )


@pytest.mark.parametrize("typed", ["shadow", "SHADOW", "Shadow"])
@pytest.mark.parametrize(
    "command",
    [("control", "mode", "latest"), ("run", "--mode"), ("train", "--mode")],
    ids=lambda words: words[0],
)
def test_a_mode_is_typed_in_any_case(command: tuple[str, ...], typed: str) -> None:
    arguments = build_parser().parse_args([*command, typed])
    assert "SHADOW" in vars(arguments).values()


@pytest.mark.parametrize("command", [("control", "mode", "latest"), ("run", "--mode")])
def test_what_is_no_mode_is_repeated_as_typed(command: tuple[str, ...]) -> None:
    words = "expected one of AUTO, SHADOW, MANUAL, HOLD; found 'shdow'. Did you mean 'SHADOW'?"
    with pytest.raises(InputError) as caught:
        build_parser().parse_args([*command, "shdow"])
    assert str(caught.value).endswith(words)


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("10min", 600.0), ("15 min", 900.0), ("90 s", 90.0), ("2h", 7200.0), ("600", 600.0)],
)
def test_a_time_to_live_is_typed_as_in_the_dialog(typed: str, seconds: float) -> None:
    order = ["control", "override", "latest", "5", "--ttl", typed]
    assert build_parser().parse_args(order).ttl == seconds


@pytest.mark.parametrize("typed", ["soon", "", "0", "0 min", "-5", "inf", "5 years"])
def test_what_is_no_time_to_live_is_refused(typed: str) -> None:
    order = ["control", "override", "latest", "5", f"--ttl={typed}"]
    with pytest.raises(InputError, match=r"--ttl: expected .*; found") as caught:
        build_parser().parse_args(order)
    assert repr(typed) in str(caught.value)


def test_an_abbreviation_is_not_guessed() -> None:
    arguments, unknown = _parser().parse_known_args(["--step", "5"])
    assert arguments.steps is None
    with pytest.raises(InputError, match=r"unknown option '--step'. Did you mean '--steps'\?"):
        _parser().refuse(unknown)


def test_a_missing_value_points_to_the_help() -> None:
    with pytest.raises(InputError, match=r"--steps: expected one argument\. See tool --help\."):
        _parser().parse_args(["--steps"])
