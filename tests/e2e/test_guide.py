"""The guide from one's own traffic to a judged shadow run, on the real cluster, start to end.

A Prometheus with half an hour of history, jobs and engines of their own processes, an account that
may only look, and requests that are answered while the trained policy advises.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from textual.pilot import Pilot

from console.guide.state import Step, guide_directory, load_state
from console.screens.guide import GuideScreen
from console.settings import ClusterChoices, Settings, SetupChoices
from console.start import StartSetup
from core.agents.config import DEFAULT_STEPS, Algorithm
from core.errors import RlscaleError
from core.runs.catalogue import stop_run
from core.runs.reader import RunReader
from core.state import Actor, ControlMode
from core.traffic.library import load_scenario
from tests.console.pilots import console, settled, shown, until
from tests.core.twin import factory
from tests.core.twin.openmetrics import openmetrics, seconds_of
from tests.deploy.manifests import role_rules
from tests.stack.service import ServiceShape

if TYPE_CHECKING:
    from tests.stack.stack import Stack

POD_RPS = 20.0
WORKERS, SERVICE_TIME_MS = 2, 100.0
PEAK_RPS = 60.0
HISTORY_H = 0.5
ACCOUNT = "observer"
LONGEST_S = 120.0
"""For the slowest step, on a machine that does other things too."""


def past(namespace: str) -> str:
    """Half an hour of the service, up to a minute ago, as Prometheus would have scraped it."""
    truth = factory.scenario(
        HISTORY_H, peak_rps=PEAK_RPS, workers=WORKERS, service_time_ms=SERVICE_TIME_MS
    )
    lived = factory.record(truth)
    begin_s = (int(time.time()) - lived.duration_s - 60) // 15 * 15
    rates, ready = seconds_of(lived)
    return openmetrics(truth, lived, rates, ready, namespace, begin_s)


def settings_file(stack: Stack, namespace: str, folder: Path) -> Path:
    """What the form does not ask for."""
    content = {
        "kubeconfig": str(stack.service_account(namespace, ACCOUNT)),
        "metrics": {"window_s": 60, "timeout_s": 4.0},
        "interval_s": 1.0,
    }
    path = folder / "cluster.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@contextmanager
def no_engine_left_behind() -> Iterator[None]:
    """Stop whatever the guide has started and the test has not."""
    try:
        yield
    finally:
        state = load_state()
        for directory in filter(None, (state.training, state.shadow)):
            try:
                stop_run(Path(directory))
            except RlscaleError:
                # It has ended, as it should.
                continue


async def done(pilot: Pilot[None], step: Step) -> None:
    """Wait until the step is done, and say what was in the way if it is not."""
    screen = pilot.app.screen
    assert isinstance(screen, GuideScreen)

    def finished() -> bool:
        assert not screen.scene.problem, screen.scene.problem
        return screen.scene.done(step)

    await until(pilot, finished, f"{step.value}\n{shown(pilot)}", within_s=LONGEST_S, every_s=0.2)
    await settled(pilot)


async def go_to(pilot: Pilot[None], step: Step) -> None:
    """Go down to a step; the guide may have gone there by itself."""
    screen = pilot.app.screen
    assert isinstance(screen, GuideScreen)
    while screen.scene.step is not step:
        await pilot.press("down")


@pytest.mark.timeout(300)
async def test_from_the_history_to_a_judged_shadow_run(
    stack: Stack, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEFAULT_STEPS, Algorithm.PPO, 16_384)
    user = f"system:serviceaccount:{namespace}:{ACCOUNT}"
    config = settings_file(stack, namespace, tmp_path)
    stack.grant(namespace, user, role_rules("base/observe.yaml"))
    stack.prometheus.backfill(past(namespace))
    shape = ServiceShape(workers=WORKERS, service_time_s=SERVICE_TIME_MS / 1000.0, slo_s=0.25)
    web = stack.create_deployment(namespace, "web", replicas=3, shape=shape)
    stack.wait_ready(namespace, "web", 3)
    cluster = ClusterChoices(
        context="direct",
        namespace=namespace,
        deployment="web",
        prometheus_url=stack.prometheus_url,
        config=str(config),
        slo_ms=250.0,
    )
    app = console(StartSetup(), settings=Settings(setup=SetupChoices(cluster=cluster)))
    with no_engine_left_behind(), stack.load(web.url, rps=1.0) as load:
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            await pilot.press("u")
            await settled(pilot)
            screen = pilot.app.screen
            assert isinstance(screen, GuideScreen)

            # The past is recorded, and the service recognised in it.
            await pilot.press(*["backspace"] * 2, *"35m", "enter")
            await done(pilot, Step.RECORD)
            assert f"of {namespace}/web" in shown(pilot)
            await pilot.press("down", "enter")
            await done(pilot, Step.FIT)
            assert "pod capacity" in shown(pilot)
            twin = load_scenario(load_state().scenario)
            assert twin.facts.pod_capacity_rps == pytest.approx(POD_RPS, rel=0.15)
            assert twin.fit is not None
            assert twin.fit.quality["latency_p95"].median_relative_error < 0.2

            # An engine trains in the twin; what it has learned advises on the real Deployment.
            await pilot.press("down", "enter")
            await until(pilot, lambda: Step.TRAIN in screen.scene.glances, "the training to begin")
            await done(pilot, Step.TRAIN)
            assert "finished" in shown(pilot)
            load.set_rate(0.6 * PEAK_RPS)
            await go_to(pilot, Step.SHADOW)
            await pilot.press("enter")
            await done(pilot, Step.SHADOW)
            shadow = RunReader(Path(load_state().shadow))
            await until(
                pilot, lambda: shadow.last_step() >= 10, "ten decisions", within_s=LONGEST_S
            )
            steps = shadow.steps(0, shadow.last_step())
            assert {step.mode for step in steps} == {ControlMode.SHADOW}
            assert {step.actor for step in steps} == {Actor.NOBODY}
            assert (steps[-1].state.rps or 0.0) > 0.0
            assert steps[-1].state.replicas_ready == 3

            # The report judges it while it goes on; then it is stopped from here.
            await go_to(pilot, Step.REPORT)
            await pilot.press("enter")
            await done(pilot, Step.REPORT)
            assert "pod-hours than what happened" in " ".join(shown(pilot).split())
            report = guide_directory() / f"{Path(load_state().shadow).name}.md"
            assert report.read_text(encoding="utf-8").startswith("# Shadow report")
            await pilot.press("up", "x")
            await pilot.pause()
            await pilot.press("y")
            await until(pilot, lambda: not shadow.status().state.is_live, "the end of the run")
            shadow.close()
    assert stack.replicas(namespace, "web") == 3
    verbs = {entry.verb for entry in stack.audit.entries(user=user)}
    assert verbs
    assert verbs <= {"get", "list", "watch"}
