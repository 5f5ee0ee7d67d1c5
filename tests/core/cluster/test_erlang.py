"""Erlang C against its definition, and the table against the recursion."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cluster.erlang import LARGEST_SERVERS, ErlangTable, erlang_c

_TABLE = ErlangTable()


def _by_definition(servers: int, load: float) -> float:
    """The textbook sum, in logarithms."""
    logs = [k * math.log(load) - math.lgamma(k + 1) for k in range(servers)]
    last = (
        servers * math.log(load) - math.lgamma(servers + 1) + math.log(servers / (servers - load))
    )
    highest = max([*logs, last])
    everything = sum(math.exp(value - highest) for value in [*logs, last])
    return math.exp(last - highest) / everything


@pytest.mark.parametrize(("servers", "load"), [(1, 0.3), (4, 3.6), (20, 14.0), (50, 45.0)])
def test_the_recursion_gives_the_textbook_sum(servers: int, load: float) -> None:
    assert erlang_c(servers, load) == pytest.approx(_by_definition(servers, load), rel=1e-12)


def test_everybody_waits_at_saturation() -> None:
    assert erlang_c(7, 7.0) == 1.0
    assert erlang_c(7, 9.0) == 1.0


@settings(max_examples=200, deadline=None)
@given(servers=st.integers(1, LARGEST_SERVERS), utilization=st.floats(0.0, 0.999))
def test_the_table_agrees_with_the_recursion(servers: int, utilization: float) -> None:
    load = servers * utilization
    found = _TABLE.waiting_probability(np.array([float(servers)]), np.array([load]))
    assert found[0] == pytest.approx(erlang_c(servers, load), abs=1e-3)


@pytest.mark.parametrize("servers", [LARGEST_SERVERS + 1, 1500, 4000])
@pytest.mark.parametrize("distance", [0.05, 0.5, 1.0, 2.0])
def test_systems_beyond_the_table_are_close(servers: int, distance: float) -> None:
    load = servers - distance * math.sqrt(servers)
    found = _TABLE.waiting_probability(np.array([float(servers)]), np.array([load]))
    assert found[0] == pytest.approx(erlang_c(servers, load), abs=3e-3)


@settings(max_examples=100, deadline=None)
@given(load=st.floats(0.01, 300.0), extra=st.integers(1, 400))
def test_more_servers_never_make_more_requests_wait(load: float, extra: int) -> None:
    servers = np.arange(math.ceil(load), math.ceil(load) + extra + 1, dtype=np.float64)
    waiting = _TABLE.waiting_probability(servers, np.full(len(servers), load))
    assert (np.diff(waiting) <= 0.0).all()
    assert ((waiting >= 0.0) & (waiting <= 1.0)).all()


def test_what_is_found_does_not_depend_on_how_far_the_table_has_grown() -> None:
    servers, load = np.array([3.0, 60.0]), np.array([2.2, 51.0])
    table = ErlangTable()
    small = table.waiting_probability(servers, load)
    table.waiting_probability(np.array([900.0]), np.array([850.0]))
    assert (table.waiting_probability(servers, load) == small).all()
