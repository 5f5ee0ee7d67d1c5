from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

from core.agents.evaluation import Case, evaluate_cases
from core.agents.hpa import HpaPolicy
from core.agents.registry import load_policy
from core.errors import InputError
from core.traffic.library import load_scenario
from tests.core.agents.factory import FACTS, make_situation, make_state

statsmodels = pytest.importorskip("statsmodels")

from core.agents.predictive import PredictivePolicy, fit  # noqa: E402

NUMBERS = np.round(10.0 + 5.0 * np.sin(np.arange(80) / 10.0) + np.arange(80) % 3)


@pytest.mark.parametrize("season", [0, 12])
def test_the_recursion_goes_on_as_statsmodels_would(season: int) -> None:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    smoothing = fit(NUMBERS[:60], season)
    assert smoothing is not None
    kind = {
        "trend": "add",
        "damped_trend": True,
        "seasonal": "add" if season else None,
        "seasonal_periods": season or None,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        method = "heuristic" if season else "estimated"
        first = ExponentialSmoothing(NUMBERS[:60], initialization_method=method, **kind).fit()
        begun = {
            "initial_level": first.params["initial_level"],
            "initial_trend": first.params["initial_trend"],
        }
        if season:
            begun["initial_seasonal"] = first.params["initial_seasons"]
        whole = ExponentialSmoothing(NUMBERS, initialization_method="known", **begun, **kind).fit(
            smoothing_level=first.params["smoothing_level"],
            smoothing_trend=first.params["smoothing_trend"],
            smoothing_seasonal=first.params["smoothing_seasonal"] if season else None,
            damping_trend=first.params["damping_trend"],
            optimized=False,
        )
    assert smoothing.forecast(1) == pytest.approx(first.forecast(1)[0])
    for number in NUMBERS[60:].tolist():
        smoothing = smoothing.follow(number)
    ours = [smoothing.forecast(step) for step in range(1, 16)]
    assert ours == pytest.approx(whole.forecast(15).tolist())


def targets(policy: PredictivePolicy | HpaPolicy, cpus: list[float]) -> list[int]:
    """Targets of a policy under load in pods' worth of CPU at 70 %; pods are ready at once."""
    policy.reset(FACTS)
    desired, found = 10, []
    for turn, cpu in enumerate(cpus):
        state = make_state(time_s=turn * 15.0, cpu=cpu / desired * 0.7, ready=desired)
        decision = policy.decide(make_situation(replace(state, replicas_desired=desired)))
        desired = decision.target
        found.append(desired)
    return found


def test_it_is_ahead_of_an_hpa_and_never_below_it() -> None:
    ramp = [10.0 + 5.0 * np.sin(turn / 12.0) for turn in range(120)]
    ours, hpa = targets(PredictivePolicy(), ramp), targets(HpaPolicy(), ramp)
    assert all(one >= other for one, other in zip(ours, hpa, strict=True))
    assert sum(ours) > sum(hpa)


def test_constant_load_is_left_to_the_hpa() -> None:
    steady = [10.0] * 40
    assert targets(PredictivePolicy(), steady) == targets(HpaPolicy(), steady) == [10] * 40


def test_absurd_numbers_neither_warn_nor_run_away() -> None:
    rng = np.random.default_rng(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for loads in (
            rng.pareto(0.5, 80),
            np.geomspace(1e-3, 1e9, 80),
            np.where(np.arange(80) % 2 == 0, 1e6, 0.0),
            np.where(np.arange(80) == 40, 1e9, 10.0),
        ):
            assert all(2 <= one <= 40 for one in targets(PredictivePolicy(), loads.tolist()))


def test_a_gap_is_left_to_the_hpa_and_the_forecast_is_in_the_reason() -> None:
    policy = PredictivePolicy()
    targets(policy, [10.0 + turn for turn in range(20)])
    decision = policy.decide(make_situation(make_state(time_s=300.0, cpu=0.9)))
    assert "forecast for 45 s ahead" in decision.reason
    decision = policy.decide(make_situation(make_state(time_s=315.0, cpu=None)))
    assert (decision.change, decision.reason) == (0, "keep: no CPU metric of ready pods")


def test_a_season_is_foreseen() -> None:
    season = 20
    loads = [10.0 + (12.0 if turn % season >= 12 else 0.0) for turn in range(7 * season)]
    ours = targets(PredictivePolicy(season * 15.0), loads)
    # The rise comes at 12 of 20; it is covered three decisions ahead.
    assert ours[6 * season + 10] > 15


def test_episodes_are_repeatable_and_independent() -> None:
    scenario = load_scenario("flash-crowd").model_copy(update={"duration_s": 1800})
    cases = [Case(scenario, seed) for seed in (1, 2)]
    together = evaluate_cases(PredictivePolicy(), cases)
    assert together[1] == evaluate_cases(PredictivePolicy(), cases[1:])[0]
    assert together[0].policy == "predictive"


def test_names_and_seasons() -> None:
    assert load_policy("predictive").name == "predictive"
    assert load_policy("predictive:3600").name == "predictive:3600"
    for spec in ("predictive:", "predictive:x", "predictive:0", "predictive:nan", "predictive:inf"):
        with pytest.raises(InputError) as caught:
            load_policy(spec)
        assert "predictive:3600" in caught.value.hint
    for season_s in (15.0, 86_400.0):
        with pytest.raises(InputError, match="a season of 30 to 6000 s"):
            PredictivePolicy(season_s).reset(FACTS)


def test_it_is_loaded_late_and_missed_in_one_line() -> None:
    code = (
        "import sys\n"
        "from core.agents.registry import load_policy\n"
        "load_policy('predictive')\n"
        "print('statsmodels' in sys.modules)\n"
        "sys.modules['statsmodels'] = None\n"
        "import importlib.util\n"
        "importlib.util.find_spec = lambda name: None\n"
        "try:\n    load_policy('predictive')\n"
        "except Exception as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    loaded, line = done.stdout.splitlines()
    assert loaded == "False"
    assert line.startswith(
        "expected the extra `train` for policy predictive, found no statsmodels. Install it: "
    )
    assert line.endswith("python -m pip install 'rlscale-console[train]'")
