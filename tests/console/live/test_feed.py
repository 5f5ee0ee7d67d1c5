"""The thread that reads goes on, whatever it meets."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.live.feed import RunFeed
from console.live.snapshot import View
from console.live.source import RunSource


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_whatever_goes_wrong_is_said_and_tried_again(
    finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [True]
    sound = RunSource.look

    def look(source: RunSource, view: View) -> object:
        if broken[0]:
            raise ZeroDivisionError("on the\nmoon")
        return sound(source, view)

    monkeypatch.setattr(RunSource, "look", look)
    feed = RunFeed(lambda: finished_run, 0.01)
    feed.start(View())
    try:
        until(lambda: feed.state.problem == "unexpected ZeroDivisionError: on the moon")
        broken[0] = False
        until(lambda: feed.state.snapshot is not None)
        assert feed.state.problem == ""
    finally:
        feed.stop()


def test_limits_that_cannot_be_read_do_not_end_it(
    finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def read_guardrails(_: RunSource) -> None:
        asked.append(1)
        raise ValueError("odd limits")

    monkeypatch.setattr(RunSource, "read_guardrails", read_guardrails)
    feed = RunFeed(lambda: finished_run, 0.01)
    feed.start(View())
    try:
        until(lambda: len(asked) > 2)
        until(lambda: "odd limits" in feed.state.problem)
    finally:
        feed.stop()
