from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.traffic.patterns import (
    ArNoisePattern,
    BurstsPattern,
    ConstantPattern,
    DiurnalPattern,
    FlashCrowdPattern,
    PeriodicBatchPattern,
    RampPattern,
    SpikePattern,
    StepPattern,
    Weekday,
    WeeklyPattern,
)
from tests.core.traffic.factory import rates_of

DAY_S = 86_400

_DURATIONS = st.integers(0, 1000).map(lambda tenths: tenths / 10.0)


def test_constant_never_changes() -> None:
    assert set(rates_of(ConstantPattern(rps=42.0))) == {42.0}


@given(
    low=st.floats(0.0, 500.0),
    more=st.floats(0.0, 500.0),
    period_s=st.floats(60.0, 3600.0),
    sharpness=st.floats(0.1, 10.0),
    peak_share=st.floats(0.0, 1.0),
)
def test_diurnal_stays_between_low_and_high_and_peaks_when_told(
    low: float, more: float, period_s: float, sharpness: float, peak_share: float
) -> None:
    pattern = DiurnalPattern(
        low_rps=low,
        high_rps=low + more,
        period_s=period_s,
        peak_at_s=peak_share * period_s,
        sharpness=sharpness,
    )
    rates = rates_of(pattern)
    assert rates.min() >= low - 1e-6
    assert rates.max() <= low + more + 1e-6
    moments = np.array([pattern.peak_at_s, pattern.peak_at_s + 0.5 * period_s])
    peak, trough = pattern.rates(moments, np.random.default_rng(0))
    assert peak == pytest.approx(low + more, abs=1e-6)
    assert trough == pytest.approx(low, abs=1e-6)


def test_diurnal_repeats_and_narrows() -> None:
    wave = DiurnalPattern(low_rps=10, high_rps=100, period_s=600, peak_at_s=200)
    rates = rates_of(wave, 1200)
    assert rates[:600] == pytest.approx(rates[600:])
    narrow = rates_of(wave.model_copy(update={"sharpness": 4.0}), 1200)
    assert narrow.mean() < rates.mean()


def test_weekend_is_lower_and_the_week_starts_where_told() -> None:
    monday = WeeklyPattern(low_rps=10, high_rps=100, weekend_ratio=0.5, peak_at=0.5)
    noons = (np.arange(14, dtype=np.float64) + 0.5) * DAY_S
    generator = np.random.default_rng(0)
    week = [100.0] * 5 + [50.0] * 2
    assert monday.rates(noons, generator) == pytest.approx(week * 2)
    saturday = monday.model_copy(update={"starts_on": Weekday.SATURDAY})
    assert saturday.rates(noons[:7], generator) == pytest.approx([50.0] * 2 + [100.0] * 5)


def test_weekly_has_no_jump_at_midnight() -> None:
    rates = rates_of(WeeklyPattern(low_rps=50, high_rps=100, weekend_ratio=0.2), 14 * DAY_S)
    assert np.abs(np.diff(rates)).max() < 0.05


def test_ramp_holds_before_and_after() -> None:
    rates = rates_of(RampPattern(from_rps=10, to_rps=110, start_s=100, duration_s=200), 500)
    assert rates[[0, 100, 200, 300, 499]] == pytest.approx([10, 10, 60, 110, 110])


def test_step_is_on_exactly_when_told() -> None:
    rates = rates_of(StepPattern(at_s=10, rps=-5.0, duration_s=20), 60)
    assert np.flatnonzero(rates).tolist() == list(range(10, 30))
    assert np.flatnonzero(rates_of(StepPattern(at_s=10, rps=5.0), 60)).tolist() == list(
        range(10, 60)
    )


