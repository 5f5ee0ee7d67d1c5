from __future__ import annotations

from pathlib import Path

import pytest

from console.setup.parsing import (
    GAMMA,
    LEARNING_RATE,
    REPLICAS,
    SEED,
    STEPS,
    NumberRule,
    hpa_target,
    optional_path,
)
from core.errors import InputError


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1500000", 1_500_000),
        ("1,500,000", 1_500_000),
        ("1_500_000", 1_500_000),
        ("300k", 300_000),
        ("1.5M", 1_500_000),
        (" 2000 ", 2000),
        ("1e6", 1_000_000),
    ],
)
def test_steps_are_understood_as_people_write_them(text: str, number: int) -> None:
    assert STEPS.parse(text) == number


@pytest.mark.parametrize("text", ["abc", "k", "-1", "0", "nan", "inf", "1e300", "1.5k5", "--"])
def test_what_is_no_number_or_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(InputError) as error:
        STEPS.parse(text)
    assert "1,000 to 1,000,000,000" in error.value.message


def test_a_fraction_is_refused_where_a_whole_number_is_needed() -> None:
    with pytest.raises(InputError, match="whole"):
        REPLICAS.parse("2.5")


def test_bounds_are_included() -> None:
    assert GAMMA.parse("0") == 0
    assert GAMMA.parse("1") == 1
    with pytest.raises(InputError):
        GAMMA.parse("1.01")


def test_empty_is_nothing_where_it_may_be() -> None:
    assert SEED.parse("") is None
    assert LEARNING_RATE.parse("  ") is None
    with pytest.raises(InputError):
        REPLICAS.parse("")


@pytest.mark.parametrize("rule", [STEPS, SEED, GAMMA, LEARNING_RATE, REPLICAS])
def test_messages_are_short_enough_to_stand_beside_a_field(rule: NumberRule) -> None:
    with pytest.raises(InputError) as error:
        rule.parse("x")
    assert len(error.value.message) <= 24


def test_paths_are_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "trace.csv").touch()
    assert optional_path("~/trace.csv") == tmp_path / "trace.csv"
    assert optional_path("") is None


def test_paths_that_cannot_be_traffic_say_why(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    for text, message in (
        (str(tmp_path), "directory"),
        (str(tmp_path / "none.csv"), "no such file"),
        (str(tmp_path / "notes.txt"), ".yaml or .csv"),
    ):
        with pytest.raises(InputError, match=message):
            optional_path(text)


def test_an_hpa_takes_a_target_or_a_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / "hpa.yaml"
    manifest.touch()
    assert hpa_target("0.6") == 0.6
    assert hpa_target(str(manifest)) == manifest
    for text in ("", "70", str(tmp_path / "none.yaml"), "words"):
        with pytest.raises(InputError):
            hpa_target(text)


@pytest.mark.parametrize("text", ["~nobody-of-that-name/x", "/" + "x" * 300, "\0"])
def test_what_cannot_be_a_path_is_no_such_file(text: str) -> None:
    with pytest.raises(InputError, match="no such file"):
        optional_path(f"{text}.csv")
    with pytest.raises(InputError, match="no such file"):
        hpa_target(f"{text}.yaml")
