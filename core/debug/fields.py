"""What a breakpoint may speak of: the fields of a step by name, and how each is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from core.envs.observation import FEATURES, raw_value
from core.state import Actor, ControlMode, ValuesKind

if TYPE_CHECKING:
    from core.runs.records import RunInfo

Floats = NDArray[np.float64]
Columns = Mapping[str, Any]
"""What was read of n steps: arrays of n numbers, or lists of n blobs, by what was asked for."""

HPA_TARGET: Final = "hpa_target"
"""Not in the file: what an HPA would have wanted, which is worked out from the states."""
VALUES: Final = "policy_action_values"
OBSERVATION: Final = "observation"
BLOBS: Final = (VALUES, OBSERVATION)

DIRECTIONS: Final = ("hold", "up", "down")
_PROBABILITIES: Final = f"policy_values_kind = '{ValuesKind.PROBABILITIES.value}'"


class Kind(StrEnum):
    """What can be done with a field."""

    NUMBER = "number"
    BOOLEAN = "yes or no"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a step has."""

    name: str
    meaning: str
    """A few words, with the unit."""
    kind: Kind
    needs: tuple[str, ...]
    """What has to be read: columns of `steps`, SQL expressions of them, or `HPA_TARGET`."""
    compute: Callable[[Columns], Floats]
    """Values of n steps from what was read; NaN is missing, words are their positions."""
    words: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


def _column(
    name: str, meaning: str, *aliases: str, sql: str = "", kind: Kind = Kind.NUMBER
) -> Field:
    column = sql or name

    def compute(columns: Columns) -> Floats:
        values: Floats = columns[column]
        return values

    return Field(name, meaning, kind, (column,), compute, aliases=aliases)


def _word(name: str, meaning: str, words: Sequence[str]) -> Field:
    cases = " ".join(f"WHEN '{word}' THEN {place}" for place, word in enumerate(words))
    column = f"CASE {name} {cases} END"
    return Field(name, meaning, Kind.WORD, (column,), lambda got: got[column], tuple(words))


def _direction(name: str, meaning: str, column: str) -> Field:
    def compute(columns: Columns) -> Floats:
        change = np.sign(columns[column] - columns["replicas_desired"])
        places: Floats = np.where(change < 0, 2.0, change)
        return places

    needs = (column, "replicas_desired")
    return Field(name, meaning, Kind.WORD, needs, compute, DIRECTIONS)


def _derived(
    name: str, meaning: str, needs: tuple[str, ...], compute: Callable[[Columns], Floats]
) -> Field:
    return Field(name, meaning, Kind.NUMBER, needs, compute)


def _ratio(over: Floats, under: Floats) -> Floats:
    shares: Floats = np.where(under == 0.0, np.nan, over / np.where(under == 0.0, 1.0, under))
    return shares


def _of_values(compute: Callable[[Floats], float]) -> Callable[[Columns], Floats]:
    def every(columns: Columns) -> Floats:
        rows = (np.frombuffer(blob, "<f4") if blob else None for blob in columns[VALUES])
        return np.array(
            [np.nan if row is None or len(row) < 2 else compute(row.astype(float)) for row in rows]
        )

    return every


def _entropy(columns: Columns) -> Floats:
    known = columns[_PROBABILITIES] == 1.0
    bits = _of_values(lambda row: float(-(row[row > 0] * np.log(row[row > 0])).sum()))(columns)
    entropy: Floats = np.where(known, bits, np.nan)
    return entropy


def _margin(row: Floats) -> float:
    second, first = np.partition(row, -2)[-2:]
    return float(first - second)


