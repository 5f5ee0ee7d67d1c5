from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.cli.conftest import CommandLine
from tests.core.twin import factory

_DEPLOYMENT = ("--deployment", "checkout", "--namespace", "shop")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety minutes of 50 rps per pod."""
    path = tmp_path_factory.mktemp("history") / "checkout.recording.npz"
    made = factory.record(factory.scenario(1.5, workers=2, service_time_ms=40.0))
    with path.open("wb") as file:
        made.write(file)
    return path


def test_a_fit_is_shown_written_and_runs(cli: CommandLine, recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "checkout-twin"
    answer = cli("twin", "fit", *_DEPLOYMENT, "--recording", recording, "--out", out, "--json")
    assert answer.code == 0, answer.err
    content = answer.json
    assert content["pod_capacity_rps"] == pytest.approx(50.0, rel=0.15)
    assert content["quality"]["latency_p95"]["median_relative_error"] < 0.1
    assert Path(content["path"]).read_text().startswith("# Traffic of shop/web")
    run = cli("run", "--policy", "hpa", "--scenario", content["path"], "--headless", "--json")
    assert run.code == 0, run.err
    assert run.json["scenario"] == "checkout-twin"
    again = cli("twin", "fit", *_DEPLOYMENT, "--recording", recording, "--out", out)
    assert again.code == 2
    assert "found an existing one" in again.error
    forced = cli("twin", "fit", *_DEPLOYMENT, "--recording", recording, "--out", out, "--force")
    assert "pod capacity" in forced.out
    assert "held-out stretch" in forced.out
    assert "note: the recording is of shop/web" in forced.err


def test_a_recording_names_its_deployment(
    cli: CommandLine, recording: Path, tmp_path: Path
) -> None:
    answer = cli(
        *("twin", "fit", "--recording", recording, "--out", tmp_path / "web"),
        *("--context", "prod", "--pod-capacity", 40, "--slo", 250),
    )
    assert answer.code == 0, answer.err
    shadow = answer.out.splitlines()[-1]
    for words in ("--context prod", "--deployment web", "--namespace shop", "--pod-capacity 40"):
        assert words in shadow
    assert "the recording is of" not in answer.err


def test_without_prometheus_there_is_no_past(cli: CommandLine, tmp_path: Path) -> None:
    for command in (("twin", "fit"), ("scenario", "import", "prometheus")):
        answer = cli(*command, *_DEPLOYMENT, "--out", tmp_path / "x")
        assert answer.code == 2
        assert "prometheus_url" in answer.error


def test_flags_of_a_cluster_are_refused_for_files(cli: CommandLine, trace: Path) -> None:
    answer = cli("scenario", "import", trace, "--deployment", "checkout")
    assert answer.code == 2
    assert "'prometheus' as FILE" in answer.error


@pytest.mark.parametrize("span", ["7", "a week"])
def test_a_wrong_span_is_one_line(cli: CommandLine, span: str, tmp_path: Path) -> None:
    answer = cli(
        "twin",
        "fit",
        *_DEPLOYMENT,
        "--range",
        span,
        "--prometheus-url",
        "http://x:1",
        "--out",
        tmp_path / "x",
    )
    assert answer.code == 2
    assert "length of time" in answer.error
