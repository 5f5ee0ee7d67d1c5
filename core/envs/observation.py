"""What a policy sees: named, bounded, scale-free features of a cluster's recent past.

Everything is a ratio, a logarithm of a ratio or a time relative to the decision interval, so that
a policy trained on 5 to 50 pods acts on 3 or 300. The list of features has a version and a hash
that every policy stores; a policy from another list is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cluster.batch import Floats
from core.envs.hindsight import FACTORS, WINDOWS_S
from core.envs.history import StateHistory

OBSERVATION_VERSION = 3
"""Raised whenever a formula changes while its feature keeps its name."""

_LEAST_RPS = 0.1
"""Rates below this count as this, so that a ratio of two silences is 1."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of the observation."""

    name: str
    low: float
    high: float
    meaning: str
    compute: Callable[[StateHistory], Floats]


def _log_ratio(numerator: Floats, denominator: Floats, least: float = _LEAST_RPS) -> Floats:
    ratio: Floats = np.log(np.maximum(numerator, least) / np.maximum(denominator, least))
    return ratio


def _ready_capacity(history: StateHistory) -> Floats:
    ready = np.maximum(history.state.replicas_ready, 0.5)
    capacity: Floats = ready * history.facts.pod_capacity_rps
    return capacity


def _desired_capacity(history: StateHistory) -> Floats:
    capacity: Floats = np.maximum(history.desired, 0.5) * history.facts.pod_capacity_rps
    return capacity


def _growth(tau_s: float) -> Callable[[StateHistory], Floats]:
    return lambda history: _log_ratio(history.known("rps"), history.smooth_rps(tau_s))


def _peak(window_s: float) -> Callable[[StateHistory], Floats]:
    return lambda history: _log_ratio(history.peak_rps(window_s), history.known("rps"))


def _trough(window_s: float) -> Callable[[StateHistory], Floats]:
    return lambda history: _log_ratio(history.lowest_rps(window_s), history.known("rps"))


def _latency(name: str) -> Callable[[StateHistory], Floats]:
    return lambda history: _log_ratio(history.known(name), history.facts.slo_ms, 0.01)


def _since(name: str) -> Callable[[StateHistory], Floats]:
    def compute(history: StateHistory) -> Floats:
        elapsed: Floats = np.tanh(getattr(history, name) / 300.0)
        return elapsed

    return compute


def _replica_change(window_s: float) -> Callable[[StateHistory], Floats]:
    return lambda history: _log_ratio(history.desired, history.desired_before(window_s), 1.0)


def _violation(window_s: float) -> Callable[[StateHistory], Floats]:
    def compute(history: StateHistory) -> Floats:
        worst: Floats = np.sqrt(history.worst_violation(window_s))
        return worst

    return compute


def _cover(window_s: float) -> Callable[[StateHistory], Floats]:
    return lambda history: _log_ratio(_desired_capacity(history), history.peak_rps(window_s))


def _queue_seconds(history: StateHistory) -> Floats:
    seconds: Floats = np.log1p(history.known("queue_requests") / _ready_capacity(history))
    return seconds


def _share(name: str) -> Callable[[StateHistory], Floats]:
    def compute(history: StateHistory) -> Floats:
        share: Floats = getattr(history.state, name) / np.maximum(history.desired, 1.0)
        return share

    return compute


def _short(window_s: float) -> str:
    return f"{window_s:.0f}s" if window_s < 60.0 else f"{window_s / 60.0:.0f}m"


def _surprise(window: int) -> Feature:
    name = _short(WINDOWS_S[window])
    words = f"largest log of rate / earlier {name} peak, fading over an hour"
    return Feature(
        f"surprise_{name}", -0.5, 2.5, words, lambda history: history.coverage.surprise[window]
    )


def _known(name: str) -> Callable[[StateHistory], Floats]:
    return lambda history: history.known(name)


