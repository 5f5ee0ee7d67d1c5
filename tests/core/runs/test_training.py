from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from core.agents.config import HyperParameters
from core.agents.sink import EvaluationResult, TrainingProgress
from core.errors import InputError, RunError
from core.runs.commands import Command, CommandSender
from core.runs.config import TrainingConfig
from core.runs.launch import launch, restart, resume
from core.runs.lock import EngineLock
from core.runs.reader import RunReader
from core.runs.records import EventKind, RunKind, RunState
from core.runs.rows import StatusRow
from core.runs.session import StopFlag
from core.runs.store import RunWriter
from core.runs.summary import summarise, summarise_training
from core.runs.training import RunSink
from core.state import Step
from tests.core.runs.clocks import ManualClock, wait_until
from tests.core.runs.conftest import engine_of
from tests.core.runs.factory import write_run
from tests.core.runs.fakes import state_at


class Bench:
    """A sink on a fresh training run, with everything around it."""

    def __init__(self, directory: Path, status: StatusRow | None = None) -> None:
        self.directory = write_run(
            directory, 0, kind=RunKind.TRAINING, state=RunState.STARTING, total_timesteps=1000
        )
        self.clock = ManualClock()
        self.writer = RunWriter(self.directory, self.clock)
        self.stop = StopFlag()
        self.sink = RunSink(self.writer, self.clock, status or StatusRow(), 15.0, self.stop, None)

    @property
    def reader(self) -> RunReader:
        self.writer.flush()
        return RunReader(self.directory)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "run")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Step:
    return RunReader(write_run(tmp_path_factory.mktemp("sample") / "run", 2)).step(1)


def progress(timesteps: int) -> TrainingProgress:
    return TrainingProgress(
        timesteps=timesteps, total_timesteps=1000, wall_s=1.0, steps_per_s=500.0, eta_s=2.0
    )


def evaluation(timesteps: int, score: float, best: bool) -> EvaluationResult:
    return EvaluationResult(
        timesteps=timesteps,
        wall_s=1.0,
        score=score,
        baseline_score=2.9,
        slo_violation_ratio=0.01,
        pod_hours=10.0,
        churn=20.0,
        reward=-30.0,
        best=best,
    )


def test_steps_are_thinned_and_numbered_anew(bench: Bench, sample: Step) -> None:
    for index in range(1000):
        state = state_at(index * 15.0)
        bench.sink.step(replace(sample, index=index, state=state), 200.0)
        bench.clock.wait(0.005)
    steps = bench.reader.tail(1000)
    assert 95 <= len(steps) <= 101, "5 s at 20 rows per second"
    assert steps.step.tolist() == list(range(len(steps)))
    assert set(steps.capacity_rps) == {200.0}
    requests = bench.reader.totals().requests
    assert requests == pytest.approx(steps.time_s[-1] * 100.0), "the sums miss no step"


def test_a_new_episode_starts_its_sums_over(bench: Bench, sample: Step) -> None:
    for time_s in (0.0, 15.0, 30.0, 0.0, 15.0):
        bench.sink.step(replace(sample, state=state_at(time_s)))
        bench.clock.wait(1.0)
    steps = bench.reader.tail(10)
    assert steps.episode.tolist() == [0, 0, 0, 1, 1]
    assert steps.reward[3] == 0.0, "that reward belongs to the episode before"
    assert bench.reader.totals(2).requests == pytest.approx(2 * 1500.0)
    assert bench.reader.totals(4).requests == pytest.approx(1500.0)
    assert bench.reader.status().episode == 1


def test_progress_and_evaluations_reach_the_header(bench: Bench) -> None:
    bench.sink.progress(progress(100))
    bench.sink.evaluation(evaluation(100, 3.5, best=True))
    bench.sink.evaluation(evaluation(200, 3.9, best=False))
    training = bench.reader.status().training
    assert training is not None
    assert (training.timesteps, training.total_timesteps, training.eta_s) == (100, 1000, 2.0)
    assert (training.best_score, training.baseline_score) == (3.5, 2.9)
    words = [event.message for event in bench.reader.events_after(0)]
    assert words[0] == "evaluated at 100 steps: score 3.50, calibrated HPA 2.90, best so far"
    assert words[1] == "evaluated at 200 steps: score 3.90, calibrated HPA 2.90"


