"""A policy that goes on learning on the tests' cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.agents.bundle import load_bundle
from core.agents.registry import bundle_directory
from core.agents.traffic import Validation
from core.cluster.kubernetes.settings import Actuator
from core.errors import BundleError, InputError, RunError
from core.locations import runs_directory
from core.runs.commands import Command
from core.runs.config import OnlineTrainingConfig
from core.runs.creation import create_run
from core.runs.launch import start_engine
from core.runs.loop import ControlLoop
from core.runs.records import RunKind, RunState
from core.runs.summary import summarise_training
from core.state import Actor, ControlMode
from tests.core.runs.conftest import engine_of
from tests.core.runs.live.conftest import LiveRun, settings_of
from tests.stack.faults import Hang
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until


@pytest.fixture
def twin(tmp_path: Path) -> str:
    path = tmp_path / "twin.yaml"
    path.write_text(
        "name: twin\n"
        "traffic: [{kind: constant, rps: 40}]\n"
        "service: {workers: 2, service_time_ms: 100}\n"
        "slo: {latency_ms: 500}\n"
        "duration_s: 300\n",
        encoding="utf-8",
    )
    return str(path)


def training(
    stack: Stack,
    namespace: str,
    twin: str,
    mode: ControlMode,
    start_from: str = "dqn",
    *,
    out: Path | None = None,
    context: str = "direct",
    **changes: Any,
) -> LiveRun:
    writing = mode is ControlMode.AUTO
    config = OnlineTrainingConfig(
        algo="dqn",
        steps=18,
        out=out,
        kubernetes=settings_of(stack, namespace, "admin", context, interval_s=0.4, **changes),
        start_from=str(bundle_directory(start_from)),
        scenarios=(twin,),
        twin=twin,
        write=True,
        confirmation=f"{context}/{namespace}/web" if writing else "",
        mode=mode,
    )
    return LiveRun(create_run(config, home=runs_directory()))


def test_it_learns_is_overridden_stopped_and_goes_on(
    stack: Stack, namespace: str, twin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the HPA is worth on the twin takes long to find out, and is not what this is about.
    monkeypatch.setattr(Validation, "baseline_score", lambda self: 2.5)
    web = stack.create_deployment(namespace, "web", 2)
    stack.wait_ready(namespace, "web", 2)
    with stack.load(web.url, rps=30):
        run = training(stack, namespace, twin, ControlMode.AUTO).start()
        run.wait(lambda status: (status.training.timesteps if status.training else 0) >= 4, "4", 20)
        assert run.send(Command.override(6)).startswith("pinned 6")
        wait_until(lambda: stack.replicas(namespace, "web") == 6, "the operator's replicas")
        run.wait_steps(3)
        assert run.send(Command.release()) == "released, mode AUTO"
        run.end("enough for now")
        status = run.status()
        assert (status.kind, status.state) == (RunKind.TRAINING, RunState.STOPPED)
        assert status.training is not None
        learned = status.training.timesteps
        # Four and three; the newest may not have been learned from yet.
        assert 6 <= learned < 18
        reader = run.read()
        outcome = summarise_training(reader)
        reader.close()
        assert (outcome.completed, outcome.steps, outcome.evaluation) == (False, learned, None)
        assert outcome.bundle == str(run.directory / "bundle")
        assert load_bundle(run.directory / "bundle").manifest.timesteps == learned
        assert (run.directory / "checkpoints" / f"step-{learned:012d}").is_dir()
        reader = run.read()
        actors = {step.actor for step in reader.steps(0, reader.last_step())}
        reader.close()
        assert {Actor.OPERATOR} <= actors

        mark, again = stack.audit.mark(), LiveRun(run.directory).start()
        again.wait(lambda status: status.state is RunState.RUNNING, "the second sitting")
        again.wait(lambda status: status.training.timesteps > learned, "more lessons")
        assert again.status().mode is ControlMode.SHADOW, "control is confirmed anew"
        assert stack.audit.writes(mark, "admin", namespace) == []
        again.wait(lambda status: status.state is RunState.FINISHED, "the end", 30.0)
    again.end()
    told = again.events("training")
    assert any(line.startswith(f"resumed at {learned} decisions") for line in told)
    assert any(line.endswith("recorded decisions are remembered") for line in told)
    evaluated = again.status().training
    assert evaluated is not None
    assert evaluated.best_score is not None
    manifest = load_bundle(run.directory / "bundle").manifest
    assert manifest.timesteps == 18
    assert manifest.scenarios[-1] == f"{namespace}/web"
    reader = again.read()
    steps = reader.steps_after(-1, 100)
    outcome = summarise_training(reader)
    reader.close()
    assert outcome.completed
    assert outcome.evaluation is not None
    assert sorted(set(steps.episode.tolist())) == [0, 1]
    assert steps.step.tolist() == list(range(len(steps)))


def test_it_goes_on_in_shadow_although_its_first_engine_never_decided(
    stack: Stack, namespace: str, twin: str
) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.create_hpa(namespace, "web", 2, 8)
    run = training(stack, namespace, twin, ControlMode.AUTO).start()
    run.wait(lambda status: not status.state.is_live, "the refusal")
    run.end()
    assert isinstance(run.error, InputError)
    assert run.status().step == -1
    path = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/web"
    stack.delete(path)
    mark, again = stack.audit.mark(), LiveRun(run.directory).start()
    again.wait(lambda status: status.step >= 2, "the second sitting")
    again.end()
    assert again.status().mode is ControlMode.SHADOW
    assert stack.audit.writes(mark, "admin", namespace) == []


def test_a_place_that_cannot_be_is_refused_before_anything_is_learned(
    stack: Stack, namespace: str, twin: str, tmp_path: Path
) -> None:
    stack.create_deployment(namespace, "web", 2)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    run = training(stack, namespace, twin, ControlMode.AUTO, out=tmp_path / "mine").start()
    run.wait(lambda status: not status.state.is_live, "the refusal")
    run.end()
    assert isinstance(run.error, BundleError)
    assert "found 'notes.txt' in it" in str(run.error)
    assert (run.status().state, run.status().step) == (RunState.FAILED, -1)
    assert stack.replicas(namespace, "web") == 2


def test_what_was_learned_is_kept_even_if_the_cluster_cannot_be_let_go(
    stack: Stack, namespace: str, twin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = ControlLoop.close

    def fail(loop: ControlLoop) -> None:
        close(loop)
        raise RunError("expected room in the run file, found none.")

    monkeypatch.setattr(ControlLoop, "close", fail)
    web = stack.create_deployment(namespace, "web", 2)
    stack.wait_ready(namespace, "web", 2)
    with stack.load(web.url, rps=30):
        run = training(stack, namespace, twin, ControlMode.SHADOW).start()
        run.wait(lambda status: status.training and status.training.timesteps >= 1, "a lesson")
        run.end()
    assert isinstance(run.error, RunError)
    status = run.status()
    assert status.state is RunState.FAILED
    name = f"step-{status.training.timesteps:012d}"
    assert (run.directory / "checkpoints" / name).is_dir()


@pytest.mark.usefixtures("engines")
def test_what_it_had_begun_when_it_was_killed_is_found_out_when_it_goes_on(
    stack: Stack, namespace: str, twin: str
) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.create_hpa(namespace, "web", 2, 8)
    floor: dict[str, Any] = {"actuator": Actuator.HPA_FLOOR, "floor_min": 3, "floor_max": 6}
    run = training(stack, namespace, twin, ControlMode.AUTO, context="proxied", **floor)
    with stack.api_proxy.inject(
        Hang(), method="PATCH", path=r"/horizontalpodautoscalers/web", query=r"^(?!.*dryRun)"
    ) as hanging:
        start_engine(run.directory)
        wait_until(lambda: hanging.hits, "the write to be on its way", 60.0)
        engine = engine_of(run.directory)
        engine.kill()
        engine.wait(10)
    assert run.scalings() == [("policy", 2, 3, None)]
    path = f"/apis/autoscaling/v1/namespaces/{namespace}/horizontalpodautoscalers/web"
    stack.send("PATCH", path, {"spec": {"minReplicas": 3}})
    stack.scale(namespace, "web", 5)
    first = run.status().step
    again = LiveRun(run.directory).start()
    again.wait(lambda status: status.step > first, "the second sitting")
    again.end()
    assert run.scalings() == [("policy", 2, 3, True)], "by the floor, whatever runs above it"
    told = [line for line in again.events("control") if "which was killed" in line]
    assert told == [f"2 → 3 of {run.directory.name}, which was killed, had been carried out"]


def test_ppo_is_refused_with_the_reason(stack: Stack, namespace: str, twin: str) -> None:
    stack.create_deployment(namespace, "web", 2)
    with pytest.raises(InputError, match="PPO learns only from its own choices"):
        training(stack, namespace, twin, ControlMode.SHADOW, "ppo")
