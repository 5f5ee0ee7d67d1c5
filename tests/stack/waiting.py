"""Waiting for something to become true, with an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(
    condition: Callable[[], Value | None],
    what: str,
    timeout_s: float = 30.0,
    every_s: float = 0.05,
) -> Value:
    """Ask `condition` until its answer is true, and return that answer.

    Raises:
        TimeoutError: If it was not within `timeout_s`; names `what` was waited for.
    """
    end = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= end:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}; the last answer was {answer!r}")
        time.sleep(every_s)
