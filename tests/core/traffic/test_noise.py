from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.traffic.noise import autoregressive_noise, switching_heights


@given(
    count=st.integers(1, 3000),
    correlation_s=st.floats(0.1, 500.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_is_the_recursion_it_claims_to_be(count: int, correlation_s: float, seed: int) -> None:
    noise = autoregressive_noise(count, correlation_s, np.random.default_rng(seed))
    innovations = np.random.default_rng(seed).standard_normal(count)
    phi = np.exp(-1.0 / correlation_s)
    expected = [innovations[0]]
    for innovation in innovations[1:]:
        expected.append(phi * expected[-1] + np.sqrt(1.0 - phi**2) * innovation)
    assert noise == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_keeps_mean_variance_and_correlation_over_many_blocks() -> None:
    noise = autoregressive_noise(1_000_000, 5.0, np.random.default_rng(3))
    assert noise.mean() == pytest.approx(0.0, abs=0.02)
    assert noise.std() == pytest.approx(1.0, abs=0.01)
    at_5_s = np.corrcoef(noise[:-5], noise[5:])[0, 1]
    assert at_5_s == pytest.approx(np.exp(-1.0), abs=0.02)


def test_none_is_none() -> None:
    assert autoregressive_noise(0, 60.0, np.random.default_rng(0)).shape == (0,)
    assert switching_heights(np.zeros(0), 5.0, 5.0, 0.5, np.random.default_rng(0)).shape == (0,)


def test_switching_is_on_for_its_share_at_height_one() -> None:
    seconds = np.arange(400_000, dtype=np.float64)
    heights = switching_heights(seconds, 10.0, 30.0, 0.5, np.random.default_rng(5))
    on = heights > 0.0
    assert on.mean() == pytest.approx(0.25, abs=0.01)
    assert heights[on].mean() == pytest.approx(1.0, abs=0.03)
    phases = np.count_nonzero(np.diff(on.astype(int)) == 1)
    # Pauses shorter than a second fall between two samples, so a few phases are not seen.
    assert 0.85 * 10_000 < phases < 1.05 * 10_000


@given(
    on_s=st.floats(1.0, 300.0),
    off_s=st.floats(1.0, 300.0),
    spread=st.floats(0.0, 2.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_switching_covers_every_moment(on_s: float, off_s: float, spread: float, seed: int) -> None:
    seconds = np.arange(500, dtype=np.float64)
    heights = switching_heights(seconds, on_s, off_s, spread, np.random.default_rng(seed))
    assert heights.shape == (500,)
    assert np.isfinite(heights).all()
    assert (heights >= 0.0).all()
    again = switching_heights(seconds, on_s, off_s, spread, np.random.default_rng(seed))
    assert np.array_equal(heights, again)
