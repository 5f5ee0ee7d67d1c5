"""Engines that a test started never outlive it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.runs import launch


@pytest.fixture
def engines() -> Iterator[None]:
    """End whatever engine this test left running."""
    before = set(launch._children)
    yield
    for child in set(launch._children) - before:
        if child.poll() is None:
            child.kill()
        child.wait(10)


def engine_of(directory: Path) -> subprocess.Popen[bytes]:
    """The process that works on a run of this test."""
    for child in reversed(launch._children):
        if isinstance(child.args, list) and child.args[-1] == str(directory.resolve()):
            return child
    raise AssertionError(f"no engine was started on {directory}")
