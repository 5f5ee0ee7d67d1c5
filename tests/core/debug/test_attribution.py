"""Contributions add up, blame what mattered, and need no torch to do so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.agents.bundle import PolicyBundle
from core.agents.config import Algorithm
from core.agents.learned import LearnedPolicy
from core.agents.network import Network
from core.agents.registry import load_policy
from core.debug.attribution import MeanTarget, Preference, attribute
from core.envs.observation import FEATURE_NAMES
from tests.core.agents.factory import make_bundle

FEATURES = len(FEATURE_NAMES)
ACTIONS = 28


def network(activation: str, seed: int) -> Network:
    bundle = make_bundle(Algorithm.PPO, seed=seed)
    layout = bundle.manifest.network.model_copy(update={"activation": activation})
    manifest = bundle.manifest.model_copy(update={"network": layout})
    return Network(PolicyBundle(manifest, bundle.weights))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["relu", "tanh"]), st.integers(0, 10_000))
def test_contributions_add_up(activation: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = network(activation, seed % 7)
    here, there = rng.uniform(-1, 1, (2, FEATURES))
    for head in (
        Preference(int(rng.integers(ACTIONS)), int(rng.integers(ACTIONS)), 50.0),
        MeanTarget(tuple(rng.integers(1, 60, ACTIONS).tolist()), float(rng.uniform(0.2, 2.0))),
    ):
        found = attribute(made, head, here.tolist(), there)
        assert abs(found.error) < 1e-6 * max(1.0, abs(found.difference))


@pytest.mark.parametrize("name", ["ppo", "dqn"])
def test_the_shipped_policies_are_explained_exactly(name: str) -> None:
    policy = load_policy(name)
    assert isinstance(policy, LearnedPolicy)
    rng = np.random.default_rng(3)
    for _ in range(5):
        here, there = rng.uniform(-1, 1, (2, FEATURES))
        found = attribute(policy.network, Preference(9, 2), here.tolist(), there)
        assert abs(found.error) < 1e-10
        scores = policy.network.scores(here[None, :].astype(np.float32))[0]
        assert found.here == pytest.approx(float(scores[9] - scores[2]), abs=1e-4)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_it_is_the_integral_of_the_gradient(activation: str) -> None:
    made = network(activation, 1)
    rng = np.random.default_rng(5)
    here, there = rng.uniform(-1, 1, (2, FEATURES))
    head = Preference(4, 11)
    found = attribute(made, head, here.tolist(), there)
    # The same by differences of the network itself at many points of the line.
    layers = [(weight.astype(float), bias.astype(float)) for weight, bias in made.scoring_layers]

    def value(inputs: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> object:
        hidden = inputs
        for weight, bias in layers[:-1]:
            hidden = hidden @ weight + bias
            hidden = np.maximum(hidden, 0.0) if activation == "relu" else np.tanh(hidden)
        weight, bias = layers[-1]
        return head(hidden @ weight + bias)[0]

    points = there + ((np.arange(4000) + 0.5) / 4000)[:, None] * (here - there)
    for feature in (0, 7, FEATURES - 1):
        step = np.zeros(FEATURES)
        step[feature] = 1e-6
        slopes = (np.asarray(value(points + step)) - np.asarray(value(points - step))) / 2e-6
        expected = float(slopes.mean() * (here - there)[feature])
        assert found.contributions[feature] == pytest.approx(expected, rel=2e-3, abs=5e-4)


def test_a_feature_that_is_not_looked_at_contributes_nothing() -> None:
    bundle = make_bundle(Algorithm.PPO)
    weights = dict(bundle.weights)
    first = weights["mlp_extractor.policy_net.0.weight"].copy()
    first[:, 12] = 0.0
    weights["mlp_extractor.policy_net.0.weight"] = first
    made = Network(replace(bundle, weights=weights))
    here, there = np.random.default_rng(0).uniform(-1, 1, (2, FEATURES))
    found = attribute(made, Preference(0, 1), here.tolist(), there)
    assert found.contributions[12] == 0.0
    assert np.count_nonzero(found.contributions) == FEATURES - 1


def test_without_a_distance_there_is_nothing_to_explain() -> None:
    here = np.linspace(-1, 1, FEATURES)
    found = attribute(network("relu", 2), Preference(0, 1), here.tolist(), here)
    assert not found.contributions.any()
    assert found.difference == 0.0