@given(
    at_s=st.integers(0, 200),
    rise_s=_DURATIONS,
    hold_s=_DURATIONS,
    fall_s=_DURATIONS,
    rps=st.floats(-100.0, 100.0),
)
def test_spike_is_nothing_outside_and_never_higher_than_its_plateau(
    at_s: int, rise_s: float, hold_s: float, fall_s: float, rps: float
) -> None:
    pattern = SpikePattern(at_s=at_s, rps=rps, rise_s=rise_s, hold_s=hold_s, fall_s=fall_s)
    rates = rates_of(pattern, 600)
    end_s = at_s + rise_s + hold_s + fall_s
    seconds = np.arange(600)
    assert not rates[(seconds < at_s) | (seconds >= end_s + 1e-6)].any()
    assert (np.abs(rates) <= abs(rps)).all()
    plateau = rates[(seconds >= at_s + rise_s + 1e-3) & (seconds <= at_s + rise_s + hold_s - 1e-3)]
    assert plateau == pytest.approx(rps)


def test_spike_with_square_edges_is_a_step() -> None:
    spike = SpikePattern(at_s=50, rps=10, rise_s=0, hold_s=30, fall_s=0)
    step = StepPattern(at_s=50, rps=10, duration_s=30)
    assert np.array_equal(rates_of(spike), rates_of(step))


def test_spike_edges_are_straight() -> None:
    rates = rates_of(SpikePattern(at_s=10, rps=100, rise_s=10, hold_s=20, fall_s=40), 100)
    assert rates[[10, 15, 20, 40, 60, 80]] == pytest.approx([0, 50, 100, 100, 50, 0])


def test_flash_crowd_rises_holds_and_halves() -> None:
    rates = rates_of(FlashCrowdPattern(at_s=100, rps=80, rise_s=20, hold_s=50, half_life_s=60), 600)
    assert rates[[99, 110, 120, 170, 230, 290]] == pytest.approx([0, 40, 80, 80, 40, 20])


def test_flash_crowd_may_come_at_once() -> None:
    rates = rates_of(FlashCrowdPattern(at_s=100, rps=80, rise_s=0), 200)
    assert rates[[99, 100]] == pytest.approx([0, 80])


def test_batches_keep_their_timetable() -> None:
    pattern = PeriodicBatchPattern(rps=7, every_s=100, duration_s=20, first_at_s=30)
    rates = rates_of(pattern, 350)
    expected = [second for second in range(350) if second >= 30 and (second - 30) % 100 < 20]
    assert np.flatnonzero(rates).tolist() == expected
    assert set(rates) == {0.0, 7.0}


@given(seed=st.integers(0, 2**32 - 1), jitter_s=st.floats(0.0, 40.0))
def test_late_batches_keep_their_length(seed: int, jitter_s: float) -> None:
    pattern = PeriodicBatchPattern(
        rps=1, every_s=100, duration_s=20, first_at_s=50, jitter_s=jitter_s
    )
    rates = rates_of(pattern, 1000, seed)
    starts = np.flatnonzero(np.diff(rates) > 0) + 1
    assert len(starts) == 10
    assert (np.abs(starts - (50 + 100 * np.arange(10))) <= jitter_s + 1).all()
    assert 190 <= rates[:1000].sum() <= 210


def test_batches_must_not_overlap() -> None:
    with pytest.raises(ValidationError, match="at most every_s"):
        PeriodicBatchPattern(rps=1, every_s=100, duration_s=60, jitter_s=21)


def test_bursts_have_their_mean_and_follow_their_seed() -> None:
    pattern = BurstsPattern(rps=100, on_s=5, off_s=15, spread=0.5)
    rates = rates_of(pattern, 200_000, seed=1)
    assert rates.mean() == pytest.approx(25.0, rel=0.05)
    assert np.array_equal(rates, rates_of(pattern, 200_000, seed=1))
    assert not np.array_equal(rates, rates_of(pattern, 200_000, seed=2))


def test_bursts_change_from_second_to_second() -> None:
    rates = rates_of(BurstsPattern(rps=100, on_s=1, off_s=1), 2000)
    assert np.count_nonzero(np.diff(rates)) > 500


def test_noise_multiplies_around_one() -> None:
    factors = ArNoisePattern(sigma=0.2, correlation_s=10).factors(400_000, np.random.default_rng(4))
    assert factors.min() > 0.0
    assert factors.mean() == pytest.approx(1.0, abs=0.01)
    assert np.log(factors).std() == pytest.approx(0.2, abs=0.01)
