"""Futures are the recorded one on the recorded chance, comparable on any other, and all there."""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from core.agents.registry import load_policy
from core.cluster.batch import StateBatch
from core.debug.alternatives import alternatives_at
from core.debug.deciders import many
from core.debug.estimates import estimate, student_97_5
from core.debug.explain import Explainer
from core.debug.futures import Course, play
from core.debug.moment import Moment
from core.debug.repeating import repeated
from core.debug.rewind import Rewind
from core.debug.whatif import Asking, Speculation
from core.envs.observation import build_observation
from core.errors import InputError, RunError
from core.runs.reader import RunReader
from core.state import Actor
from tests.core.debug.factory import STEPS


def speculation(run: Path) -> tuple[Speculation, Rewind]:
    rewind = Rewind(RunReader(run))
    return Speculation(rewind, Explainer(rewind.recording, rewind.policy)), rewind


def course_of(moment: Moment, first: int | None) -> Course:
    assert moment.policy is not None
    return Course(moment.policy, first)


# -- the recorded future ------------------------------------------------------------------------


@pytest.mark.parametrize("run", ["plain_run", "dqn_run", "hpa_run"])
@pytest.mark.parametrize("index", [0, 16, 33, 50])
def test_the_recorded_decision_leads_to_the_recorded_future(
    run: str, index: int, request: pytest.FixtureRequest
) -> None:
    directory = request.getfixturevalue(run)
    reader = RunReader(directory)
    moment = Rewind(reader).moment(index)
    steps = 20
    later = reader.steps(index + 1, index + steps)
    for first in (moment.step.decision.target, None):
        found = play(moment, [course_of(moment, first)], steps, None)
        assert found.time_s.tolist() == [step.state.time_s for step in later]
        assert int(found.granted[0]) == moment.step.target
        for name, curve in (
            ("replicas_ready", found.replicas_ready),
            ("replicas_desired", found.replicas_desired),
            ("latency_p95_ms", found.latency_p95_ms),
            ("slo_violation_ratio", found.violation_ratio),
        ):
            recorded = [getattr(step.state, name) for step in later]
            expected = [np.nan if value is None else value for value in recorded]
            assert np.array_equal(curve[0, 0], expected, equal_nan=True), name
        assert found.reward[0, 0].tolist() == [step.reward.total for step in later]
        before, after = reader.totals(index), reader.totals(index + steps)
        assert found.requests[0, 0] == after.requests - before.requests
        assert found.pod_seconds[0, 0] == after.pod_seconds - before.pod_seconds
        assert found.violations[0, 0] == pytest.approx(after.violations - before.violations)


def test_the_same_is_told_about_the_run_s_own_chance(plain_run: Path) -> None:
    asked, rewind = speculation(plain_run)
    found = asked.ask(33, Asking(samples=0))
    later = rewind.recording.reader.steps(34, 53)
    mine = found.outcomes[0]
    assert mine.as_decided
    assert mine.reward.mean == pytest.approx(sum(step.reward.total for step in later))
    assert mine.reward.low == mine.reward.high == mine.reward.mean
    assert mine.curve_replicas_ready.tolist() == [step.state.replicas_ready for step in later]
    assert found.steps == 20


# -- common random numbers ----------------------------------------------------------------------


def test_all_courses_meet_the_same_chance(plain_run: Path) -> None:
    moment = Rewind(RunReader(plain_run)).moment(10)
    desired = moment.step.state.replicas_desired
    same, other = course_of(moment, desired), course_of(moment, desired + 4)
    found = play(moment, [same, other, same], 12, [5, 6, 7])
    assert np.array_equal(found.requests[0], found.requests[1])
    assert len(set(found.requests[0].tolist())) == 3
    for item in fields(found):
        values = getattr(found, item.name)
        if item.name != "time_s":
            assert np.array_equal(values[0], values[2], equal_nan=True)
    assert found.pod_seconds[1].min() > found.pod_seconds[0].max()
    again = play(moment, [other], 12, [7])
    assert again.reward[0, 0].tolist() == found.reward[1, 2].tolist()


