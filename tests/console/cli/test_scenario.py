from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.console.cli.conftest import CommandLine


def test_every_shipped_scenario_is_listed(cli: CommandLine) -> None:
    answer = cli("scenario", "list")
    assert answer.code == 0
    for name in ("baseline-steady", "flash-crowd", "black-friday", "metrics-outage", "node-loss"):
        assert f"\n{name} " in answer.out
    listed = cli("scenario", "list", "--json").json["scenarios"]
    assert len(listed) >= 14
    assert {"name", "description", "duration_s", "path"} <= listed[0].keys()


def test_show_draws_the_traffic(cli: CommandLine) -> None:
    answer = cli("scenario", "show", "flash-crowd", "--width", 80)
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0].startswith("flash-crowd: ")
    assert "SLO 250 ms" in lines[1]
    assert len(lines[3:]) == 14
    assert "traffic rps" in lines[3]
    assert lines[-1].endswith("01:00:00╯")
    assert {len(line) for line in lines[3:]} == {80}
    assert any("⠁" <= character <= "⣿" for character in answer.out)


def test_the_slo_of_a_random_scenario_has_no_digits_that_tell_nothing(cli: CommandLine) -> None:
    slo_ms = cli("scenario", "show", "heldout-03", "--json").json["slo_ms"]
    assert slo_ms != round(slo_ms)
    assert f"SLO {slo_ms:.0f} ms, " in cli("scenario", "show", "heldout-03").out


def test_show_gives_the_series_to_programs(cli: CommandLine) -> None:
    content = cli("scenario", "show", "flash-crowd", "--json").json
    assert len(content["t_seconds"]) == len(content["rps"]) > 50
    assert max(content["rps"]) == pytest.approx(content["peak_rps"])


def test_show_as_yaml_can_be_validated_again(cli: CommandLine, tmp_path: Path) -> None:
    text = cli("scenario", "show", "flash-crowd", "--yaml").out
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    answer = cli("scenario", "validate", path)
    assert answer.code == 0
    assert "valid. flash-crowd" in answer.out


def test_what_is_validated_by_its_name_is_named_once(cli: CommandLine) -> None:
    answer = cli("scenario", "validate", "flash-crowd")
    assert answer.out.startswith("flash-crowd: valid. 60 min, ")


def test_the_schema_is_json(cli: CommandLine) -> None:
    schema = json.loads(cli("scenario", "schema").out)
    assert schema["type"] == "object"
    assert cli("scenario", "schema", "--json").json == schema


def test_an_unknown_name_gets_its_close_match(cli: CommandLine) -> None:
    answer = cli("scenario", "show", "flush-crowd")
    assert answer.code == 2
    assert "flash-crowd" in answer.error


def test_broken_yaml_is_named_with_its_line(cli: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("name: broken\ntraffic: [\n  - kind: constant\n", encoding="utf-8")
    answer = cli("scenario", "show", path)
    assert answer.code == 2
    assert "broken.yaml: line 3" in answer.error


def test_validate_reports_every_file(cli: CommandLine, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("t_seconds,rps\n0,10\n60,12\n120,9\n", encoding="utf-8")
    bad.write_text("t_seconds,rps\n0,10\n60,-1\n120,x\n", encoding="utf-8")
    answer = cli("scenario", "validate", good, bad, "--json")
    assert answer.code == 2
    assert answer.json["valid"] is False
    assert [file["valid"] for file in answer.json["files"]] == [True, False]
    for number in ("3", "4"):
        assert f"line {number}" in answer.error


def test_a_missing_file_is_one_line(cli: CommandLine, tmp_path: Path) -> None:
    answer = cli("scenario", "show", tmp_path / "none.csv")
    assert answer.code == 2
    assert "none.csv" in answer.error


def test_import_of_a_trace(cli: CommandLine, tmp_path: Path) -> None:
    source = tmp_path / "Monday Traffic.csv"
    source.write_text("# mine\nt_seconds,rps\n0,100\n30,200\n60,150\n", encoding="utf-8")
    out = tmp_path / "traffic"
    answer = cli("scenario", "import", source, "--out", out, "--peak-rps", 400, "--json")
    assert answer.code == 0
    assert answer.json["name"] == "monday-traffic"
    assert answer.json["peak_rps"] == pytest.approx(400, rel=0.01)
    assert Path(answer.json["path"]).parent == out
    again = cli("scenario", "import", source, "--out", out)
    assert again.code == 2
    assert "exists" in again.error or "found" in again.error
    assert cli("scenario", "import", source, "--out", out, "--force").code == 0


def test_import_of_an_access_log(cli: CommandLine, tmp_path: Path) -> None:
    source = tmp_path / "access.log.gz"
    line = '192.0.2.1 - - [22/Nov/2026:10:00:{:02d} +0000] "GET / HTTP/1.1" 200 12\n'
    with gzip.open(source, "wt", encoding="utf-8") as log:
        for second in range(60):
            log.write(line.format(second) * (1 + second % 3))
    answer = cli("scenario", "import", source, "--out", tmp_path, "--name", "shop")
    assert answer.code == 0
    assert f"--scenario {tmp_path / 'shop.yaml'}" in answer.out
    assert cli("scenario", "validate", tmp_path / "shop.yaml").code == 0


def test_an_action_is_needed(cli: CommandLine) -> None:
    answer = cli("scenario")
    assert answer.code == 2
    assert "expected one of list, show, validate, import, schema; found none" in answer.error
