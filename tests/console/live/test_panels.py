"""Log, actions, decision and training progress, as text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from console.charts.text import short_number
from console.live.actions import act_columns, actions_strip
from console.live.charts import passed_baseline, traffic_chart, training_chart
from console.live.decision import Drawing, decision_lines
from console.live.log import LogLine, render_log
from console.live.navigation import Navigation
from console.live.scene import TRAFFIC_CHARTS, TRAINING_CHARTS
from console.live.signs import ASCII, UNICODE, Signs
from console.live.training import training_lines
from console.themes import palette_for
from core.envs.observation import FEATURE_NAMES, FEATURES, raw_value
from core.state import Actor, ValuesKind
from tests.console.live.pictures import picture

_PALETTE = palette_for("dark")
_LOG = tuple(
    LogLine(step, step * 15.0, who, text, actor)
    for step, who, text, actor in (
        (1, "policy", "8 → 10  cover the 3-minute peak of 412 rps with 1.4×", Actor.POLICY),
        (2, "guardrail", "scale-down vetoed while SLO violated", Actor.GUARDRAIL),
        (3, "operator", "pinned 12 replicas", Actor.OPERATOR),
    )
)


def _log(pattern: str, signs: Signs = UNICODE, width: int = 80, height: int = 5) -> list[str]:
    return [line.plain for line in render_log(_LOG, pattern, signs, _PALETTE, width, height)]


def test_log_shows_the_newest_first() -> None:
    lines = _log("", height=2)
    assert len(lines) == 2
    assert "00:00:45 operator" in lines[0]
    assert "00:00:30 guardrail" in lines[1]


@pytest.mark.parametrize(
    ("pattern", "steps"),
    [("policy", 1), ("VETO", 1), ("pinned|vetoed", 2), ("8 .* 10", 1), ("00:00:45", 1)],
)
def test_log_filter_takes_words_and_patterns(pattern: str, steps: int) -> None:
    assert len(_log(pattern)) == steps


def test_log_filter_that_is_no_pattern_is_searched_as_it_stands() -> None:
    assert _log("(") == [" Nothing in the log matches '('."]


def test_log_is_cut_with_an_ellipsis() -> None:
    assert all(len(line) <= 40 for line in _log("", width=40))
    assert _log("3-minute", width=40)[0].endswith("…")


def test_log_in_ascii() -> None:
    assert all(line.isascii() for line in _log("", ASCII))


def test_actions_mark_who_acted(finished_run: Path) -> None:
    snapshot = picture(finished_run)
    strip = actions_strip(snapshot, UNICODE, _PALETTE, 80)
    assert strip.cell_length <= 80
    for sign in ("▾", "M", "G", "·"):
        assert sign in strip.plain[: -len("  ▲ up ▾ down M man G guard")]


def test_actions_say_more_where_there_is_room(finished_run: Path) -> None:
    assert "manual" in actions_strip(picture(finished_run), UNICODE, _PALETTE, 160).plain


def test_actions_agree_with_the_steps(finished_run: Path) -> None:
    snapshot = picture(finished_run)
    acts = act_columns(snapshot, UNICODE, 400)
    signs = [act.sign for act in acts if act is not None and act.rank > 0]
    window = snapshot.window
    assert len(signs) == len(window)
    for index, sign in enumerate(signs):
        actors = window.actors[index]
        if Actor.OPERATOR in actors:
            assert sign == "M"
        elif Actor.GUARDRAIL in actors:
            assert sign == "G"
        elif Actor.POLICY in actors and window.ups[index]:
            assert sign in "▲▴"
        elif Actor.POLICY in actors and window.downs[index]:
            assert sign == "▾"


def test_actions_in_ascii(finished_run: Path) -> None:
    assert actions_strip(picture(finished_run), ASCII, _PALETTE, 80).plain.isascii()


def test_actions_of_an_empty_window(isolated: Path) -> None:
    from core.locations import runs_directory
    from tests.core.runs.factory import write_run

    empty = picture(write_run(runs_directory() / "20261122-empty", 0))
    assert "actions" in actions_strip(empty, UNICODE, _PALETTE, 80).plain


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize("size", [(78, 20), (56, 46), (56, 20), (30, 10)])
def test_decision_fits_and_explains(
    finished_run: Path, size: tuple[int, int], signs: Signs
) -> None:
    snapshot = picture(finished_run, Navigation(cursor=390, last=399))
    lines = decision_lines(snapshot, Drawing(signs, _PALETTE), *size)
    assert len(lines) <= size[1]
    assert all(line.cell_length <= size[0] for line in lines)
    text = "\n".join(line.plain for line in lines)
    assert "decision 390" in text
    assert "cover the" in text
    if signs is ASCII:
        assert text.isascii()


def test_decision_shows_values_reward_and_observation(finished_run: Path) -> None:
    snapshot = picture(finished_run)
    step = snapshot.step
    assert step is not None
    lines = decision_lines(snapshot, Drawing(UNICODE, _PALETTE), 78, 24)
    text = "\n".join(line.plain for line in lines)
    best = max(step.decision.action_values)
    label = snapshot.info.action_labels[step.decision.action_values.index(best)]
    assert "Probabilities" in text
    assert label in text
    assert f"{best:.2f}" in text
    for part in ("slo", "cost", "churn", "error", "value"):
        assert part in text
    assert "feature 0" in text


@pytest.mark.parametrize("width", [76, 78, 80, 100])
def test_features_keep_their_whole_names_and_own_units(finished_run: Path, width: int) -> None:
    snapshot = picture(finished_run)
    assert snapshot.step is not None
    step = replace(snapshot.step, observation=(0.5,) * len(FEATURES))
    info = replace(snapshot.info, feature_names=FEATURE_NAMES)
    named = replace(snapshot, step=step, info=info)
    lines = decision_lines(named, Drawing(UNICODE, _PALETTE), width, 60)
    text = "\n".join(line.plain for line in lines)
    for feature in FEATURES:
        short = feature.name.replace("utilization", "use").replace("violation_mean", "violated")
        name = short.replace("_", " ")
        value = short_number(round(raw_value(feature.name, 0.5), 4)).replace("-", UNICODE.minus)
        assert re.search(rf"(^| ){name} +{re.escape(value)}( |$)", text, re.MULTILINE), name
    assert all(line.cell_length <= width for line in lines)


def test_q_values_are_named_so(finished_run: Path) -> None:
    snapshot = picture(finished_run)
    step = snapshot.step
    assert step is not None
    decision = replace(
        step.decision, values_kind=ValuesKind.Q_VALUES, action_values=(-5.0, -3.0, -4.0), action=1
    )
    changed = replace(snapshot, step=replace(step, decision=decision))
    lines = decision_lines(changed, Drawing(UNICODE, _PALETTE), 78, 24)
    assert any("Q-values" in line.plain for line in lines)
    assert any("▸" in line.plain and "−3.00" in line.plain for line in lines)


def test_a_baseline_has_no_values(finished_run: Path) -> None:
    snapshot = picture(finished_run)
    step = snapshot.step
    assert step is not None
    decision = replace(step.decision, values_kind=ValuesKind.NONE, action_values=(), action=None)
    changed = replace(snapshot, step=replace(step, decision=decision, observation=()))
    text = "\n".join(
        line.plain for line in decision_lines(changed, Drawing(UNICODE, _PALETTE), 78, 24)
    )
    assert "no action values" in text
    assert "Not recorded" in text


def test_no_decision_yet(isolated: Path) -> None:
    from core.locations import runs_directory
    from tests.core.runs.factory import write_run

    empty = picture(write_run(runs_directory() / "20261122-empty", 0))
    assert decision_lines(empty, Drawing(UNICODE, _PALETTE), 78, 24)[0].plain == "No decision yet."


@pytest.mark.parametrize("name", TRAFFIC_CHARTS)
def test_traffic_charts_carry_the_shown_values(finished_run: Path, name: str) -> None:
    snapshot = picture(finished_run, Navigation(cursor=390, last=399))
    chart = traffic_chart(name, snapshot)
    index = snapshot.window.step.tolist().index(390)
    for curve in chart.curves:
        assert curve.current == pytest.approx(curve.values[index])


@pytest.mark.parametrize("name", TRAFFIC_CHARTS)
def test_reduced_charts_keep_both_extremes(finished_run: Path, name: str) -> None:
    snapshot = picture(finished_run, Navigation(span_s=None))
    from console.live.snapshot import View
    from console.live.source import RunSource
    from core.runs.reader import RunReader

    source = RunSource(RunReader(finished_run))
    reduced = source.look(View(Navigation(span_s=None), points=60))
    source.close()
    for whole, few in zip(
        traffic_chart(name, snapshot).curves, traffic_chart(name, reduced).curves, strict=True
    ):
        import numpy as np

        assert len(few.values) < len(whole.values)
        assert np.nanmax(few.values) == np.nanmax(whole.values)
        assert np.nanmin(few.values) == np.nanmin(whole.values)


@pytest.mark.parametrize("name", TRAINING_CHARTS)
def test_training_charts_have_curves(training_run: Path, name: str) -> None:
    chart = training_chart(name, picture(training_run))
    assert chart.curves
    assert all(len(curve.values) == len(chart.times) for curve in chart.curves)


def test_the_moment_of_passing_hpa_is_marked(training_run: Path) -> None:
    snapshot = picture(training_run)
    passed = passed_baseline(snapshot.evaluations)
    assert passed is not None
    chart = training_chart("score", snapshot)
    assert chart.marks[0].time_s == passed.timesteps
    assert chart.threshold is not None
    assert chart.threshold.value == passed.baseline_score
    never = tuple(row for row in snapshot.evaluations if row.score >= row.baseline_score)
    assert training_chart("score", replace(snapshot, evaluations=never)).marks == ()


def test_training_progress_in_words(training_run: Path) -> None:
    snapshot = picture(training_run)
    progress, verdict = training_lines(snapshot, UNICODE, _PALETTE, 80)
    assert progress.cell_length <= 80
    for part in ("50 %", "51.2k of 102k", "21.5k/s", "31 s left"):
        assert part in progress.plain
    assert "beats it since" in verdict.plain
    waiting = training_lines(replace(snapshot, evaluations=()), UNICODE, _PALETTE, 80)[1]
    assert "not evaluated yet" in waiting.plain
