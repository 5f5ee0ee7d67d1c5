from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from core.load.schedule import Schedule, make_schedule
from core.load.tally import Tally
from core.traffic.library import load_scenario
from core.traffic.workload import rates_per_second

RATES = np.array([10.0, 0.0, 400.0, 100.0])


def arrivals(schedule: Schedule, seed: int = 0) -> np.ndarray:
    return np.array(list(schedule.due_times_s(np.random.default_rng(seed))))


def test_arrivals_are_poisson_at_the_rate_of_their_second() -> None:
    schedule = Schedule("x", np.tile(RATES, 200), 1.0)
    times = arrivals(schedule)
    assert np.all(np.diff(times) >= 0.0)
    counts = np.bincount(times.astype(int), minlength=800).reshape(200, 4)
    assert counts.mean(axis=0) == pytest.approx(RATES, rel=0.07)
    assert not counts[:, 1].any()
    # Of a Poisson number the variance is its mean.
    assert counts[:, 2].var() == pytest.approx(400.0, rel=0.3)
    # Within a second they come at any moment.
    assert np.histogram(times % 1.0, 4)[0] == pytest.approx(np.full(4, len(times) / 4), rel=0.05)


def test_speed_changes_how_fast_rates_change_and_not_the_rates() -> None:
    slow, fast = Schedule("x", RATES, 1.0), Schedule("x", RATES, 4.0)
    assert (slow.duration_s, fast.duration_s) == (4.0, 1.0)
    assert slow.wanted_requests(0.0, 4.0) == pytest.approx(510.0)
    assert fast.wanted_requests(0.0, 1.0) == pytest.approx(510.0 / 4)
    assert fast.wanted_requests(0.5, 0.75) == pytest.approx(100.0)
    assert arrivals(fast).max() < 1.0
    assert len(arrivals(fast)) == pytest.approx(510 / 4, rel=0.3)


def test_one_seed_gives_the_rates_of_a_simulation() -> None:
    schedule, rng = make_schedule("flash-crowd")
    scenario = load_scenario("flash-crowd")
    expected = rates_per_second(scenario, np.random.default_rng(scenario.seed))
    assert np.array_equal(schedule.rates_rps, expected)
    again, same = make_schedule("flash-crowd")
    assert np.array_equal(rng.random(9), same.random(9))
    assert np.array_equal(again.rates_rps, expected)


def test_the_peak_is_that_of_the_whole_scenario() -> None:
    whole, _ = make_schedule("flash-crowd", peak_rps=50.0)
    part, _ = make_schedule("flash-crowd", peak_rps=50.0, duration_s=30.0, speed=2.0)
    assert np.percentile(whole.rates_rps, 99.5) == pytest.approx(50.0)
    assert part.duration_s == 30.0
    assert np.array_equal(part.rates_rps, whole.rates_rps[:60])


def test_a_trace_has_its_own_way_to_its_peak(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    rows = "".join(f"{second},{100 + second}\n" for second in range(0, 300, 10))
    path.write_text(f"t_seconds,rps\n{rows}", encoding="utf-8")
    schedule, _ = make_schedule(str(path), peak_rps=20.0)
    expected = rates_per_second(
        load_scenario(path, peak_rps=20.0), np.random.default_rng(load_scenario(path).seed)
    )
    assert np.array_equal(schedule.rates_rps, expected)
    assert np.percentile(schedule.rates_rps, 99.5) == pytest.approx(20.0, rel=0.05)


def test_silence_cannot_be_scaled(tmp_path: Path) -> None:
    path = tmp_path / "silent.yaml"
    path.write_text("name: silent\ntraffic: [{kind: constant, rps: 0}]\n", encoding="utf-8")
    with pytest.raises(InputError, match="silent"):
        make_schedule(str(path), peak_rps=20.0)


def test_a_report_covers_what_was_sent_until_its_end() -> None:
    tally = Tally(Schedule("x", RATES, 1.0), 2.0)
    for due_s in (0.5, 0.9, 2.1):
        tally.due += 1
        tally.sent(due_s)
    tally.failed(0.9)
    report = tally.report(3.0, (1.0, 2.0, None))
    assert (report.sent, report.failed) == (3, 1)
    assert report.wanted == pytest.approx(410.0)
    first, second = report.intervals
    assert (first.sent_rps, first.failed) == (1.0, 1)
    assert first.wanted_rps == pytest.approx(5.0)
    # The last one is shorter, and is judged by its own length.
    assert (second.start_s, second.end_s, second.sent_rps) == (2.0, 3.0, 1.0)
    assert second.wanted_rps == pytest.approx(400.0)
    assert tally.report(0.0, (None, None, None)).intervals == ()
