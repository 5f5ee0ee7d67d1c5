"""What is said about a decision is what was seen, weighed and earned."""

from __future__ import annotations

import math
import shutil
import sqlite3
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from core.agents.registry import load_policy
from core.cluster.batch import StateBatch
from core.debug import neighbours, pasts, returns
from core.debug.explain import Baseline, Explainer, Question, Why
from core.debug.neighbours import AFTER_STEPS, Observations
from core.debug.pasts import RecordedPasts
from core.debug.readings import read_features
from core.debug.recording import Recording
from core.debug.returns import Returns
from core.debug.rewind import Rewind
from core.envs.actions import HEADROOM_LEAST_CHANGE, HEADROOM_TOLERANCE, Headroom
from core.envs.observation import FEATURE_NAMES, FEATURES, build_observation
from core.errors import InputError
from core.runs.reader import RunReader
from core.state import ValuesKind
from tests.core.agents.factory import FACTS
from tests.core.debug.factory import STEPS

COUNT = len(FEATURE_NAMES)


def explainer(run: Path, policy: str | None = "ppo") -> Explainer:
    recording = Recording(RunReader(run))
    return Explainer(recording, None if policy is None else load_policy(policy), "it is gone")


def why(made: Explainer, *arguments: object) -> Why:
    found = made.why(*arguments)  # type: ignore[arg-type]
    assert isinstance(found, Why), found
    return found


# -- what was seen ------------------------------------------------------------------------------


def test_features_read_as_what_they_mean(plain_run: Path) -> None:
    found = explainer(plain_run).explain(30)
    state = found.step.state
    words = {reading.name: reading.words for reading in found.readings}
    assert state.rps is not None
    assert state.latency_p95_ms is not None
    load = state.rps / (state.replicas_ready * 1000 / 17.5)
    assert words["load_ready"] == f"{100 * load:.0f} %"
    assert words["latency_p95"] == f"{state.latency_p95_ms:.0f} ms"
    assert words["granularity"] == f"1 of {state.replicas_desired}"
    assert words["room_up"] == f"{60 / state.replicas_desired:.2f}×"
    assert words["metrics_age"] == "5 s"
    assert words["startup"] == "20 s"
    assert all(reading.meaning for reading in found.readings)
    before = explainer(plain_run).explain(29)
    for now, then in zip(found.readings, before.readings, strict=True):
        assert now.change == pytest.approx(now.scaled - then.scaled)


def test_clipped_features_say_so() -> None:
    top = read_features(FEATURE_NAMES, [1.0] * COUNT, [], FACTS)
    low = read_features(FEATURE_NAMES, [-1.0] * COUNT, [0.0] * COUNT, FACTS)
    words = {
        reading.name: (reading.words, other.words) for reading, other in zip(top, low, strict=True)
    }
    assert words["growth_1m"] == ("≥ 7.39×", "≤ 0.14×")
    assert words["load_ready"] == ("≥ 400 %", "0.0 %")
    assert words["violation_now"] == ("100 %", "0.0 %")
    assert words["since_up"] == ("15 min or more", "0 s")
    assert words["latency_p99"] == ("≥ 5021 ms", "≤ 5 ms")
    assert all(reading.at_bound for reading in (*top, *low))
    assert {reading.change for reading in top} == {None}
    assert {reading.change for reading in low} == {-1.0}


def test_every_feature_has_words_of_its_own() -> None:
    middle = read_features(FEATURE_NAMES, [0.25] * COUNT, [], None)
    assert [reading.name for reading in middle] == [feature.name for feature in FEATURES]
    plain = [reading for reading in middle if reading.words == f"{reading.raw:.2f}"]
    assert not [reading for reading in plain if reading.meaning.startswith(("log", "square"))]
    assert not [reading for reading in middle if "the same" in reading.meaning]
    unknown = read_features(["something"], [0.5], [], FACTS)[0]
    assert (unknown.words, unknown.raw) == ("0.50", 0.5)
    assert read_features(FEATURE_NAMES, [], [], FACTS) == ()


def test_the_past_is_rebuilt_from_the_records(operated_run: Path) -> None:
    recording = Recording(RunReader(operated_run))
    pasts = RecordedPasts(recording)
    for index in (0, 40, 41, 12, STEPS):
        history = pasts.at(index)
        assert tuple(build_observation(history)[0].tolist()) == recording.step(index).observation
    history.push(StateBatch.from_states([recording.step(3).state]))
    again = pasts.at(STEPS)
    assert again.state.state(0) == recording.step(STEPS).state
    with pytest.raises(InputError, match="a step from 0"):
        pasts.at(STEPS + 1)


