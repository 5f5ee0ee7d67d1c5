from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.cli.conftest import CommandLine


def test_cells_and_summary(cli: CommandLine, trace: Path) -> None:
    answer = cli(
        *("bench", "--policies", "static:9,hpa", "--traces", trace, "--peak-rps", 300),
        *("--seeds", 2, "--jobs", 1, "--json"),
    )
    assert answer.code == 0
    content = answer.json
    cells = content["cells"]
    assert {(cell["policy"], cell["seed"]) for cell in cells} == {
        ("static:9", 0),
        ("static:9", 1),
        ("hpa", 0),
        ("hpa", 1),
    }
    for cell in cells:
        assert {"score", "pod_hours", "requests", "slo_violation_ratio", "churn"} <= cell.keys()
    assert all(cell["score_ratio_hpa"] == 1 for cell in cells if cell["policy"] == "hpa")
    row = content["summary"]["static:9"]
    assert row["cells"] == 2
    assert row["score_interval"]["low"] <= row["score"] <= row["score_interval"]["high"]


def test_an_episode_is_the_same_as_a_run(cli: CommandLine, trace: Path) -> None:
    bench = cli(
        *("bench", "--policies", "hpa", "--scenarios", trace, "--seeds", 1, "--jobs", 1, "--json")
    ).json["cells"][0]
    run = cli(
        *("run", "--policy", "hpa", "--scenario", trace, "--seed", 0, "--headless", "--json")
    ).json
    for key in ("steps", "requests", "slo_violation_ratio", "pod_hours", "churn", "score"):
        assert bench[key] == pytest.approx(run[key]), key
    assert bench["reward"] == pytest.approx(run["reward"])
    assert bench["latency_p95_ms"] == pytest.approx(run["latency_p95_ms"])


def test_for_people_there_are_two_tables(cli: CommandLine, trace: Path) -> None:
    answer = cli(
        *("bench", "--policies", "static:9,threshold", "--scenarios", trace),
        *("--seeds", 1, "--jobs", 1),
    )
    assert answer.code == 0
    assert "Score divided by the HPA's" in answer.out
    assert "static:9" in answer.out
    assert "to HPA" in answer.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--policies", "hpaa"), "hpa"),
        (("--policies", "hpa", "--scenarios", "flash-crwod"), "flash-crowd"),
        (("--policies", "hpa", "--peak-rps", "100"), "--traces"),
        (("--policies", "hpa", "--traces", "none.csv"), "none.csv"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    cli: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    answer = cli("bench", *arguments)
    assert answer.code == 2
    assert words in answer.error
