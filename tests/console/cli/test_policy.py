from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.cli.conftest import CommandLine


def test_the_list_has_what_is_shipped_and_the_baselines(cli: CommandLine) -> None:
    listed = {row["policy"]: row for row in cli("policy", "list", "--json").json["policies"]}
    assert listed["ppo"]["origin"] == listed["dqn"]["origin"] == "shipped"
    assert listed["hpa"]["origin"] == "baseline"
    answer = cli("policy", "list")
    assert answer.code == 0
    assert "threshold" in answer.out


def test_a_shipped_policy_tells_how_it_was_trained(cli: CommandLine) -> None:
    content = cli("policy", "show", "ppo", "--json").json
    assert content["algorithm"] == "ppo"
    assert content["timesteps"] > 100_000
    assert content["evaluation"]["score"] > 1
    answer = cli("policy", "show", "ppo")
    for words in ("trained on", "observation", "headroom", "seed"):
        assert words in answer.out


def test_what_was_measured_has_a_heading_and_readable_figures(cli: CommandLine) -> None:
    measured = cli("policy", "show", "ppo", "--json").json["evaluation"]
    _, heading, figures = cli("policy", "show", "ppo").out.partition(
        "Figures of an average episode of validation traffic:\n"
    )
    assert heading
    rows = dict(line.split("  ", 1) for line in figures.splitlines())
    assert rows["requests"].strip() == f"{measured['requests']:,.0f}"
    assert rows["SLO violations"].strip() == f"{100 * measured['slo_violation_ratio']:.3f} %"
    assert rows["latency p95"].strip() == f"{measured['latency_p95_ms']:.0f} ms"


@pytest.mark.parametrize("policy", ["hpa", "hpa:0.6", "threshold", "static:4"])
def test_a_baseline_is_described(cli: CommandLine, policy: str) -> None:
    answer = cli("policy", "show", policy)
    assert answer.code == 0
    assert answer.out.strip()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "ppoo"), "ppo"),
        (("show", "static:x"), "static:x"),
        (("import", "/nowhere"), "/nowhere"),
    ],
)
def test_what_is_wrong_is_one_line(
    cli: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    answer = cli("policy", *arguments)
    assert answer.code == 2
    assert words in answer.error


def test_a_shipped_policy_can_be_kept_under_another_name(cli: CommandLine, trace: Path) -> None:
    path = cli("policy", "show", "ppo", "--json").json["path"]
    assert cli("policy", "import", path, "--name", "backup").code == 0
    command = ("run", "--scenario", trace, "--headless", "--json")
    backup = cli(*command, "--policy", "backup").json
    shipped = cli(*command, "--policy", "ppo").json
    assert backup["score"] == shipped["score"]
    assert cli("policy", "import", path).code == 2


def test_the_demo_without_a_console(cli: CommandLine) -> None:
    answer = cli("demo", "--headless", "--json")
    assert answer.code == 0
    assert answer.json["scenario"] == "flash-crowd"
    again = cli("demo", "--headless", "--seed", 9, "--json").json
    assert again["seed"] == 9
    assert again["requests"] != answer.json["requests"]
