from __future__ import annotations

import numpy as np
import pytest

from core.agents.config import Algorithm
from core.agents.merge import merge_bundles
from core.agents.network import Network
from core.envs.observation import FEATURE_NAMES
from core.errors import InputError
from tests.core.agents.factory import make_bundle


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("count", [1, 3])
def test_the_merged_network_says_the_mean(algorithm: Algorithm, count: int) -> None:
    bundles = [make_bundle(algorithm, seed=seed) for seed in range(count)]
    merged = Network(merge_bundles(bundles))
    rng = np.random.default_rng(3)
    seen = rng.uniform(-1.0, 1.0, (50, len(FEATURE_NAMES))).astype(np.float32)
    outputs = [Network(bundle).forward(seen) for bundle in bundles]
    found = merged.forward(seen)
    np.testing.assert_allclose(
        found.scores, np.mean([one.scores for one in outputs], axis=0), atol=1e-5
    )
    if algorithm is Algorithm.PPO:
        assert found.values is not None
        values = [one.values for one in outputs if one.values is not None]
        np.testing.assert_allclose(found.values, np.mean(values, axis=0), atol=1e-5)


def test_its_papers_tell_what_it_is_made_of() -> None:
    bundles = [make_bundle(Algorithm.PPO, seed=seed) for seed in range(2)]
    manifest = merge_bundles(bundles).manifest
    one = bundles[0].manifest
    assert manifest.network.hidden == tuple(2 * units for units in one.network.hidden)
    assert manifest.timesteps == 2 * one.timesteps
    assert manifest.evaluation == {}


def test_policies_of_different_kinds_are_refused() -> None:
    with pytest.raises(InputError, match="expected policies of one algorithm"):
        merge_bundles([make_bundle(Algorithm.PPO), make_bundle(Algorithm.DQN)])
