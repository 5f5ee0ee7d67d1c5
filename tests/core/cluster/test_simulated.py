"""The simulator behind the protocol of a cluster."""

from __future__ import annotations

import pytest

from core.cluster.base import Cluster
from core.cluster.simulated import SimulatedCluster
from core.errors import InputError
from core.traffic.library import list_scenarios, load_scenario
from core.traffic.patterns import TracePattern
from tests.core.cluster.factory import scenario_of


def test_it_is_a_cluster_like_any_other() -> None:
    scenario = scenario_of(200.0, pods=5, duration_s=45)
    cluster: Cluster = SimulatedCluster(scenario)
    assert cluster.facts == scenario.facts
    first = cluster.reset(3)
    assert (first.time_s, first.replicas_desired) == (0.0, 5)
    assert cluster.scale(7).accepted
    states = []
    while not cluster.finished:
        states.append(cluster.advance())
    assert [state.time_s for state in states] == [15.0, 30.0, 45.0]
    assert states[0].replicas_desired == 7
    refusal = cluster.scale(9)
    assert not refusal.accepted
    assert "ended" in refusal.message
    cluster.close()


def test_the_first_episode_has_the_seed_of_the_scenario() -> None:
    scenario = scenario_of(200.0)
    assert SimulatedCluster(scenario).advance() == SimulatedCluster(scenario, seed=0).advance()
    assert SimulatedCluster(scenario).advance() != SimulatedCluster(scenario, seed=1).advance()


def test_reset_starts_over_with_another_seed() -> None:
    cluster = SimulatedCluster(scenario_of(200.0))
    first = [cluster.reset(5), cluster.advance(), cluster.advance()]
    cluster.scale(1)
    assert [cluster.reset(5), cluster.advance(), cluster.advance()] == first
    assert cluster.totals.arrived_requests < 30 * 300.0


def test_rewind_and_try_something_else() -> None:
    cluster = SimulatedCluster(scenario_of(400.0, pods=8))
    cluster.reset(1)
    for _ in range(4):
        before = cluster.advance()
    snapshot = cluster.snapshot()
    cluster.scale(3)
    poor = [cluster.advance() for _ in range(6)][-1]
    assert cluster.restore(snapshot) == before
    rich = [cluster.advance() for _ in range(6)][-1]
    assert poor.latency_p95_ms is not None
    assert rich.latency_p95_ms is not None
    assert poor.latency_p95_ms > 5.0 * rich.latency_p95_ms
    assert poor.rps == rich.rps


def test_what_if_through_a_fork() -> None:
    cluster = SimulatedCluster(scenario_of(400.0, pods=8))
    cluster.advance()
    fork = cluster.batch.fork(0, 2)
    assert fork.advance().state(1) == cluster.advance()


def test_a_trace_that_cannot_be_read_is_named() -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv"):
        SimulatedCluster(scenario_of([TracePattern(path="nowhere.csv")]))


@pytest.mark.parametrize("name", [entry.name for entry in list_scenarios()])
def test_every_shipped_scenario_can_be_played(name: str) -> None:
    scenario = load_scenario(name)
    cluster = SimulatedCluster(scenario)
    cluster.reset(scenario.seed)
    states = [cluster.advance() for _ in range(40)]
    assert all(state.replicas_ready >= 0 for state in states)
    totals = cluster.totals
    accounted = totals.served_requests + totals.failed_requests + totals.queued_requests
    assert accounted == pytest.approx(totals.arrived_requests, rel=1e-9)