# -- what was weighed ---------------------------------------------------------------------------


def test_probabilities_of_ppo(plain_run: Path) -> None:
    found = explainer(plain_run).explain(25)
    weighing, decision = found.weighing, found.step.decision
    assert weighing is not None
    assert weighing.kind is ValuesKind.PROBABILITIES
    assert weighing.chosen.action == decision.action == weighing.options[0].action
    assert sorted(option.action for option in weighing.options) == list(range(28))
    values = [option.value for option in weighing.options]
    assert values == sorted(values, reverse=True)
    assert weighing.margin == pytest.approx(values[0] - values[1])
    assert weighing.entropy == pytest.approx(-sum(one * math.log(one) for one in values))
    assert weighing.most_entropy == pytest.approx(math.log(28))
    assert weighing.mean_target
    logs = [math.log(option.target or 1) * option.value for option in weighing.options]
    mean = math.exp(math.fsum(logs))
    state = found.step.state
    slack = max(HEADROOM_TOLERANCE * state.replicas_desired, HEADROOM_LEAST_CHANGE)
    assert abs(mean - decision.target) <= slack
    assert weighing.value == decision.value
    assert found.note == ""


def test_q_values_of_dqn(dqn_run: Path) -> None:
    weighing = explainer(dqn_run, "dqn").explain(25).weighing
    assert weighing is not None
    assert weighing.kind is ValuesKind.Q_VALUES
    weights = [option.probability or 0.0 for option in weighing.options]
    assert sum(weights) == pytest.approx(1.0)
    assert weights == sorted(weights, reverse=True)
    assert weighing.value is None
    without = explainer(dqn_run, None).explain(25).weighing
    assert without is not None
    assert without.entropy is None
    assert {option.target for option in without.options} == {None}


def test_a_baseline_weighs_nothing(hpa_run: Path) -> None:
    made = explainer(hpa_run, "hpa")
    assert made.explain(25).weighing is None
    assert made.explain(25).note == ""
    assert made.why(25) == "this policy has no network to look into"


# -- why ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("run", "policy"), [("operated_run", "ppo"), ("dqn_run", "dqn")])
@pytest.mark.parametrize("question", list(Question))
@pytest.mark.parametrize("baseline", list(Baseline))
def test_contributions_explain_the_difference(
    run: str, policy: str, question: Question, baseline: Baseline, request: pytest.FixtureRequest
) -> None:
    made = explainer(request.getfixturevalue(run), policy)
    found = why(made, 33, question, baseline)
    assert abs(found.attribution.error) < 1e-6
    assert len(found.attribution.contributions) == len(FEATURE_NAMES)
    assert found.about
    assert found.against


def test_the_preference_is_the_recorded_one(plain_run: Path, dqn_run: Path) -> None:
    made = explainer(plain_run)
    weighing = made.explain(40).weighing
    assert weighing is not None
    found = why(made, 40).attribution
    # The difference of two logits is the logarithm of the ratio of their probabilities.
    expected = math.log(weighing.chosen.value / weighing.runner_up.value)
    assert found.here == pytest.approx(expected, abs=1e-4)
    assert "3-minute" in why(made, 40, Question.ACTION, Baseline.MEAN, 16).about
    made = explainer(dqn_run, "dqn")
    weighing = made.explain(40).weighing
    assert weighing is not None
    assert why(made, 40).attribution.here == pytest.approx(weighing.margin, abs=1e-3)


def test_what_did_not_change_since_the_last_decision_contributes_nothing(plain_run: Path) -> None:
    made = explainer(plain_run)
    contributions = why(made, 40, Question.TARGET, Baseline.PREVIOUS).attribution.contributions
    for reading, one in zip(made.explain(40).readings, contributions, strict=True):
        assert (one == 0.0) or reading.change
    assert np.count_nonzero(contributions) > 5
    words = made.why(0, Question.TARGET, Baseline.PREVIOUS)
    assert words == "the first decision has none before it to compare with"


def test_only_the_policy_that_decided_is_looked_into(plain_run: Path, tmp_path: Path) -> None:
    assert explainer(plain_run, None).why(9) == "it is gone"
    assert "weighs otherwise now" in str(explainer(plain_run, "dqn").why(9))
    weighing = explainer(plain_run, "dqn").explain(9)
    assert "weighs otherwise now" in weighing.note
    copied = Path(shutil.copytree(plain_run, tmp_path / "copy"))
    connection = sqlite3.connect(copied / "run.db")
    with connection:
        connection.execute("UPDATE steps SET observation = NULL")
    connection.close()
    made = explainer(copied)
    assert "not recorded" in str(made.why(9))
    assert made.explain(9).readings == ()
    assert made.explain(9).neighbours == ()


