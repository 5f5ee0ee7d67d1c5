"""Every recorded decision of a real controller, replayed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from core.agents.hpa.recording import main, replay
from core.errors import InputError

RECORDINGS = sorted(
    (Path(__file__).parents[4] / "../shared/hpa-recordings").resolve().glob("*.json.gz")
)


@pytest.mark.skipif(not RECORDINGS, reason="no recordings beside the repository")
def test_every_recorded_decision_comes_out_the_same() -> None:
    for path in RECORDINGS:
        decisions = replay(path)
        assert len(decisions) > 1000
        assert [one for one in decisions if not one.same] == []


def pod(count: int, cpu_m: int | None, memory_mi: int | None = None) -> dict[str, Any]:
    return {
        "count": count,
        "phase": "Running",
        "ready_condition": True,
        "deleting": False,
        "start_time": 100,
        "ready_transition": 101,
        "cpu_m": cpu_m,
        "memory_mi": memory_mi,
    }


def entry(
    second: float, current: int, proposed: int | None, desired: int | None, *pods: dict[str, Any]
) -> dict[str, Any]:
    return {
        "t_proposed_epoch": None if proposed is None else second,
        "t_decision_epoch": second + 0.01,
        "request_millicores": 1000,
        "window_s": 1,
        "metric_timestamp": int(second),
        "pods": list(pods) or None,
        "current": current,
        "proposed": proposed,
        "desired": desired,
    }


def recording(*series: dict[str, Any]) -> dict[str, Any]:
    metrics = [
        {
            "type": "Resource",
            "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": 50}},
        }
        for name in ("cpu", "memory")
    ]
    flags = {
        "tolerance": 0.1,
        "downscale_stabilization_s": 2,
        "cpu_initialization_period_s": 20,
        "initial_readiness_delay_s": 2,
    }
    scenario = {
        "name": "made-up",
        "profile": "fast",
        "spec": {"minReplicas": 2, "maxReplicas": 8, "metrics": metrics},
        "request_memory_mi": 100,
        "series": list(series),
    }
    return {"profiles": {"fast": {"flags": flags}}, "scenarios": [scenario]}


SERIES = (
    entry(1000.0, 4, 4, 4, pod(4, 500, 50)),
    entry(1001.0, 4, 7, 7, pod(4, 500, 80)),
    entry(1002.0, 7, 7, 7, pod(7, 500, None)),
    entry(1003.0, 7, None, None, pod(7, 100, None)),
    entry(1004.5, 7, 7, 7, pod(7, 500, 50)),
    entry(1006.6, 7, 2, 2, pod(7, 100, 10)),
    entry(1007.0, 20, None, 8),
    entry(1008.0, 0, None, 0),
)


@pytest.mark.parametrize("name", ["made-up.json", "made-up.json.gz"])
def test_a_recording_is_replayed_from_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = tmp_path / name
    content = json.dumps(recording(*SERIES)).encode()
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert [one.replayed for one in replay(path)] == [
        (one["proposed"], one["desired"]) for one in SERIES
    ]
    assert main([str(path)]) == 0
    assert capsys.readouterr().out == f"{name}: 8 of 8 decisions the same\n"


def test_differences_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(recording(entry(1000.0, 4, 5, 6, pod(4, 500, 50)))))
    assert main([str(path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "made-up, sync 0: proposed and desired are (5, 6), replayed (4, 4)",
        "other.json: 0 of 1 decisions the same",
    ]


@pytest.mark.parametrize(
    "content", [None, b"", b"[1]", b"{}", b"\x00", b'{"scenarios": 1, "profiles": 2}']
)
def test_what_is_no_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="expected a recording of decisions"):
        replay(path)
    assert main([str(path)]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    packed = tmp_path / "x.json.gz"
    packed.write_bytes(b"not gzip")
    with pytest.raises(InputError, match="expected a recording of decisions"):
        replay(packed)
