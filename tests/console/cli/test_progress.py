from __future__ import annotations

import threading

import pytest

from console.cli.progress import ProgressReport
from console.cli.running import pace


class _Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, seconds: float, wake: threading.Event | None = None) -> None:
        self.seconds += seconds


def test_without_a_terminal_there_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = _Clock()
    with ProgressReport("training", 1000, "steps", clock) as progress:
        for done in range(0, 1001, 10):
            clock.seconds = done * 0.025
            progress.update(done, "reward -1.5")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "training: 40 % of 1,000 steps, 00:00:15 left, reward -1.5",
        "training: 80 % of 1,000 steps, 00:00:05 left, reward -1.5",
    ]


def test_without_a_total_it_counts(capsys: pytest.CaptureFixture[str]) -> None:
    clock = _Clock()
    with ProgressReport("run", None, "decisions", clock) as progress:
        clock.seconds = 11
        progress.update(4000)
    assert capsys.readouterr().err == "run: 4,000 decisions\n"


def test_what_is_worth_knowing_has_a_line_of_its_own_and_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ProgressReport("run", None, "decisions", _Clock()) as progress:
        for words in ("", "DEGRADED: no metrics", "DEGRADED: no metrics", "", ""):
            progress.remark(words)
    assert capsys.readouterr().err == "DEGRADED: no metrics\nall is well again\n"


def test_on_a_terminal_there_is_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    with ProgressReport("training", 10, "steps") as progress:
        progress.update(5, "[reward] -1")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "training" in captured.err
    assert "[reward] -1" in captured.err


def test_a_slow_pace_is_told_by_the_time_between() -> None:
    assert [pace(rate) for rate in (None, 0.0, 0.2, 1.0, 25_000.0)] == [
        "",
        "",
        "one every 5 s",
        "1 decisions/s",
        "25,000 decisions/s",
    ]
