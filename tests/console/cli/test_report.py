from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.cli.conftest import CommandLine


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLSCALE_DATA_DIR", str(tmp_path / "home"))


def test_a_shadow_run_is_reported_as_text_json_and_markdown(
    cli: CommandLine, trace: Path, tmp_path: Path
) -> None:
    arguments = ("--policy", "static:6", "--scenario", trace, "--mode", "shadow")
    assert cli("run", *arguments, "--headless").code == 0
    file = tmp_path / "report.md"
    shown = cli("report", "latest", "--markdown", file)
    assert shown.code == 0, shown.err
    assert "static:6 would have used" in shown.out
    assert file.read_text().startswith("# Shadow report")
    content = cli("report", "latest", "--json").json
    assert content["advised"]["pod_hours"] > 0
    assert content["saved_pod_hours"] == pytest.approx(
        content["actual"]["pod_hours"] - content["advised"]["pod_hours"]
    )
    assert cli("report", "latest", "--markdown", "-").out == file.read_text()
    again = cli("report", "latest", "--markdown", file)
    assert again.code == 2
    assert "existing" in again.error


def test_a_run_that_never_shadowed_is_the_wrong_one(cli: CommandLine, trace: Path) -> None:
    assert cli("run", "--policy", "hpa", "--scenario", trace, "--headless").code == 0
    answer = cli("report", "latest")
    assert answer.code == 2
    assert "expected decisions in SHADOW, found none" in answer.error
    assert "run --mode shadow" in answer.error
