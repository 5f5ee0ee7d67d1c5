"""Snapshots read what is asked for, and keep what did not change."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from console.live.log import scaling_lines
from console.live.navigation import Navigation
from console.live.snapshot import View
from console.live.source import RunSource
from core.agents.sink import EvaluationResult, TrainingProgress
from core.clock import SystemClock
from core.runs.reader import RunReader
from core.runs.store import RunWriter
from core.state import Actor
from tests.console.live.pictures import picture


def test_follows_the_newest_step(finished_run: Path) -> None:
    snapshot = picture(finished_run)
    assert snapshot.newest == snapshot.length == 399
    assert snapshot.step is not None
    assert snapshot.step.index == 399
    assert snapshot.shown_step is snapshot.step
    assert snapshot.window.step.tolist() == list(range(360, 400))


def test_inspects_the_step_under_the_cursor(finished_run: Path) -> None:
    snapshot = picture(finished_run, Navigation(cursor=380, last=399))
    assert snapshot.inspected is not None
    assert snapshot.shown_step is snapshot.inspected
    assert snapshot.inspected.index == 380
    assert all(line.step <= 380 for line in snapshot.log)


def test_a_replay_ends_at_its_head(finished_run: Path) -> None:
    snapshot = picture(finished_run, head=100)
    assert (snapshot.newest, snapshot.length) == (100, 399)
    assert snapshot.window.step[-1] == 100
    assert all(line.step <= 100 for line in snapshot.log)
    assert snapshot.totals.requests < picture(finished_run).totals.requests


def test_a_replay_starts_with_the_first_step(finished_run: Path) -> None:
    snapshot = picture(finished_run, head=0)
    assert len(snapshot.window) == 1


def test_long_stretches_are_reduced(finished_run: Path) -> None:
    source = RunSource(RunReader(finished_run))
    snapshot = source.look(View(Navigation(span_s=None), points=100))
    assert len(snapshot.window) <= 51
    source.close()


def test_what_did_not_change_is_the_same_object(finished_run: Path) -> None:
    source = RunSource(RunReader(finished_run))
    view = View()
    first, second = source.look(view), source.look(view)
    assert second.window is first.window
    assert second.step is first.step
    assert second.log is first.log
    assert second.training is first.training
    source.close()


def test_log_has_the_policys_words_and_the_events(finished_run: Path) -> None:
    log = picture(finished_run).log
    assert any(line.who == "policy" and "cover the" in line.text for line in log)
    assert any(line.who == "guardrail" for line in log)
    assert [line.step for line in log] == sorted(line.step for line in log)


def test_log_says_once_what_the_policy_would_do_while_others_are_in_control(
    finished_run: Path,
) -> None:
    reader = RunReader(finished_run)
    steps = reader.steps_after(-1)
    others = [
        (int(steps.step[index]), float(steps.policy_target[index]))
        for index in range(len(steps))
        if steps.actor[index] in (Actor.OPERATOR, Actor.EXTERNAL, Actor.NOBODY)
        and steps.policy_target[index] != steps.target[index]
    ]
    assert others
    said = [line for line in scaling_lines(steps) if line.text.startswith("would ")]
    assert said[0].step == others[0][0]
    assert f"→ {others[0][1]:.0f}  " in said[0].text
    assert {line.who for line in said} == {"policy"}
    advised = dict(others)
    for before, line in pairwise(said):
        assert advised.get(line.step - 1) != advised[line.step]
        assert before.step < line.step
    # Read one by one, as a console that follows a run does, it is the same.
    one_by_one = [
        line
        for last in range(len(steps))
        for line in scaling_lines(reader.steps_after(max(last - 2, -1), min(last + 1, 2)), last > 0)
    ]
    assert one_by_one == scaling_lines(steps)


def test_a_training_brings_its_rows(training_run: Path) -> None:
    snapshot = picture(training_run)
    assert snapshot.training
    assert snapshot.evaluations
    assert snapshot.guardrails is None


def test_an_empty_run_can_be_looked_at(isolated: Path) -> None:
    from core.locations import runs_directory
    from tests.core.runs.factory import write_run

    snapshot = picture(write_run(runs_directory() / "20261122-empty", 0))
    assert snapshot.newest == -1
    assert snapshot.step is None
    assert len(snapshot.window) == 0


def test_guardrails_are_none_without_a_scenario(finished_run: Path) -> None:
    source = RunSource(RunReader(finished_run))
    source.read_guardrails()
    assert source.look(View()).guardrails is None
    source.close()


@pytest.mark.parametrize("cursor", [0, 17, 399])
def test_going_back_and_forth_reads_the_same_log(finished_run: Path, cursor: int) -> None:
    source = RunSource(RunReader(finished_run))
    before = source.look(View()).log
    source.look(View(Navigation(cursor=cursor, last=399)))
    assert source.look(View()).log == before
    source.close()


def test_a_training_that_was_resumed_is_shown_as_it_is_now(training_run: Path) -> None:
    source = RunSource(RunReader(training_run))
    view = View()
    before = source.look(view)
    assert source.look(view).training is before.training
    writer = RunWriter(training_run, SystemClock())
    last = before.training[-1]
    writer.forget_training_after(last.timesteps // 2)
    writer.flush()
    assert source.look(view).training == before.training[: len(before.training) // 2]
    reader = RunReader(training_run)
    # The numbers of what was taken back are used again, and more are added than there were.
    more = len(before.training)
    for number in range(more):
        writer.add_training(_progress(last.timesteps // 2 + number, wall_s=1000.0 + number))
    writer.add_evaluation(_evaluation(last.timesteps // 2 + more))
    writer.close()
    after = source.look(view)
    assert after.training == tuple(reader.training_after(0))
    assert after.evaluations == tuple(reader.evaluations_after(0))
    reader.close()
    source.close()


def test_rows_under_numbers_that_were_used_before_are_noticed(training_run: Path) -> None:
    source = RunSource(RunReader(training_run))
    view = View()
    before = source.look(view)
    writer = RunWriter(training_run, SystemClock())
    middle = before.training[-1].timesteps // 2
    writer.forget_training_after(middle)
    for number in range(len(before.training)):
        writer.add_training(_progress(middle + number, wall_s=1000.0 + number))
    for number in range(len(before.evaluations)):
        writer.add_evaluation(_evaluation(middle + number))
    writer.close()
    after = source.look(view)
    reader = RunReader(training_run)
    assert after.training == tuple(reader.training_after(0))
    assert after.evaluations == tuple(reader.evaluations_after(0))
    assert after.training[-1].id > before.training[-1].id
    reader.close()
    source.close()


def _progress(timesteps: int, wall_s: float) -> TrainingProgress:
    return TrainingProgress(
        timesteps=timesteps, total_timesteps=100_000, wall_s=wall_s, steps_per_s=1.0, eta_s=1.0
    )


def _evaluation(timesteps: int) -> EvaluationResult:
    return EvaluationResult(
        timesteps=timesteps,
        wall_s=1000.0,
        score=1.0,
        baseline_score=2.9,
        slo_violation_ratio=0.0,
        pod_hours=1.0,
        churn=1.0,
        reward=-1.0,
        best=True,
    )
