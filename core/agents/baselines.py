"""The baselines by name: what the operator types, and what it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from core.agents import keda, kpa
from core.agents.hpa import DOWN_STABILIZATION_S, TARGET_UTILIZATION, HpaPolicy, is_manifest
from core.agents.hpa.rules import MOST_STABILIZATION_S
from core.agents.oracle import VIOLATION_BOUND, OraclePolicy
from core.agents.policy import Policy
from core.agents.predictive import PredictivePolicy
from core.agents.rule import UTILIZATION, WINDOW_S, RatePolicy
from core.agents.static import StaticPolicy
from core.agents.threshold import LOWER_UTILIZATION, UPPER_UTILIZATION, ThresholdPolicy
from core.errors import InputError
from core.locations import typed_path

_MOST_REPLICAS: Final = 100_000
_LEAST_AIM: Final = 0.01
_MOST_AIM: Final = 3.0
"""Pods may use more than they request, but whoever types 60 means a percentage."""
_SHOWN: Final = 60
"""Characters of what was typed that an error repeats."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A policy that nobody trains."""

    spec: str
    """An example of what `load_baseline` takes."""
    description: str


BASELINES: Final = (
    Baseline(
        "hpa",
        f"Kubernetes HPA on CPU, target {TARGET_UTILIZATION:.0%}; hpa:0.6 aims at 60 %, "
        "hpa:0.6:60 scales down after 60 s, hpa:FILE.yaml follows a manifest",
    ),
    Baseline(
        "rule",
        f"highest request rate of {WINDOW_S:g} s at {UTILIZATION:.0%} of capacity; "
        "rule:60:0.8 looks back 60 s and aims at 80 %",
    ),
    Baseline(
        "keda",
        f"request rate per pod, {keda.TARGET_SHARE:.0%} of capacity, through an HPA; "
        "keda:40 for 40 rps per pod",
    ),
    Baseline(
        "kpa",
        f"Knative: concurrency, {kpa.TARGET_SHARE:.0%} of what a pod holds, with panic mode; "
        "kpa:rps goes by the request rate",
    ),
    Baseline(
        "predictive",
        "HPA on CPU with a Holt-Winters forecast of it; predictive:3600 for traffic that repeats "
        "every hour",
    ),
    Baseline(
        "oracle",
        "knows the traffic beforehand: fewest pods for at most "
        f"{VIOLATION_BOUND:.1%} violations; oracle:0.01 for 1 %, simulator only",
    ),
    Baseline(
        "threshold",
        f"one replica more over {UPPER_UTILIZATION:.0%} CPU, one less under "
        f"{LOWER_UTILIZATION:.0%}",
    ),
    Baseline("static:10", "a fixed replica count; static:N for N"),
)


def load_baseline(spec: str) -> Policy | None:
    """The baseline that an operator means; None if it is none.

    Args:
        spec: A name, or a name with parameters after a colon.

    Raises:
        InputError: A parameter is out of range.
    """
    name, colon, argument = spec.partition(":")
    load = _LOADERS.get(name)
    if load is None or (colon and name in _PLAIN):
        return None
    return load(spec, argument if colon else None)


def _hpa(spec: str, argument: str | None) -> Policy:
    if argument is None:
        return HpaPolicy()
    if is_manifest(argument):
        return HpaPolicy.from_file(typed_path(argument))
    target, second, window = argument.partition(":")
    hint = "A share of the CPU request: hpa:0.6 for 60 %; or hpa:my-hpa.yaml for a manifest."
    aim = _number(target)
    if not _LEAST_AIM <= aim <= _MOST_AIM:
        expected = f"a CPU target between {_LEAST_AIM:g} and {_MOST_AIM:g}"
        raise _refusal(spec, expected, argument, hint)
    window_s = DOWN_STABILIZATION_S
    if second:
        window_s = _number(window)
        if not (window_s.is_integer() and 0 <= window_s <= MOST_STABILIZATION_S):
            expected = f"a window of scaling down of 0 to {MOST_STABILIZATION_S} s"
            hint = "For example hpa:0.6:60 to scale down once 60 s have asked for less."
            raise _refusal(spec, expected, window, hint)
    return HpaPolicy(aim, down_stabilization_s=window_s)


def _rule(spec: str, argument: str | None) -> Policy:
    if argument is None:
        return RatePolicy()
    window, _, utilization = argument.partition(":")
    window_s, share = _number(window), _number(utilization)
    if window_s != window_s or share != share:
        hint = "For example rule:75:0.75 for the highest rate of 75 s at 75 % utilisation."
        raise _refusal(spec, "two numbers with a colon between", argument, hint)
    return RatePolicy(window_s, share)


def _keda(spec: str, argument: str | None) -> Policy:
    if argument is None:
        return keda.KedaPolicy()
    threshold_rps = _number(argument)
    if threshold_rps != threshold_rps:
        hint = "For example keda:40 for one pod per 40 requests per second."
        raise _refusal(spec, "requests per second and pod", argument, hint)
    return keda.KedaPolicy(threshold_rps)


def _kpa(spec: str, argument: str | None) -> Policy:
    metrics = tuple(kpa.KpaMetric)
    if argument is not None and argument not in metrics:
        raise _refusal(spec, " or ".join(metrics), argument, "For example kpa:rps.")
    return kpa.KpaPolicy() if argument is None else kpa.KpaPolicy(kpa.KpaMetric(argument))


def _predictive(spec: str, argument: str | None) -> Policy:
    if argument is None:
        return PredictivePolicy()
    season_s = _number(argument)
    if season_s != season_s:
        hint = "For example predictive:3600 for traffic that repeats every hour."
        raise _refusal(spec, "a season in seconds", argument, hint)
    return PredictivePolicy(season_s)


def _oracle(spec: str, argument: str | None) -> Policy:
    if argument is None:
        return OraclePolicy()
    bound = _number(argument)
    if bound != bound:
        hint = "For example oracle:0.001 for at most 0.1 % of the requests."
        raise _refusal(spec, "a share of violations", argument, hint)
    return OraclePolicy(bound)


def _threshold(spec: str, argument: str | None) -> Policy:
    return ThresholdPolicy()


def _static(spec: str, argument: str | None) -> Policy:
    text = argument or ""
    if not (re.fullmatch("[0-9]{1,6}", text) and 1 <= int(text) <= _MOST_REPLICAS):
        raise _refusal(
            spec, f"a replica count of 1 to {_MOST_REPLICAS}", text, "For example static:10."
        )
    return StaticPolicy(int(text))


_LOADERS: Final[Mapping[str, Callable[[str, str | None], Policy]]] = {
    "hpa": _hpa,
    "rule": _rule,
    "keda": _keda,
    "kpa": _kpa,
    "predictive": _predictive,
    "oracle": _oracle,
    "threshold": _threshold,
    "static": _static,
}
BASELINE_NAMES: Final = frozenset(_LOADERS)
"""What comes before the colon: no trained policy can have such a name."""
_PLAIN: Final = ("threshold",)
"""Baselines without parameters."""


def _number(text: str) -> float:
    """NaN for what is no number."""
    try:
        return float(text) if len(text) <= _SHOWN else float("nan")
    except ValueError:
        return float("nan")


def _refusal(spec: str, expected: str, found: str, hint: str) -> InputError:
    return InputError(f"expected {expected} in {_cut(spec)}, found {_cut(found)}.", hint)


def _cut(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")
