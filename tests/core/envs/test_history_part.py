from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from core.cluster.batch import FactsBatch, StateBatch
from core.envs.actions import action_set
from core.envs.history import SMOOTHING_S, StateHistory
from core.envs.history_part import history_part
from core.envs.observation import build_observation
from tests.core.agents.factory import FACTS, make_state


def _states(step: int, size: int, rng: np.random.Generator) -> StateBatch:
    return StateBatch.from_states(
        [
            make_state(
                time_s=15.0 * step,
                rps=None if rng.random() < 0.1 else rng.uniform(1.0, 900.0),
                desired=int(rng.integers(1, 40)),
            )
            for _ in range(size)
        ]
    )


def _columns(states: StateBatch, columns: slice) -> StateBatch:
    return StateBatch(*(getattr(states, item.name)[columns] for item in fields(StateBatch)))


@pytest.mark.parametrize("columns", [slice(0, 2), slice(2, 3), slice(1, 5)])
def test_a_part_is_what_a_history_of_these_clusters_alone_would_be(columns: slice) -> None:
    rng = np.random.default_rng(2)
    facts = FactsBatch.from_facts([FACTS] * 5)
    whole = StateHistory(facts)
    alone = StateHistory(FactsBatch.from_facts([FACTS] * len(range(5)[columns])))
    for step in range(150):
        states = _states(step, 5, rng)
        own = _columns(states, columns)
        if step == 0:
            whole.restart(np.ones(5, dtype=np.bool_), states)
            alone.restart(np.ones(own.size, dtype=np.bool_), own)
        else:
            whole.push(states)
            alone.push(own)
        if step % 10:
            continue
        part = history_part(whole, columns)
        assert part.size == alone.size
        for name in ("desired", "since_up_s", "since_down_s"):
            np.testing.assert_array_equal(getattr(part, name), getattr(alone, name))
        for window_s in (15.0, 60.0, 600.0):
            np.testing.assert_array_equal(part.peak_rps(window_s), alone.peak_rps(window_s))
        np.testing.assert_array_equal(
            part.smooth_rps(SMOOTHING_S[0]), alone.smooth_rps(SMOOTHING_S[0])
        )
        np.testing.assert_array_equal(build_observation(part), build_observation(alone))
        headroom = action_set("headroom")
        np.testing.assert_array_equal(headroom.all_targets(part), headroom.all_targets(alone))
