from __future__ import annotations

import pytest

from core.agents.evaluation import Case, evaluate_cases
from core.agents.hpa import HpaPolicy
from core.agents.oracle import OraclePolicy, cheapest_within, oracle_front
from core.agents.policy import ClairvoyantPolicy, foretell, refuse_clairvoyant
from core.agents.registry import load_policy
from core.errors import InputError
from core.traffic.library import load_scenario
from tests.core.agents.factory import FACTS, make_situation, make_state

SCENARIO = load_scenario("flash-crowd").model_copy(update={"duration_s": 1800})


def test_an_episode_comes_to_what_the_front_says() -> None:
    cases = [Case(SCENARIO, seed) for seed in (1, 2)]
    for case, result in zip(cases, evaluate_cases(OraclePolicy(), cases), strict=True):
        point = cheapest_within(oracle_front(SCENARIO, case.seed), 0.001)
        assert result.policy == "oracle"
        assert result.summary.slo_violation_ratio == pytest.approx(point.slo_violation_ratio)
        assert result.summary.pod_hours == pytest.approx(point.pod_hours)
        assert result.summary.slo_violation_ratio <= 0.001


def test_a_looser_bound_is_cheaper() -> None:
    cases = [Case(SCENARIO, 1)]
    strict, loose = (
        evaluate_cases(OraclePolicy(bound), cases)[0].summary for bound in (0.001, 0.03)
    )
    assert loose.pod_hours < strict.pod_hours
    assert strict.slo_violation_ratio < loose.slo_violation_ratio <= 0.03


def test_it_says_what_comes() -> None:
    policy = OraclePolicy()
    policy.foresee(SCENARIO, 1)
    policy.reset(FACTS)
    decision = policy.decide(make_situation(make_state(time_s=0.0, desired=10)))
    assert decision.change == decision.target - 10
    assert decision.reason.startswith(f"planned beforehand: {decision.target} replicas, with up to")
    late = policy.decide(make_situation(make_state(time_s=1e6)))
    assert 2 <= late.target <= 40


def test_without_the_future_there_is_no_oracle() -> None:
    with pytest.raises(InputError, match="known beforehand"):
        OraclePolicy().reset(FACTS)
    with pytest.raises(InputError, match=r"real cluster, found oracle:0\.01"):
        refuse_clairvoyant(OraclePolicy(0.01))
    refuse_clairvoyant(HpaPolicy())
    foretell(HpaPolicy(), SCENARIO, 1)


def test_names_and_bounds() -> None:
    assert isinstance(load_policy("oracle"), ClairvoyantPolicy)
    assert load_policy("oracle:0.001").name == "oracle"
    assert load_policy("oracle:0.02").name == "oracle:0.02"
    for spec in ("oracle:", "oracle:x", "oracle:nan", "oracle:-1", "oracle:1.5", "oracle:1%"):
        with pytest.raises(InputError, match="share of violations") as caught:
            load_policy(spec)
        assert "oracle:0.001" in caught.value.hint
