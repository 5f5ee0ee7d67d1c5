"""A command line that is called in this process, and its answer taken apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from console.cli import main


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The object in the last line of stdout."""
        content = json.loads(self.out.splitlines()[-1])
        assert isinstance(content, dict)
        return content

    @property
    def error(self) -> str:
        """The one line on stderr."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("error: ")
        return lines[0]


CommandLine = Callable[..., Answer]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Call the command line with arguments and return its answer."""

    def call(*arguments: object) -> Answer:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return call


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Five minutes of traffic: 20 decisions."""
    path = tmp_path / "trace.csv"
    rows = "".join(f"{second},{100 + second}\n" for second in range(0, 300, 10))
    path.write_text(f"t_seconds,rps\n{rows}", encoding="utf-8")
    return path
