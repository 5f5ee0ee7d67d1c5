from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from core.traffic.library import (
    ScenarioEntry,
    dump_scenario,
    list_scenarios,
    load_scenario,
    scenario_name,
)
from core.traffic.patterns import TracePattern
from core.traffic.random_scenarios import random_scenario
from core.traffic.scenario import Scenario, scenario_json_schema
from core.traffic.validation import parse_scenario
from core.traffic.workload import rates_per_second
from tests.core.traffic.factory import REAL_TRACES, written

SHIPPED = list_scenarios()
shipped = pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.name)


def test_the_promised_scenarios_are_there() -> None:
    names = {entry.name for entry in SHIPPED}
    assert len(SHIPPED) >= 16
    assert names >= {
        *("baseline-steady", "gradual-ramp", "sudden-spike", "daily-pattern", "idle-periods"),
        *("flash-crowd", "noisy-neighbour", "bursty", "black-friday", "metrics-outage"),
        *("node-loss", "weekly-cycle", "periodic-batch", "slow-start", "scale-rejected"),
        *("dependency-latency", "pod-crashes", "small-nodes"),
    }


def test_every_kind_of_pattern_and_fault_is_shown_by_example() -> None:
    scenarios = [load_scenario(entry.name) for entry in SHIPPED]
    patterns = {pattern.kind for scenario in scenarios for pattern in scenario.traffic}
    faults = {fault.kind for scenario in scenarios for fault in scenario.faults}
    assert patterns == _kinds("traffic") - {"trace"}
    assert faults == _kinds("faults")


def _kinds(section: str) -> set[str]:
    items = scenario_json_schema()["properties"][section]["items"]
    return set(items["discriminator"]["mapping"])


@shipped
def test_a_shipped_scenario_is_sane(entry: ScenarioEntry) -> None:
    scenario = load_scenario(entry.name)
    assert entry.name == entry.path.stem == scenario.name
    assert entry.description.endswith(".")
    assert 40 <= len(entry.description) <= 120
    assert 1800 <= scenario.duration_s <= 7 * 86_400
    rates = rates_per_second(scenario, np.random.default_rng(scenario.seed))
    assert np.isfinite(rates).all()
    pods = rates / scenario.service.pod_capacity_rps
    assert 3.0 <= pods.mean() <= 40.0
    assert pods.max() <= scenario.cluster.max_replicas
    assert rates.max() <= 2500.0


@shipped
def test_a_shipped_scenario_teaches(entry: ScenarioEntry) -> None:
    lines = entry.path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert max(len(line) for line in lines) <= 130


def test_the_flash_crowd_triples_after_ten_calm_minutes() -> None:
    scenario = load_scenario("flash-crowd")
    rates = rates_per_second(scenario, np.random.default_rng(0))
    calm, crowd = rates[:600].mean(), rates[660:900].mean()
    assert rates[:600].max() < 1.3 * calm
    assert crowd == pytest.approx(3.0 * calm, rel=0.1)


@shipped
def test_a_dumped_scenario_is_the_same(entry: ScenarioEntry) -> None:
    scenario = load_scenario(entry.name)
    for defaults in (True, False):
        text = dump_scenario(scenario, defaults=defaults)
        assert parse_scenario(text, Path("x.yaml")) == scenario


