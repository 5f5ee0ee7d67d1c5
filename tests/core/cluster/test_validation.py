"""The simulator against an independent simulation, request by request."""

from __future__ import annotations

import pytest

from tests.core.cluster.validation import (
    STATIONARY,
    giving_up,
    overload_peak,
    short_overload,
    stationary,
)

_TOLERANCE = 0.1


@pytest.mark.parametrize(("servers", "utilization", "requests"), STATIONARY)
def test_quantiles_at_a_constant_load(servers: int, utilization: float, requests: int) -> None:
    assert stationary(servers, utilization, requests).largest_error < _TOLERANCE


def test_quantiles_of_a_less_variable_service() -> None:
    assert stationary(10, 0.8, variation=0.5).largest_error < _TOLERANCE


@pytest.mark.parametrize("servers", [4, 20])
def test_the_peak_of_an_overload(servers: int) -> None:
    assert overload_peak(servers).largest_error < _TOLERANCE


def test_the_harm_of_a_burst_of_seconds() -> None:
    assert short_overload(20, 1.2, 5).largest_error < _TOLERANCE


@pytest.mark.parametrize("added", [0, 30])
def test_requests_that_give_up(added: int) -> None:
    assert giving_up(2.5, added).largest_error < 0.05
