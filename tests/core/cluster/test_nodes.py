"""Room on nodes: pods that wait for a node, and nodes that are ordered."""

from __future__ import annotations

from typing import Any

from core.state import ClusterState
from core.traffic.faults import NodeLossFault
from tests.core.cluster.factory import at, play, scenario_of

_START = {"startup_median_s": 10.0, "startup_sigma": 0.0}


def _states(target: int, **cluster: Any) -> list[ClusterState]:
    limits = {"pods_per_node": 4, "node_provisioning_s": 40.0} | cluster
    scenario = scenario_of(200.0, pods=6, service=_START, cluster=limits)
    return play(scenario, decide=lambda state: target if state.time_s >= 30.0 else 6)[0]


def test_nodes_are_as_many_as_the_first_pods_need() -> None:
    assert _states(6)[0].nodes == 2


def test_pods_with_room_start_and_the_others_wait_for_a_node() -> None:
    states = _states(11, nodes=2)
    waiting = at(states, 45.0)
    assert (waiting.replicas_ready, waiting.replicas_starting, waiting.nodes) == (8, 3, 2)
    # Ordered at 30 s, the node is there at 70 s and the pods are ready at 80 s.
    assert at(states, 75.0).nodes == 3
    assert at(states, 75.0).replicas_ready == 8
    assert at(states, 90.0).replicas_ready == 11


def test_no_more_nodes_are_ordered_than_allowed() -> None:
    states = _states(30, nodes=2, max_nodes=4)
    assert states[-1].nodes == 4
    assert (states[-1].replicas_ready, states[-1].replicas_starting) == (16, 14)


def test_nodes_are_ordered_once_for_the_pods_that_wait() -> None:
    states = _states(20, nodes=2)
    assert states[-1].nodes == 5
    assert states[-1].replicas_ready == 20


def test_a_removed_pod_makes_room_for_one_that_waits() -> None:
    scenario = scenario_of(
        200.0,
        pods=8,
        service=_START,
        cluster={"pods_per_node": 4, "nodes": 2, "max_nodes": 2},
    )
    targets = {0.0: 10, 15.0: 7, 30.0: 9}
    states, _ = play(scenario, decide=lambda state: targets.get(state.time_s, 9))
    assert at(states, 15.0).replicas_starting == 2
    assert (at(states, 30.0).replicas_ready, at(states, 30.0).replicas_starting) == (7, 0)
    assert (at(states, 45.0).replicas_ready, at(states, 45.0).replicas_starting) == (8, 1)


def test_no_replacement_is_ordered_for_a_lost_node_that_comes_back() -> None:
    scenario = scenario_of(
        200.0,
        pods=8,
        service=_START,
        cluster={"pods_per_node": 4, "nodes": 2, "max_nodes": 2, "node_provisioning_s": 5.0},
        faults=[NodeLossFault(at_s=20.0, duration_s=100.0)],
    )
    states, _ = play(scenario)
    assert {state.nodes for state in states if 20.0 < state.time_s < 120.0} == {1}
    assert states[-1].nodes == 2
    assert states[-1].replicas_ready == 8


def test_without_a_limit_there_is_one_endless_node() -> None:
    scenario = scenario_of(200.0, pods=6, service=_START)
    states, _ = play(scenario, decide=lambda _: 500)
    assert states[-1].nodes == 1
    assert states[-1].replicas_ready == 500