def _regret(rule: int) -> Feature:
    window, factor = divmod(rule, len(FACTORS))
    name = _short(WINDOWS_S[window])
    words = (
        f"square root of how much worse {FACTORS[factor]:g} × the {name} peak would have scored "
        "so far than the best such rule"
    )
    return Feature(
        f"regret_{name}_x{FACTORS[factor]:g}", 0.0, 2.0, words, lambda h: h.hindsight.regrets[rule]
    )


def _best_rule_target(history: StateHistory) -> Floats:
    best = history.hindsight.scores.argmin(axis=0)
    return _log_ratio(
        history.hindsight.targets[best, np.arange(history.size)], history.desired, 1.0
    )


FEATURES: tuple[Feature, ...] = (
    Feature("load_ready", 0.0, 4.0, "rate / capacity of the ready pods",
            lambda h: h.known("rps") / _ready_capacity(h)),
    Feature("load_desired", 0.0, 4.0, "rate / capacity of the desired pods",
            lambda h: h.known("rps") / _desired_capacity(h)),
    Feature("cpu_utilization", 0.0, 3.0, "CPU used / requested", _known("cpu_utilization")),
    Feature("memory_utilization", 0.0, 3.0, "memory used / requested",
            _known("memory_utilization")),
    Feature("growth_1m", -2.0, 2.0, "log of rate / its 1-minute average", _growth(60.0)),
    Feature("growth_5m", -2.0, 2.0, "log of rate / its 5-minute average", _growth(300.0)),
    Feature("growth_20m", -2.0, 2.0, "log of rate / its 20-minute average", _growth(1200.0)),
    Feature("peak_1m", 0.0, 3.0, "log of the 1-minute peak / rate", _peak(60.0)),
    Feature("peak_3m", 0.0, 3.0, "log of the 3-minute peak / rate", _peak(180.0)),
    Feature("peak_10m", 0.0, 3.0, "log of the 10-minute peak / rate", _peak(600.0)),
    Feature("peak_30m", 0.0, 3.0, "log of the 30-minute peak / rate", _peak(1800.0)),
    Feature("trough_3m", -3.0, 0.0, "log of the 3-minute low / rate", _trough(180.0)),
    Feature("trough_10m", -3.0, 0.0, "log of the 10-minute low / rate", _trough(600.0)),
    Feature("volatility", 0.0, 2.0, "typical log change of the rate between intervals",
            lambda h: h.volatility()),
    Feature("latency_p50", -4.0, 3.0, "log of p50 / SLO", _latency("latency_p50_ms")),
    Feature("latency_p95", -4.0, 3.0, "log of p95 / SLO", _latency("latency_p95_ms")),
    Feature("latency_p99", -4.0, 3.0, "log of p99 / SLO", _latency("latency_p99_ms")),
    Feature("violation_now", 0.0, 1.0, "square root of the share over the SLO", _violation(0.0)),
    Feature("violation_3m", 0.0, 1.0, "the same, worst of 3 minutes", _violation(180.0)),
    Feature("violation_15m", 0.0, 1.0, "the same, worst of 15 minutes", _violation(900.0)),
    Feature("error_ratio", 0.0, 1.0, "share of failed requests", _known("error_ratio")),
    Feature("queue", 0.0, 4.0, "log of 1 + seconds of work waiting", _queue_seconds),
    Feature("ready_share", 0.0, 2.0, "ready / desired pods", _share("replicas_ready")),
    Feature("starting_share", 0.0, 2.0, "starting / desired pods", _share("replicas_starting")),
    Feature("room_up", 0.0, 4.0, "log of the most replicas allowed / desired",
            lambda h: _log_ratio(h.facts.max_replicas, h.desired, 1.0)),
    Feature("room_down", 0.0, 4.0, "log of desired / the fewest replicas allowed",
            lambda h: _log_ratio(h.desired, h.facts.min_replicas, 1.0)),
    Feature("granularity", 0.0, 1.0, "1 / desired pods: what one pod more means",
            lambda h: 1.0 / np.maximum(h.desired, 1.0)),
    Feature("changed_1m", -2.0, 2.0, "log of desired / desired 1 minute ago",
            _replica_change(60.0)),
    Feature("changed_5m", -2.0, 2.0, "log of desired / desired 5 minutes ago",
            _replica_change(300.0)),
    Feature("since_up", 0.0, 1.0, "time since scaling up, saturating at minutes",
            _since("since_up_s")),
    Feature("since_down", 0.0, 1.0, "time since scaling down, saturating at minutes",
            _since("since_down_s")),
    Feature("cover_3m", -2.0, 3.0, "log of desired capacity / the 3-minute peak", _cover(180.0)),
    Feature("cover_10m", -2.0, 3.0, "log of desired capacity / the 10-minute peak",
            _cover(600.0)),
    Feature("startup", -3.0, 4.0, "log of the median start-up time / decision interval",
            lambda h: _log_ratio(h.facts.startup_median_s, h.facts.interval_s, 0.1)),
    Feature("metrics_age", 0.0, 3.0, "log of 1 + age of the metrics in decision intervals",
            lambda h: np.log1p(h.state.metrics_age_s / h.facts.interval_s)),
    *(_regret(rule) for rule in range(len(WINDOWS_S) * len(FACTORS))),
    Feature("best_rule", -2.0, 2.0, "log of what the best of those rules asks for now / desired",
            _best_rule_target),
    Feature("best_score", 0.0, 3.0, "log of the score of the best of those rules",
            lambda h: np.log(h.hindsight.best_score)),
    *(_surprise(window) for window in range(len(WINDOWS_S))),
    Feature("violation_mean_10m", 0.0, 1.0, "square root of the share over the SLO, 10 minutes",
            lambda h: np.sqrt(h.coverage.violation_of_late)),
    Feature("violation_mean_60m", 0.0, 1.0, "the same, an hour",
            lambda h: np.sqrt(h.coverage.violation)),
    Feature("load_mean_60m", 0.0, 2.0, "mean of rate / capacity of the ready pods, an hour",
            lambda h: h.coverage.load),
    Feature("evidence", 0.0, 1.0, "how much has been seen since the start, saturating at an hour",
            lambda h: np.tanh(h.coverage.count * h.interval_s / 3600.0)),
)  # fmt: skip

FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)

_LOW = np.array([[feature.low] for feature in FEATURES])
_HIGH = np.array([[feature.high] for feature in FEATURES])
_CENTRE = (_LOW + _HIGH) / 2.0
_HALF_RANGE = (_HIGH - _LOW) / 2.0


def observation_hash() -> str:
    """Identity of the observation: changes with the version, any name, order or bound."""
    text = f"v{OBSERVATION_VERSION};" + ";".join(
        f"{feature.name}:{feature.low}:{feature.high}" for feature in FEATURES
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def raw_features(history: StateHistory) -> Floats:
    """The features in their own units, clipped to their bounds, shape (features, n)."""
    rows = np.empty((len(FEATURES), history.size), dtype=np.float64)
    for row, feature in zip(rows, FEATURES, strict=True):
        row[:] = feature.compute(history)
    clipped: Floats = np.clip(rows, _LOW, _HIGH)
    return clipped


def build_observation(history: StateHistory) -> NDArray[np.float32]:
    """The observation of every cluster, shape (n, features), each feature scaled to -1…1."""
    scaled = (raw_features(history) - _CENTRE) / _HALF_RANGE
    return np.ascontiguousarray(scaled.T, dtype=np.float32)


def raw_value(name: str, scaled: float) -> float:
    """A feature's value in its own units, from its value in the observation."""
    feature = FEATURES[FEATURE_NAMES.index(name)]
    return (feature.low + feature.high) / 2.0 + scaled * (feature.high - feature.low) / 2.0
