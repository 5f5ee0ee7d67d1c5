"""What is not installed is named, with the command that installs it where it is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.errors import InputError
from core.extras import install_command, require_extra


def test_what_is_there_is_no_problem() -> None:
    require_extra("train", ("json",), "training")


def test_what_is_missing_is_named_with_its_extra() -> None:
    with pytest.raises(InputError) as caught:
        require_extra("train", ("json", "no_such"), "training")
    assert caught.value.message == "expected the extra `train` for training, found no no_such."
    assert caught.value.hint == f"Install it: {install_command('train')}"


def test_the_command_is_for_the_interpreter_that_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    assert install_command("load") == ".venv/bin/python -m pip install 'rlscale-console[load]'"
    monkeypatch.setattr(sys, "executable", "/elsewhere/bin/python3")
    assert (
        install_command("load") == "/elsewhere/bin/python3 -m pip install 'rlscale-console[load]'"
    )