_FIELDS: Final = (
    _column("step", "number of the decision"),
    _column("time_s", "simulated seconds", "time"),
    _column("rps", "requests per second", "traffic"),
    _column("latency_p50_ms", "median latency, ms", "p50"),
    _column("latency_p95_ms", "95th percentile of the latency, ms", "p95"),
    _column("latency_p99_ms", "99th percentile of the latency, ms", "p99"),
    _column("slo_violation_ratio", "share of requests over the SLO, 0 to 1", "violations"),
    _column("error_ratio", "share of failed requests, 0 to 1", "errors"),
    _column("cpu_utilization", "CPU used of the request", "cpu"),
    _column("memory_utilization", "memory used of the request", "memory"),
    _column("queue_requests", "requests waiting", "queue"),
    _column("replicas_desired", "replicas asked for before the decision", "desired", "replicas"),
    _column("replicas_ready", "replicas that serve", "ready"),
    _column("replicas_starting", "replicas that start", "starting"),
    _column("nodes", "nodes of the cluster"),
    _column("metrics_age_s", "age of the metrics, s", "metrics_age"),
    _column("capacity_rps", "requests per second that the ready pods carry", "capacity"),
    _derived(
        "load",
        "traffic / capacity",
        ("rps", "capacity_rps"),
        lambda got: _ratio(got["rps"], got["capacity_rps"]),
    ),
    _column("target", "replicas asked for by the decision"),
    _derived(
        "change",
        "target minus desired replicas",
        ("target", "replicas_desired"),
        lambda got: got["target"] - got["replicas_desired"],
    ),
    _direction("action", "what was done: hold, up or down", "target"),
    _column("policy_target", "replicas that the policy wanted"),
    _column("policy_change", "policy_target minus desired replicas"),
    _direction("policy_action", "what the policy wanted: hold, up or down", "policy_target"),
    _column("policy_choice", "number of the policy's best action", sql="policy_action"),
    _derived(
        HPA_TARGET,
        "replicas that an HPA at its default would have wanted",
        (HPA_TARGET,),
        lambda got: got[HPA_TARGET],
    ),
    _direction("hpa_action", "what an HPA would have wanted: hold, up or down", HPA_TARGET),
    _derived(
        "margin",
        "value of the best action minus that of the runner-up",
        (VALUES,),
        _of_values(_margin),
    ),
    _derived(
        "confidence",
        "value of the best action: its probability, or its Q-value",
        (VALUES,),
        _of_values(lambda row: float(row.max())),
    ),
    _derived("entropy", "entropy of the probabilities, nats", (VALUES, _PROBABILITIES), _entropy),
    _column("policy_value", "the critic's estimate of the return", "value"),
    _column(
        "guardrail",
        "whether a guardrail changed the target",
        sql="guardrail <> ''",
        kind=Kind.BOOLEAN,
    ),
    _word("mode", "control mode: AUTO, SHADOW, MANUAL or HOLD", list(ControlMode)),
    _word("actor", f"who set the target: {', '.join(Actor)}", list(Actor)),
    _column("reward", "of the interval that ended"),
    _column("reward_slo", "its part for SLO violations, at most 0"),
    _column("reward_cost", "its part for pods, at most 0"),
    _column("reward_churn", "its part for changes, at most 0"),
    _column("reward_error", "its part for errors, at most 0"),
    _column("total_reward", "sum of rewards so far", "return_so_far"),
)


def vocabulary(info: RunInfo) -> dict[str, Field]:
    """Every field of a run by each of its names.

    Args:
        info: Tells the SLO and the limits, and the features of the observation.
    """
    found: dict[str, Field] = {}
    features = [
        _feature(name, place) for place, name in enumerate(info.feature_names) if name in _MEANINGS
    ]
    # What was measured comes before a feature of the same name, which says the same.
    for field in (*_FIELDS, *_facts(info), *features):
        for name in (field.name, *field.aliases):
            found.setdefault(name, field)
    return found


_MEANINGS: Final = {feature.name: feature.meaning for feature in FEATURES}


def _facts(info: RunInfo) -> list[Field]:
    facts = info.facts
    known = {
        "slo": ("the SLO's latency, ms", "slo_ms"),
        "min_replicas": ("fewest replicas allowed", "min_replicas"),
        "max_replicas": ("most replicas allowed", "max_replicas"),
        "pod_capacity": ("requests per second that one pod carries", "pod_capacity_rps"),
    }
    return [
        _constant(name, meaning, np.nan if facts is None else float(getattr(facts, attribute)))
        for name, (meaning, attribute) in known.items()
    ]


def _constant(name: str, meaning: str, value: float) -> Field:
    return _derived(name, meaning, ("step",), lambda got: np.full(len(got["step"]), value))


def _feature(name: str, place: int) -> Field:
    def compute(columns: Columns) -> Floats:
        scaled = [
            float(np.frombuffer(blob, "<f4")[place]) if blob else np.nan
            for blob in columns[OBSERVATION]
        ]
        return np.array([raw_value(name, one) for one in scaled])

    words = f"{_MEANINGS[name]} (observation)"
    return _derived(name.replace(".", "_"), words, (OBSERVATION,), compute)
