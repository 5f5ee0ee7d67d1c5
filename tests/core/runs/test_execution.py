"""Runs in this process: what `run --headless` does."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core.agents.evaluation import evaluate_policy
from core.agents.registry import load_policy
from core.runs import execution
from core.runs.commands import Command, CommandResult, CommandSender
from core.runs.config import InferenceConfig
from core.runs.creation import create_run
from core.runs.execution import execute
from core.runs.reader import RunReader
from core.runs.records import EventKind, RunKind, RunState
from core.runs.session import Progress, StopFlag
from core.runs.summary import summarise
from core.state import Actor, ControlMode
from core.traffic.library import load_scenario
from core.traffic.scenario import Scenario
from tests.core.runs.clocks import ManualClock


def short(name: str, duration_s: int = 900) -> Scenario:
    scenario = load_scenario(name)
    faults = tuple(fault for fault in scenario.faults if fault.at_s < duration_s)
    return scenario.model_copy(update={"duration_s": duration_s, "faults": faults})


def run(tmp_path: Path, scenario: Scenario, **config: object) -> RunReader:
    settings = {"policy": "hpa", "scenario": scenario.name, "speed": None, **config}
    directory = create_run(
        InferenceConfig.model_validate(settings), home=tmp_path, scenario=scenario
    )
    execute(directory, ManualClock())
    return RunReader(directory)


@pytest.mark.parametrize("name", ["sudden-spike", "metrics-outage"])
def test_a_run_has_the_figures_of_an_evaluation(tmp_path: Path, name: str) -> None:
    scenario = short(name, 1800)
    found = summarise(run(tmp_path, scenario, seed=3)).figures
    expected = evaluate_policy(load_policy("hpa"), scenario, 3).summary
    assert found.as_dict() == pytest.approx(expected.as_dict())


@pytest.mark.parametrize("policy", ["rule", "keda", "kpa", "predictive", "oracle"])
def test_baselines_come_to_the_same_in_runs_and_evaluations(tmp_path: Path, policy: str) -> None:
    if policy == "predictive":
        pytest.importorskip("statsmodels")
    scenario = short("metrics-outage", 1200)
    found = summarise(run(tmp_path, scenario, policy=policy, seed=3)).figures
    expected = evaluate_policy(load_policy(policy), scenario, 3).summary
    assert found.as_dict() == pytest.approx(expected.as_dict())


def test_the_same_seed_gives_the_same_run(tmp_path: Path) -> None:
    first, second = (run(tmp_path / name, short("bursty"), seed=9) for name in ("a", "b"))
    for one, other in zip(first.steps(0, 60), second.steps(0, 60), strict=True):
        assert (one.state, one.decision, one.reward) == (other.state, other.decision, other.reward)


def test_real_time_takes_as_long_as_it_says(tmp_path: Path) -> None:
    clock = ManualClock()
    directory = create_run(
        InferenceConfig(policy="hpa", scenario="baseline-steady", speed=10.0),
        home=tmp_path,
        scenario=short("baseline-steady", 300),
    )
    started = clock.monotonic()
    execute(directory, clock)
    assert clock.monotonic() - started == pytest.approx(30.0, abs=0.5)


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[Progress] = []
    directory = create_run(
        InferenceConfig(policy="hpa", scenario="baseline-steady", speed=60.0),
        home=tmp_path,
        scenario=short("baseline-steady", 300),
    )
    assert execute(directory, ManualClock(), on_progress=told.append) is RunState.FINISHED
    assert told[-1].total == 20
    done = [progress.done for progress in told]
    assert done == sorted(done)
    assert done[-1] >= 18


def test_a_stop_flag_ends_it_in_order(tmp_path: Path) -> None:
    stop = StopFlag()
    directory = create_run(
        InferenceConfig(policy="hpa", scenario="baseline-steady", speed=60.0),
        home=tmp_path,
        scenario=short("baseline-steady", 300),
    )
    state = execute(
        directory,
        ManualClock(),
        stop=stop,
        on_progress=lambda progress: stop.request("enough") if progress.done >= 5 else None,
    )
    status = RunReader(directory).status()
    assert state is RunState.STOPPED
    assert (status.state, status.message, status.step) == (RunState.STOPPED, "enough", 5)
    assert summarise(RunReader(directory)).figures.steps == 5


def test_a_command_that_comes_while_the_engine_starts_is_carried_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers: list[int] = []
    sender: list[CommandSender] = []
    check = execution._check

    def check_while_somebody_stops_it(directory: Path) -> tuple[RunKind, bool]:
        sender.append(CommandSender(directory))
        numbers.append(sender[0].post(Command.stop()))
        return check(directory)

    monkeypatch.setattr(execution, "_check", check_while_somebody_stops_it)
    directory = create_run(
        InferenceConfig(policy="hpa", scenario="baseline-steady", speed=60.0), home=tmp_path
    )
    assert execute(directory, ManualClock()) is RunState.STOPPED
    assert sender[0].poll(numbers[0]) == CommandResult(ok=True, message="stopping")
    sender[0].close()


def test_an_interrupt_counts_as_a_stop(tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    directory = create_run(
        InferenceConfig(policy="hpa", scenario="baseline-steady", speed=60.0), home=tmp_path
    )
    with pytest.raises(KeyboardInterrupt):
        execute(directory, ManualClock(), on_progress=interrupt)
    status = RunReader(directory).status()
    assert (status.state, status.message) == (RunState.STOPPED, "interrupted")


def test_a_crash_leaves_one_line_in_the_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError("on the\nmoon")

    monkeypatch.setattr(execution, "_control_loop", crash)
    directory = create_run(InferenceConfig(policy="hpa", scenario="baseline-steady"), home=tmp_path)
    with pytest.raises(ZeroDivisionError):
        execute(directory, ManualClock())
    reader = RunReader(directory)
    assert reader.status().state is RunState.FAILED
    assert reader.status().message == "ZeroDivisionError: on the moon"
    assert reader.last_events(1)[0].kind is EventKind.ENGINE
    assert reader.status().ended_wall_time is not None


def test_a_run_starts_in_the_mode_it_was_given(tmp_path: Path) -> None:
    scenario = short("baseline-steady", 150)
    pinned = run(tmp_path, scenario, mode="MANUAL", override_replicas=11)
    steps = pinned.tail(100)
    assert set(steps.mode) == {ControlMode.MANUAL}
    assert set(steps.actor[:-1]) == {Actor.OPERATOR}
    assert steps.replicas_desired[1:].tolist() == [11.0] * 10
    shadow = run(tmp_path, scenario, mode="SHADOW").tail(100)
    assert set(shadow.actor) == {Actor.NOBODY}
    assert len(set(shadow.replicas_desired)) == 1


def test_the_scenario_stays_as_it_was(tmp_path: Path) -> None:
    scenario = short("flash-crowd", 150)
    reader = run(tmp_path, scenario)
    assert reader.scenario() == scenario
    config = reader.config()
    assert isinstance(config, InferenceConfig)
    assert config.policy == "hpa"
    facts = reader.info().facts
    assert facts == scenario.facts


def test_totals_are_exact_in_the_simulator(tmp_path: Path) -> None:
    reader = run(tmp_path, short("sudden-spike"))
    steps = reader.tail(1000)
    totals = reader.totals()
    assert totals.requests == pytest.approx(float(np.nansum(steps.rps)) * 15, rel=0.1)
    assert totals.requests == int(totals.requests), "requests are counted, not estimated"


def test_an_engine_that_was_lost_answers_for_itself(tmp_path: Path) -> None:
    directory = create_run(
        InferenceConfig(policy="hpa", scenario="baseline-steady", speed=None),
        home=tmp_path,
        scenario=short("baseline-steady", 60),
    )
    connection = sqlite3.connect(directory / "run.db")
    connection.execute(
        "INSERT INTO commands (wall_time, issuer, name, arguments, result) "
        "VALUES (0, 'me@here', 'pause', '{}', '')"
    )
    connection.commit()
    connection.close()
    execute(directory, ManualClock())
    (record,) = RunReader(directory).commands_after(0)
    assert record.ok is False
    assert record.result == "the engine was lost before it could answer"
