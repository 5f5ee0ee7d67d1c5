from __future__ import annotations

import pytest

from core.cluster.kubernetes.metrics.buckets import slo_buckets

_BOUNDS = ("0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf")


@pytest.mark.parametrize(("slo", "bound"), [(0.25, "0.25"), (1.0, "1"), (0.1, "0.1")])
def test_a_bucket_that_ends_at_the_slo_is_taken_as_it_is_written(slo: float, bound: str) -> None:
    found = slo_buckets(_BOUNDS, slo)
    assert found.weights == {bound: 1.0}
    assert found.notice == ""


def test_between_two_buckets_it_is_interpolated() -> None:
    found = slo_buckets(_BOUNDS, 0.3)
    assert found.weights == pytest.approx({"0.25": 0.8, "0.5": 0.2})
    assert "interpolated between 0.25 and 0.5" in found.notice


def test_below_the_smallest_bucket_it_is_interpolated_from_zero() -> None:
    found = slo_buckets(_BOUNDS, 0.02)
    assert found.weights == pytest.approx({"0.05": 0.4})
    assert "between 0 and 0.05" in found.notice


def test_above_the_largest_bucket_the_worst_is_assumed() -> None:
    found = slo_buckets(_BOUNDS, 4.0)
    assert found.weights == {"2.5": 1.0}
    assert "all count as violations" in found.notice


@pytest.mark.parametrize("bounds", [(), ("+Inf",), ("", "x", "NaN")])
def test_without_finite_buckets_nothing_is_known(bounds: tuple[str, ...]) -> None:
    assert slo_buckets(bounds, 0.25).weights == {}
