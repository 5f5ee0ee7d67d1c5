from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path

import numpy as np
import pytest

from console.cli.output import duration, number, percent, plain, print_json, print_table


class _Colour(StrEnum):
    RED = "red"


def test_everything_that_core_returns_has_a_json_form() -> None:
    content = {
        "array": np.array([1.5, np.nan]),
        "count": np.int64(3),
        "enum": _Colour.RED,
        "flag": np.bool_(True),
        "nothing": None,
        "path": Path("a/b"),
        "ratio": np.float64(0.25),
        "tuple": (1, float("inf")),
    }
    assert json.loads(json.dumps(plain(content), allow_nan=False)) == {
        "array": [1.5, None],
        "count": 3,
        "enum": "red",
        "flag": True,
        "nothing": None,
        "path": "a/b",
        "ratio": 0.25,
        "tuple": [1, None],
    }


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        plain(object())


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"reason": "two\nlines", "name": "größe"})
    assert capsys.readouterr().out == '{"reason": "two\\nlines", "name": "größe"}\n'


def test_a_table_in_a_pipe_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    long = "a description that is a good deal longer than eighty columns, " * 2
    print_table(["name", "count", "what"], [["x", 12, long.strip()], ["y", None, "z"]])
    lines = capsys.readouterr().out.splitlines()
    assert any(long.strip() in line for line in lines)
    assert "-" in lines[-1]


def test_on_a_narrow_terminal_neither_names_nor_numbers_are_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "58")
    monkeypatch.setenv("TERM", "xterm")
    name, words = "20261122-123834-hpa-flash-crowd-eb1c", "words that may well be wrapped " * 2
    print_table(["run", "what", "SLO"], [[name, words, "10.71 %"]], right=["SLO"], whole=["run"])
    [line] = [line for line in capsys.readouterr().out.splitlines() if "2026" in line]
    assert name in line
    assert "10.71 %" in line
    assert "wrapped" not in line


@pytest.mark.parametrize(("columns", "widest"), [(80, 80), (60, 60), (20, 43)])
def test_names_lose_their_middle_where_a_terminal_is_too_narrow(
    columns: int,
    widest: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    short = "20261122-130819-ppo-waves-24ad"
    long = f"20261122-164753-oracle-{'metrics-outage-' * 4}4783"
    rows: list[list[object]] = [[long, "finished", "0.09 %"], [short, "finished", None]]
    print_table(["run", "state", "SLO"], rows, right=["SLO"], whole=["run"], shortened="run")
    _, _, first, second = capsys.readouterr().out.splitlines()
    assert len(first) <= widest
    assert first.startswith("20261122-164753")
    assert first.split()[0].endswith("-4783")
    assert first.endswith("0.09 %")
    assert (short in second) == (columns > 20), "only what is too long is shortened"


def test_square_brackets_are_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name"], [["[bold]x[/bold]"]])
    assert "[bold]x[/bold]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "00:00:05"), (3661, "01:01:01"), (90_061, "1d 01:01:01"), (None, "-"), (np.inf, "-")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_numbers_for_people() -> None:
    assert number(12345.678, 1, "pod·h") == "12,345.7 pod·h"
    assert number(None) == number(float("nan")) == "-"
    assert percent(0.00312) == "0.31 %"
    assert percent(None) == "-"
