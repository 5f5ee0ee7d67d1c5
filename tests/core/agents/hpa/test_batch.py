"""Many HPAs as arrays, against the exact one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.agents.hpa import HpaPolicy
from core.agents.hpa.batch import HpaBatch
from core.cluster.batch import FactsBatch, StateBatch
from core.state import ClusterState, DeploymentFacts
from tests.core.agents.factory import FACTS, make_situation, make_state

TARGETS = (0.3, 0.55, 0.7, 0.95)
WINDOWS_S = (0.0, 60.0, 300.0)
ANY = make_situation(make_state())


def odd_state(rng: np.random.Generator, time_s: float, desired: int) -> ClusterState:
    """Anything that a cluster may show, also what is rare."""
    cpu = None if rng.random() < 0.1 else float(rng.choice([0.0, 0.4, 0.7, 0.77, 1.0, 1.9]))
    if cpu is not None and rng.random() < 0.7:
        cpu = rng.uniform(0.0, 2.0)
    ready = 0 if rng.random() < 0.05 else int(rng.integers(1, 60))
    starting = 0 if rng.random() < 0.6 else int(rng.integers(1, 30))
    made = make_state(time_s=time_s, cpu=cpu, ready=ready, desired=desired)
    return replace(made, replicas_starting=starting)


@pytest.mark.parametrize("interval_s", [1, 5, 14, 15, 30, 300])
@pytest.mark.parametrize("follows", [1.0, 0.6])
def test_every_decision_is_that_of_the_exact_hpa(interval_s: int, follows: float) -> None:
    rng = np.random.default_rng(interval_s)
    settings = [(target, window_s) for target in TARGETS for window_s in WINDOWS_S]
    facts = [replace(FACTS, interval_s=float(interval_s), max_replicas=50) for _ in settings]
    exact = [HpaPolicy(target, down_stabilization_s=window_s) for target, window_s in settings]
    for policy, fact in zip(exact, facts, strict=True):
        policy.reset(fact)
    batch = HpaBatch(
        FactsBatch.from_facts(facts),
        np.array([target for target, _ in settings]),
        np.array([window_s for _, window_s in settings]),
    )
    desired = rng.integers(1, 56, len(settings)).tolist()
    moves = 0
    for step in range(150):
        states = [odd_state(rng, float(step * interval_s), one) for one in desired]
        found = batch.decide(StateBatch.from_states(states)).tolist()
        expected = [
            policy.decide(replace(ANY, state=state)).target
            for policy, state in zip(exact, states, strict=True)
        ]
        assert found == expected, step
        moves += sum(a != b for a, b in zip(found, desired, strict=True))
        # Somebody else moves the replicas now and then, also out of bounds or only half the way.
        for index, wanted in enumerate(found):
            if rng.random() < 0.02:
                desired[index] = int(rng.choice([0, 1, 55]))
            elif rng.random() < follows:
                desired[index] = wanted
            elif rng.random() < 0.5:
                desired[index] = (wanted + desired[index]) // 2
    assert moves > 100


def test_the_default_is_the_policys_default() -> None:
    facts: DeploymentFacts = FACTS
    policy, batch = HpaPolicy(), HpaBatch(FactsBatch.from_facts([facts]))
    policy.reset(facts)
    rng = np.random.default_rng(3)
    desired = 10
    for step in range(100):
        state = odd_state(rng, 15.0 * step, desired)
        wanted = policy.decide(replace(ANY, state=state)).target
        assert batch.decide(StateBatch.from_states([state])).tolist() == [wanted]
        desired = max(wanted, 1)