# -- what it was like ---------------------------------------------------------------------------


def test_neighbours_are_earlier_alike_and_apart(plain_run: Path) -> None:
    made, reader = explainer(plain_run), RunReader(plain_run)
    seen = 0
    for index in range(20, STEPS, 7):
        step, found = reader.step(index), made.explain(index).neighbours
        seen += len(found)
        places = [index, *(one.step for one in found)]
        for one in found:
            assert reader.step(one.step).decision.action == step.decision.action
            assert one.target == reader.step(one.step).target
            after = reader.steps_after(one.step, AFTER_STEPS).latency_p95_ms
            measured = after[np.isfinite(after)].tolist()
            assert one.worst_latency_p95_ms == max(measured, default=None)
        assert all(one.step <= index - AFTER_STEPS for one in found)
        gaps = [abs(one - other) for one in places for other in places if one != other]
        assert min(gaps, default=AFTER_STEPS) >= AFTER_STEPS
        assert [one.distance for one in found] == sorted(one.distance for one in found)
    assert seen > 5


def test_neighbours_of_a_baseline_went_the_same_way(hpa_run: Path) -> None:
    made, reader = explainer(hpa_run, "hpa"), RunReader(hpa_run)
    found = made.explain(70).neighbours
    assert found
    for one in found:
        changes = [reader.step(index).decision.change for index in (one.step, 70)]
        assert np.sign(changes[0]) == np.sign(changes[1])


def test_the_return_so_far_is_the_sum_of_the_rewards(operated_run: Path) -> None:
    reader = RunReader(operated_run)
    explained = explainer(operated_run).explain(44)
    found = explained.returns
    assert found is not None
    assert found.total == pytest.approx(explained.total_reward)
    steps = reader.steps(0, 44)
    assert found.slo == pytest.approx(math.fsum(step.reward.slo for step in steps))
    assert found.cost == pytest.approx(math.fsum(step.reward.cost for step in steps))
    assert found.total == pytest.approx(reader.totals(44).reward)


def test_the_observation_of_a_moment_is_the_recorded_one(plain_run: Path) -> None:
    past = Rewind(RunReader(plain_run))
    readings = explainer(plain_run).explain(33).readings
    moment = past.moment(33)
    assert tuple(one.scaled for one in readings) == tuple(moment.situation.observation.tolist())


# -- very long runs -----------------------------------------------------------------------------


def test_only_the_recent_past_is_searched_for_neighbours(
    plain_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Observations(RunReader(plain_run))
    monkeypatch.setattr(neighbours, "BACK_STEPS", 25)
    near = Observations(RunReader(plain_run))
    for index in (70, 71, 30, 10, 79):
        expected = [one.step for one in whole.nearest(index, 99)]
        found = [one.step for one in near.nearest(index, 99)]
        assert set(found) <= set(range(index - 25, index))
        assert len(found) <= len(expected)
        assert all(abs(one - other) >= AFTER_STEPS for one, other in pairwise(sorted(found)))


def test_long_runs_are_sampled_all_over() -> None:
    assert neighbours._blocks(-1) == []
    assert neighbours._blocks(50) == [(0, 50)]
    blocks = neighbours._blocks(999_999)
    assert len(blocks) == 40
    assert blocks[0] == (0, 99)
    assert blocks[-1] == (999_900, 999_999)
    assert {last - first for first, last in blocks} == {99}


def test_late_histories_begin_late(plain_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording(RunReader(plain_run))
    whole = RecordedPasts(recording)
    monkeypatch.setattr(pasts, "_WHOLE_STEPS", 20)
    monkeypatch.setattr(pasts, "_LATE_S", 45 * 15.0)
    late = RecordedPasts(recording)
    actions = Headroom()
    for index in (10, 60, 61, 79, 50):
        # No action looks back further than ten minutes.
        one, other = whole.at(index), late.at(index)
        assert actions.all_targets(one).tolist() == actions.all_targets(other).tolist()
        assert other.state.state(0) == one.state.state(0)


def test_returns_are_added_up_in_parts(plain_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = RunReader(plain_run)
    monkeypatch.setattr(returns, "_EVERY", 7)
    parts = Returns(reader)
    for index in (40, 6, 7, 80, 0):
        found = parts.at(index)
        assert found is not None
        assert found.total == pytest.approx(reader.totals(index).reward)
    monkeypatch.setattr(returns, "LONGEST", 50)
    assert parts.at(49) is not None
    assert parts.at(50) is None