def test_a_moment_is_left_as_it_was(plain_run: Path) -> None:
    moment = Rewind(RunReader(plain_run)).moment(20)
    first = play(moment, [course_of(moment, 30)], 5, [1, 2])
    second = play(moment, [course_of(moment, 30)], 5, [1, 2])
    assert np.array_equal(first.reward, second.reward)


# -- alternatives -------------------------------------------------------------------------------


def test_alternatives_are_what_the_actions_come_to(plain_run: Path) -> None:
    rewind = Rewind(RunReader(plain_run))
    explainer = Explainer(rewind.recording, rewind.policy)
    moment, weighing = rewind.moment(33), explainer.explain(33).weighing
    assert weighing is not None
    found = alternatives_at(moment, weighing, 100)
    assert found[0].as_decided
    assert found[0].granted == moment.step.target
    assert len({one.granted for one in found}) == len(found)
    labels = [label for one in found for label in one.labels]
    assert sorted(labels) == sorted(["as decided", *(one.label for one in weighing.options)])
    assert sum(one.weight or 0.0 for one in found) == pytest.approx(1.0)
    assert [one.as_decided for one in found].count(True) == 1
    assert alternatives_at(moment, weighing, 1) == found[:1]


def test_a_baseline_has_steps_to_choose_from(hpa_run: Path) -> None:
    moment = Rewind(RunReader(hpa_run)).moment(25)
    found = alternatives_at(moment, None)
    assert found[0].granted == moment.step.target
    assert {"hold", "+1", "-1"} <= {label for one in found for label in one.labels}
    assert all(one.weight is None for one in found)


def test_outcomes_are_told_with_intervals(plain_run: Path) -> None:
    asked, _ = speculation(plain_run)
    found = asked.ask(15, Asking(samples=12, policies=("hpa", "rule", "static:20")))
    first, *rest = found.outcomes
    assert first.as_decided
    assert (first.advantage.mean, first.advantage.low, first.advantage.high) == (0.0, 0.0, 0.0)
    assert [one.reward.mean for one in rest] == sorted(
        (one.reward.mean for one in rest), reverse=True
    )
    named = {one.labels[0]: one for one in rest}
    twenty = named["static:20 from here"]
    assert twenty.takes_over
    assert twenty.wanted is None
    assert twenty.curve_replicas_ready[-1] == 20.0
    assert twenty.advantage.is_sure
    assert twenty.advantage.low > 0.0  # The spike comes a minute later.
    for one in found.outcomes:
        assert one.violation_ratio is not None
        assert one.latency_p95_ms is not None
        assert one.violation_ratio.low <= one.violation_ratio.mean <= one.violation_ratio.high
        assert one.advantage.mean == pytest.approx(one.reward.mean - first.reward.mean)
        assert len(one.curve_latency_p95_ms) == len(found.time_s) == 20
    # Paired differences are surer than the returns themselves.
    widths = [one.advantage.high - one.advantage.low for one in rest if not one.takes_over]
    assert np.mean(widths) < first.reward.high - first.reward.low


def test_the_oracle_is_hard_to_beat(plain_run: Path) -> None:
    asked, _ = speculation(plain_run)
    found = asked.ask(10, Asking(steps=30, samples=4, policies=("oracle",)))
    best = next(one for one in found.outcomes if one.takes_over)
    assert best.labels == ("oracle from here",)
    assert "the oracle planned on the recorded traffic" in found.note
    assert best.pod_hours.mean < found.outcomes[0].pod_hours.mean


def test_another_policy_knows_the_past(hpa_run: Path) -> None:
    """An HPA that takes over from an HPA goes on as if nothing had happened."""
    asked, _ = speculation(hpa_run)
    for index in (21, 40):
        found = asked.ask(index, Asking(samples=3, most=1, policies=("hpa",)))
        mine, other = found.outcomes
        assert other.granted == mine.granted
        assert other.advantage.mean == 0.0


def test_old_metrics_bring_the_reactive_baseline(plain_run: Path) -> None:
    reader = RunReader(plain_run)
    steps = [step for step in reader.steps(0, STEPS) if step.actor is Actor.FALLBACK]
    assert steps
    moment = Rewind(reader).moment(steps[0].index - 2)
    found = play(moment, [course_of(moment, None)], 8, None)
    later = reader.steps(moment.step.index + 1, moment.step.index + 8)
    desired = [step.state.replicas_desired for step in later]
    assert found.replicas_desired[0, 0].tolist() == desired


