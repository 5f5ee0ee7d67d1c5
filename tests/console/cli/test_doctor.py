from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path

import pytest

from tests.console.cli.conftest import CommandLine


def test_a_healthy_installation(cli: CommandLine) -> None:
    answer = cli("doctor")
    assert answer.code == 0
    for check in ("Python", "packages", "training", "data directory", "scenarios", "policies"):
        assert f"ok    {check}" in answer.out
    content = cli("doctor", "--json").json
    assert content["ok"] is True
    assert all({"check", "ok", "found", "hint"} <= check.keys() for check in content["checks"])


def test_without_the_extra_only_training_is_missing(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "torch":
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    answer = cli("doctor")
    assert answer.code == 0
    assert "note  training" in answer.out
    assert "pip install 'rlscale-console[train]'" in answer.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o500)
    monkeypatch.setenv("RLSCALE_DATA_DIR", str(tmp_path / "data"))
    answer = cli("doctor")
    assert answer.code == 1
    assert "FAIL  data directory" in answer.out


def test_a_directory_that_cannot_be_made(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("RLSCALE_DATA_DIR", str(tmp_path / "file" / "data"))
    answer = cli("doctor")
    assert answer.code == 1
    assert "FAIL  data directory" in answer.out
    assert "RLSCALE_DATA_DIR" in answer.out


def test_a_narrow_locale_is_told(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "none (NO_COLOR is set)" in cli("doctor").out
