"""What Prometheus itself makes of the queries, on series that are written down."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import pytest

from core.cluster.kubernetes.metrics.templates import CPU, Blanks, request_metrics
from core.cluster.kubernetes.settings import QuerySet
from tests.stack.assets import AssetsMissing, find_assets

_GENERIC = request_metrics(QuerySet.GENERIC)
_BLANKS = Blanks("shop", "web", 60, 250.0)
_POD = 'namespace="shop",pod="web-7d9f8c-x7k2p"'
_FRONT = 'namespace="shop",service="web"'
_COUNT, _BUCKET = "http_request_duration_seconds_count", "http_request_duration_seconds_bucket"


def holds(tmp_path: Path, series: dict[str, int], template: str, value: float | None) -> bool:
    """Whether a query has this value (None: no result) where counters grow so much in 15 s."""
    try:
        promtool = find_assets().promtool
    except AssetsMissing as missing:
        pytest.skip(str(missing))
    samples = [] if value is None else [{"labels": "{}", "value": value}]
    test = {
        "interval": "15s",
        "input_series": [
            {"series": name, "values": f"0+{growth}x40"} for name, growth in series.items()
        ],
        "promql_expr_test": [
            {"expr": _BLANKS.fill(template), "eval_time": "5m", "exp_samples": samples}
        ],
    }
    document = {"evaluation_interval": "15s", "rule_files": [], "tests": [test]}
    path = tmp_path / "rules.yaml"
    path.write_text(json.dumps(document))
    done = subprocess.run(
        [promtool, "test", "rules", path], capture_output=True, text=True, timeout=60
    )
    assert "parse" not in done.stdout + done.stderr
    return done.returncode == 0


def test_what_no_pod_could_answer_is_counted_too(tmp_path: Path) -> None:
    answered = {f'http_requests_total{{{_POD},code="200"}}': 150}
    refused = {f'http_requests_total{{{_FRONT},code="503"}}': 75}
    assert holds(tmp_path, answered | refused, _GENERIC.rps(), 15.0)
    assert holds(tmp_path, refused, _GENERIC.rps(), 5.0)
    assert holds(tmp_path, {}, _GENERIC.rps(), None)


@pytest.mark.parametrize(
    ("series", "value"),
    [
        ({f'{_BUCKET}{{{_POD},code="200",le="0.25"}}': 75}, 0.5),
        ({f'{_BUCKET}{{{_POD},code="500",le="0.25"}}': 150}, 1.0),
        ({f'{_BUCKET}{{{_POD},code="200",le="0.2"}}': 150}, None),
        ({}, None),
    ],
    ids=["half in time", "all failed", "another bucket now", "no histogram"],
)
def test_a_share_of_violations_needs_its_bucket(
    tmp_path: Path, series: dict[str, int], value: float | None
) -> None:
    counted = {f"{_COUNT}{{{_POD}}}": 150}
    assert holds(tmp_path, counted | series, _GENERIC.violation({"0.25": 1.0}), value)


def test_pods_of_a_job_with_a_name_like_ours_are_not_ours(tmp_path: Path) -> None:
    def pod(name: str, cores: int) -> dict[str, int]:
        container = f'namespace="shop",pod="{name}",container="app"'
        return {f"container_cpu_usage_seconds_total{{{container}}}": 15 * cores}

    usage = CPU.partition(" / ")[0]
    ours = pod("web-7d9f8c-x7k2p", 2) | pod("web-bcdfghjk-lmnp2", 1)
    assert holds(tmp_path, ours | pod("web-migrate-x7k2p", 4), usage, 3.0)
    assert not holds(tmp_path, ours, usage, math.nan)