def test_what_is_done_again_after_a_crash_is_forgotten(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run")
    for timesteps in (100, 200, 300):
        bench.sink.progress(progress(timesteps))
        bench.sink.evaluation(evaluation(timesteps, 3.0, best=True))
    bench.writer.flush()
    sink = RunSink(bench.writer, bench.clock, StatusRow(step=7, episode=3), 15.0, bench.stop)
    sink.progress(progress(200))
    sink.progress(progress(250))
    rows = bench.reader.training_after(0)
    assert [row.timesteps for row in rows] == [100, 200, 250]
    assert [row.timesteps for row in bench.reader.evaluations_after(0)] == [100, 200]
    sink.progress(progress(240))
    rows = bench.reader.training_after(0)
    assert [row.timesteps for row in rows] == [100, 200, 240], "a stop cuts off a rollout"


def test_pause_resume_and_stop(bench: Bench) -> None:
    with EngineLock(bench.directory):
        sender = CommandSender(bench.directory)

        def send(command: Command) -> str:
            number = sender.post(command)
            bench.clock.wait(1.0)
            bench.sink.should_stop()
            answer = sender.poll(number)
            assert answer is not None
            return answer.message

        assert send(Command.pause()) == "paused"
        assert bench.sink.status.paused
        assert send(Command.pause()) == "already paused"
        assert "expected pause, resume or stop, found 'override'" in send(Command.override(3))
        assert not bench.sink.should_stop()
        sender.post(Command.resume())
        bench.sink.wait_while_paused()
        assert not bench.sink.status.paused
        assert send(Command.stop()) == "stopping"
        assert bench.sink.should_stop()
    kinds = [event.kind for event in bench.reader.events_after(0)]
    assert kinds == [EventKind.PACE, EventKind.PACE]


def test_a_paused_training_can_be_stopped(bench: Bench) -> None:
    bench.sink.pause()
    bench.stop.request("stopped by SIGTERM")
    bench.sink.wait_while_paused()
    assert bench.sink.should_stop()


def test_figures_of_the_wrong_kind_of_run(tmp_path: Path) -> None:
    training = RunReader(write_run(tmp_path / "training", 5, kind=RunKind.TRAINING))
    inference = RunReader(write_run(tmp_path / "inference", 5))
    with pytest.raises(RunError, match="expected an inference run"):
        summarise(training)
    for reader in (training, inference):
        with pytest.raises(RunError, match="expected a training that has ended in order"):
            summarise_training(reader)


def test_only_unfinished_trainings_resume(tmp_path: Path) -> None:
    finished = write_run(tmp_path / "finished", 5, kind=RunKind.TRAINING)
    with pytest.raises(InputError, match="found finished finished"):
        resume(finished)
    with pytest.raises(InputError, match="Resume it instead"):
        restart(finished)
    live = write_run(tmp_path / "live", 5, kind=RunKind.TRAINING, state=RunState.RUNNING)
    with EngineLock(live), pytest.raises(RunError, match="found live running"):
        resume(live)


SMALL = TrainingConfig(
    steps=8_000,
    scenarios=("baseline-steady",),
    seed=1,
    hyper_parameters=HyperParameters(environments=32, rollout_steps=16, batch_size=256, epochs=1),
    evaluation_every=1_000_000,
    checkpoint_every=1_000,
)


@pytest.mark.slow
@pytest.mark.usefixtures("engines")
def test_a_killed_training_resumes_from_its_checkpoint() -> None:
    pytest.importorskip("stable_baselines3")
    directory = launch(SMALL)
    reader = RunReader(directory)

    def timesteps() -> int:
        status = reader.status()
        assert status.training is not None
        return status.training.timesteps

    wait_until(lambda: timesteps() >= 1_500, 60.0, directory)
    checkpoints = directory / "checkpoints"
    wait_until(lambda: any(checkpoints.glob("step-*")), directory=directory)
    os.kill(engine_of(directory).pid, signal.SIGKILL)
    engine_of(directory).wait(10)
    assert reader.status().state is RunState.LOST
    reached = timesteps()
    rows = reader.last_step()
    assert rows > 0
    assert resume(directory) == directory
    wait_until(lambda: reader.status().state is RunState.FINISHED, 60.0, directory)
    assert engine_of(directory).wait(20) == 0
    assert timesteps() >= SMALL.steps > reached
    messages = [event.message for event in reader.events_after(0)]
    assert any(message.startswith("resumed at ") for message in messages), messages
    assert messages.count("engine started again") == 1
    done = [row.timesteps for row in reader.training_after(0)]
    assert done == sorted(set(done))
    assert reader.last_step() > rows
    outcome = summarise_training(reader)
    assert outcome.completed
    assert Path(outcome.bundle, "policy.json").is_file()
    assert outcome.as_dict()["evaluation"]["score"] > 0