# -- limits -------------------------------------------------------------------------------------


def test_the_horizon_ends_with_the_scenario(plain_run: Path) -> None:
    asked, _ = speculation(plain_run)
    assert asked.ask(STEPS - 5, Asking(samples=2)).steps == 5
    with pytest.raises(RunError, match="a step before the end of the scenario"):
        asked.ask(STEPS, Asking(samples=2))
    with pytest.raises(InputError, match="expected a step from 0 to"):
        asked.ask(STEPS + 1, Asking(samples=2))


def test_what_must_be_known_is_noted(operated_run: Path) -> None:
    asked, rewind = speculation(operated_run)
    manual = next(
        step.index
        for step in rewind.recording.reader.steps(25, STEPS)
        if step.mode == "HOLD" and rewind.moment(step.index).control.mode == "HOLD"
    )
    assert "although the mode was HOLD" in asked.ask(manual, Asking(samples=2)).note
    assert asked.ask(5, Asking(samples=2)).note == ""


def test_without_its_policy_a_run_has_no_futures(orphaned_run: Path) -> None:
    asked, _ = speculation(orphaned_run)
    with pytest.raises(RunError, match="expected the run's policy to go on with, found none"):
        asked.ask(30, Asking())


def test_an_unknown_policy_is_refused(plain_run: Path) -> None:
    asked, _ = speculation(plain_run)
    with pytest.raises(InputError, match="found 'nobody'"):
        asked.ask(3, Asking(policies=("nobody",)))


def test_eight_alternatives_take_less_than_a_second(plain_run: Path) -> None:
    asked, _ = speculation(plain_run)
    asked.ask(33, Asking(samples=2))
    started = time.perf_counter()
    asked.ask(33, Asking())
    # A fifth of that on an idle core; `make bench` prints it.
    assert time.perf_counter() - started < 2.0


# -- parts --------------------------------------------------------------------------------------


def test_many_clusters_have_the_past_of_one(operated_run: Path) -> None:
    moment = Rewind(RunReader(operated_run)).moment(45)
    many = repeated(moment.history, 3)
    assert many.size == 3
    each = build_observation(many)
    assert (each == moment.situation.observation).all()
    many.push(StateBatch.from_states([moment.step.state] * 3))
    assert many.peak_rps(600.0).shape == (3,)
    guardrails = repeated(moment.guardrails, 3)
    ruled = guardrails.rule(np.array([2, 9, 60]), repeated(moment.history, 3).state)
    for wanted, target in zip((2, 9, 60), ruled.targets.tolist(), strict=True):
        alone = repeated(moment.guardrails, 1).rule(np.array([wanted]), moment.history.state)
        assert int(alone.targets[0]) == target


@pytest.mark.parametrize("spec", ["ppo", "rule", "threshold", "hpa"])
def test_policies_decide_for_many_as_for_one(spec: str, plain_run: Path) -> None:
    moment = Rewind(RunReader(plain_run)).moment(25)
    policy = load_policy(spec)
    policy.reset(moment.situation.facts)
    history = repeated(moment.history, 4)
    facts = moment.situation.facts
    wanted = many(policy, 4, facts, ()).targets(history, build_observation(history))
    assert wanted.tolist() == [policy.decide(moment.situation).target] * 4


def test_student_s_quantiles() -> None:
    # Tables of the t distribution, two-sided 5 %.
    for freedom, expected in ((1, 12.706), (2, 4.303), (3, 3.182), (7, 2.365), (31, 2.040)):
        assert student_97_5(freedom) == pytest.approx(expected, abs=0.004)


def test_estimates_hold_what_they_promise() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(400):
        found = estimate(rng.normal(3.0, 2.0, 10))
        assert found is not None
        inside += found.low <= 3.0 <= found.high
    assert 0.92 < inside / 400 < 0.98
    assert estimate(np.array([np.nan])) is None
    with_gaps = estimate(np.array([1.0, np.nan, 3.0]))
    assert with_gaps is not None
    assert with_gaps.mean == 2.0
    assert not with_gaps.is_sure
