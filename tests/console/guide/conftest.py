"""Guides at every step, a cluster that is named but not there, and what they would launch."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.guide.state import GuideState, Result, Step, guide_directory, save_state
from core.runs.config import RunConfig
from core.runs.records import RunKind
from tests.core.runs.factory import write_run
from tests.core.twin import factory

SETTINGS: dict[str, Any] = {
    "context": "prod",
    "namespace": "shop",
    "deployment": "checkout",
    "metrics": {"prometheus_url": "http://prometheus.example:9090"},
}
RECORDED = Result(
    lines=("7d of shop/checkout from 2026-11-15 00:00:00 UTC on", "mean 120.0 rps, peak 410.0 rps"),
    notes=("1 gap without traffic data (2m in all), bridged with straight lines.",),
)
FITTED = Result(
    lines=(
        "pod capacity    57.1 rps (55.2 to 60.3 fit about as well)",
        "workers         2",
        "service time    35 ms, cv 1",
        "highest load    78 % of the capacity",
        "start-up        21 s median, sigma 0.31, from 412 pods",
    ),
    rows=(
        ("held-out stretch", "error", "R²", "steps"),
        ("latency p50", "2.1 %", "0.91", "10,080"),
        ("latency p95", "3.4 %", "0.88", "10,080"),
        ("CPU", "1.2 %", "0.97", "10,080"),
    ),
)


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Names one context; its server is not there."""
    path = tmp_path / "config"
    path.write_text(
        "current-context: prod\n"
        "contexts: [{name: prod, context: {cluster: c, user: u, namespace: shop}}]\n"
        "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}]\n"
        "users: [{name: u, user: {}}]\n"
    )
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def recorded() -> GuideState:
    """The first step is done: an hour of a known service."""
    folder = guide_directory()
    folder.mkdir(parents=True)
    recording = folder / "checkout.recording.npz"
    with recording.open("wb") as file:
        factory.record(factory.scenario(1.0, workers=2, service_time_ms=40.0)).write(file)
    state = GuideState(
        settings=SETTINGS,
        target="prod/shop/checkout",
        range_s=3600,
        scenario=str(folder / "checkout.yaml"),
        recording=str(recording),
        results={Step.RECORD: RECORDED},
    )
    save_state(state)
    return state


def trained(state: GuideState, home: Path) -> GuideState:
    """The same with a fit and a finished training."""
    run = write_run(home / "20260101-120000-ppo-checkout-0003", 60, kind=RunKind.TRAINING)
    done = state.with_result(Step.FIT, FITTED)
    done = done.model_copy(update={"training": str(run), "bundle": "ppo"})
    save_state(done)
    return done


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[RunConfig]:
    """What was launched: nothing is started, a finished run stands for it."""
    configs: list[RunConfig] = []

    def launch(config: RunConfig) -> Path:
        configs.append(config)
        return write_run(tmp_path / f"20260101-00000{len(configs)}-launched", 30)

    monkeypatch.setattr("core.runs.launch.launch", launch)
    return configs