def test_random_scenarios_can_be_dumped_as_well() -> None:
    generator = np.random.default_rng(0)
    for _ in range(30):
        scenario = random_scenario(generator)
        assert parse_scenario(dump_scenario(scenario), Path("x.yaml")) == scenario
        assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("flash-crwd", ["found 'flash-crwd'", "Did you mean flash-crowd?"]),
        ("zzz", ["found 'zzz'", "Known: baseline-steady"]),
        ("none.yaml", ["none.yaml", "No such file", "scenario list"]),
        ("none.csv", ["none.csv", "No such file"]),
        ("some/folder", ["a .yaml or .csv file", "found some/folder"]),
        ("access.log", ["a .yaml or .csv file", "scenario import"]),
    ],
)
def test_an_unknown_name_gets_an_answer(name: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        load_scenario(name)
    for part in parts:
        assert part in str(caught.value)


def test_a_file_that_is_no_text_gets_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        load_scenario(path)


def test_a_trace_runs_on_the_default_service_for_its_length(tmp_path: Path) -> None:
    path = written(tmp_path / "My Trace.csv", *(f"{t},{50 + t % 10}" for t in range(120)))
    scenario = load_scenario(path)
    assert scenario.name == "my-trace"
    assert scenario.duration_s == 120
    assert scenario.service == Scenario(name="x", traffic=scenario.traffic).service
    rates = rates_per_second(scenario, np.random.default_rng(0))
    assert rates.tolist() == [50 + t % 10 for t in range(120)]


def test_a_trace_may_be_scaled_and_gets_room_for_its_peak(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", *(f"{t},{50 + t % 10}" for t in range(120)))
    scenario = load_scenario(path, peak_rps=10_000.0)
    rates = rates_per_second(scenario, np.random.default_rng(0))
    assert np.percentile(rates, 99.5) == pytest.approx(10_000.0)
    assert scenario.cluster.max_replicas * scenario.service.pod_capacity_rps >= 2 * 10_000


def test_a_relative_trace_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "t.csv", *(f"{t},5" for t in range(60)))
    written(tmp_path / "s.yaml", "traffic: [{kind: trace, path: t.csv}]", "duration_s: 60")
    monkeypatch.chdir(tmp_path)
    loaded = [load_scenario("s.yaml"), load_scenario("t.csv")]
    monkeypatch.chdir("/")
    for scenario in loaded:
        again = parse_scenario(dump_scenario(scenario), Path("/elsewhere/x.yaml"))
        assert rates_per_second(again, np.random.default_rng(0)).mean() == 5.0


def test_the_traces_of_a_scenario_are_read_when_it_is_loaded(tmp_path: Path) -> None:
    path = written(tmp_path / "s.yaml", "traffic: [{kind: trace, path: t.csv}]")
    with pytest.raises(InputError, match=r"t\.csv.*No such file"):
        load_scenario(path)
    written(tmp_path / "t.csv", "0,1", "1,-1")
    with pytest.raises(InputError, match="line 2: rps is negative"):
        load_scenario(path)


def test_a_peak_goes_to_the_traces_of_a_scenario(tmp_path: Path) -> None:
    written(tmp_path / "t.csv", *(f"{t},5" for t in range(60)))
    path = written(tmp_path / "s.yaml", "traffic: [{kind: trace, path: t.csv}]")
    (pattern,) = load_scenario(path, peak_rps=77.0).traffic
    assert isinstance(pattern, TracePattern)
    assert pattern.peak_rps == 77.0
    with pytest.raises(InputError, match="found none in bursty"):
        load_scenario("bursty", peak_rps=77.0)


@pytest.mark.parametrize("peak_rps", [0.0, -5.0, float("nan"), float("inf")])
def test_a_peak_is_positive(peak_rps: float) -> None:
    with pytest.raises(InputError, match="positive peak rate"):
        load_scenario("bursty", peak_rps=peak_rps)


def test_a_trace_of_seconds_or_years_is_refused(tmp_path: Path) -> None:
    short = written(tmp_path / "short.csv", "0,1", "1,1")
    with pytest.raises(InputError, match=r"a trace of 15 s to 31 days, found 2 s"):
        load_scenario(short)
    long = written(tmp_path / "long.csv", *(f"{week * 604_800},1" for week in range(6)))
    with pytest.raises(InputError, match="found 3628800 s"):
        load_scenario(long)


@pytest.mark.parametrize(
    ("text", "name"),
    [("My Trace_2", "my-trace-2"), ("...", "scenario"), ("Ünï", "n"), ("a" * 200, "a" * 80)],
)
def test_any_text_gives_a_name(text: str, name: str) -> None:
    assert scenario_name(text) == name


@pytest.mark.skipif(not REAL_TRACES.is_dir(), reason="the recorded traces are not here")
def test_recorded_traces_are_scenarios() -> None:
    for path in sorted(REAL_TRACES.glob("*.csv")):
        scenario = load_scenario(path, peak_rps=1500.0)
        rates = rates_per_second(scenario, np.random.default_rng(0))
        assert len(rates) == scenario.duration_s
        assert np.percentile(rates, 99.5) == pytest.approx(1500.0, rel=1e-6)
