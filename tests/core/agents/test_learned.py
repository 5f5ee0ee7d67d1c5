from __future__ import annotations

import numpy as np
import pytest

from core.agents.config import Algorithm, InferenceRule
from core.agents.learned import LearnedPolicy
from core.agents.network import Network, softmax
from core.envs.actions import action_set
from core.state import ValuesKind
from tests.core.agents.factory import make_bundle, make_situation, make_state


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("inference", list(InferenceRule))
def test_a_decision_says_what_and_why(algorithm: Algorithm, inference: InferenceRule) -> None:
    bundle = make_bundle(algorithm, inference=inference, reward_scale=0.5)
    situation = make_situation(make_state())
    decision = LearnedPolicy(bundle).decide(situation)
    output = Network(bundle).forward(situation.observation[None, :])
    every = action_set("headroom").all_targets(situation.history)[:, 0]
    best = int(output.scores[0].argmax())
    weights = softmax(output.scores, bundle.manifest.temperature)[0]
    if inference is InferenceRule.ARGMAX:
        assert decision.target == every[best]
    else:
        mean = np.exp(np.log(every) @ weights)
        assert decision.target == action_set("headroom").settle(mean[None], situation.history)[0]
    assert decision.action == best
    assert decision.change == decision.target - 10
    assert "rps" in decision.reason
    assert len(decision.action_values) == 28
    if algorithm is Algorithm.PPO:
        assert decision.values_kind is ValuesKind.PROBABILITIES
        assert sum(decision.action_values) == pytest.approx(1.0)
        assert output.values is not None
        assert decision.value == pytest.approx(output.values[0] / 0.5)
    else:
        assert decision.values_kind is ValuesKind.Q_VALUES
        assert decision.action_values == pytest.approx(tuple(output.scores[0] / 0.5))
        assert decision.value is None


def test_the_classic_actions_work_too() -> None:
    bundle = make_bundle(actions="classic", inference=InferenceRule.ARGMAX)
    policy = LearnedPolicy(bundle, "mine")
    decision = policy.decide(make_situation(make_state()))
    assert policy.action_labels == ("hold", "+1", "-1")
    assert decision.action is not None
    assert decision.change == (0, 1, -1)[decision.action]
    assert policy.name == "mine"


def test_without_any_request_rate_the_replicas_stay() -> None:
    policy = LearnedPolicy(make_bundle())
    decision = policy.decide(make_situation(make_state(rps=None)))
    assert (decision.target, decision.change) == (10, 0)
    assert decision.reason == "keep: no request rate was ever measured"
    # A gap is bridged, and a measured silence is one.
    assert policy.decide(make_situation(make_state(rps=0.0))).target == 2


def test_softmax_is_stable_and_tempered() -> None:
    scores = np.array([[1e4, 1e4 - 1.0, -1e4]], dtype=np.float32)
    np.testing.assert_allclose(softmax(scores), [[0.7311, 0.2689, 0.0]], atol=1e-4)
    np.testing.assert_allclose(softmax(scores, 0.01), [[1.0, 0.0, 0.0]], atol=1e-6)
