"""One decision as Markdown, to be pasted into an incident report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from core.debug.report import Document
from core.times import clock

_FEATURES: Final = 12
_OPTIONS: Final = 8
_LABELS: Final = 3

_STATE: Final[tuple[tuple[str, str, float, str], ...]] = (
    # Key, name, factor, format of the number with its unit.
    ("rps", "traffic", 1.0, "{:.0f} rps"),
    ("latency_p50_ms", "latency p50", 1.0, "{:.0f} ms"),
    ("latency_p95_ms", "latency p95", 1.0, "{:.0f} ms"),
    ("latency_p99_ms", "latency p99", 1.0, "{:.0f} ms"),
    ("slo_violation_ratio", "over the SLO", 100.0, "{:.2f} %"),
    ("error_ratio", "failed", 100.0, "{:.2f} %"),
    ("cpu_utilization", "CPU of request", 100.0, "{:.0f} %"),
    ("memory_utilization", "memory of request", 100.0, "{:.0f} %"),
    ("queue_requests", "waiting requests", 1.0, "{:.0f}"),
    ("replicas_desired", "replicas desired", 1.0, "{:.0f}"),
    ("replicas_ready", "replicas ready", 1.0, "{:.0f}"),
    ("replicas_starting", "replicas starting", 1.0, "{:.0f}"),
    ("metrics_age_s", "age of metrics", 1.0, "{:.0f} s"),
)


def as_markdown(document: Document) -> str:
    """A report of `core.debug.report` for people.

    Args:
        document: What `report` gives.
    """
    parts = [
        _head(document),
        _table(("", "now", "before"), _state_rows(document)),
        *_weighing(document["weighing"]),
        *_why(document),
        _reward(document),
        *_nearest(document["nearest"]),
        *_what_if(document["what_if"]),
        _foot(document),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(document: Document) -> str:
    decision, outcome = document["decision"], document["outcome"]
    moment = datetime.fromtimestamp(document["wall_time"], UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    desired = document["state"]["replicas_desired"]
    lines = [
        f"# Decision {document['step']} of {document['run']}",
        "",
        f"- {document['policy']} on {document['scenario']} ({document['environment']}), "
        f"seed {document['seed']}, version {document['version']}",
        f"- {clock(document['time_s'])} after the start, {moment}",
        f"- The policy wanted {desired} → {decision['target']}: {decision['reason']}",
        f"- Asked of the cluster: {outcome['target']}, by {outcome['actor']}, "
        f"mode {outcome['mode']}",
    ]
    if outcome["guardrail"]:
        lines.append(f"- Guardrail: {outcome['guardrail']}")
    if document["breakpoints"]:
        lines.append(f"- Breakpoints: {', '.join(f'`{one}`' for one in document['breakpoints'])}")
    return "\n".join(lines)


def _state_rows(document: Document) -> list[list[str]]:
    now, before = document["state"], document["state_before"] or {}

    def written(values: Document, key: str, factor: float, pattern: str) -> str:
        value = values.get(key)
        return "-" if value is None else pattern.format(value * factor)

    return [
        [name, written(now, key, factor, pattern), written(before, key, factor, pattern)]
        for key, name, factor, pattern in _STATE
    ]


def _weighing(weighing: Document | None) -> list[str]:
    if weighing is None:
        return []
    entropy = weighing["entropy"]
    shown = weighing["options"][:_OPTIONS]
    rows = [
        [
            one["label"],
            _number(one["value"]),
            "-" if one["probability"] is None else f"{one['probability']:.1%}",
            "-" if one["target"] is None else str(one["target"]),
        ]
        for one in shown
    ]
    words = f"{weighing['chosen']} beat {weighing['runner_up']} by {_number(weighing['margin'])}."
    if entropy is not None:
        words += f" Entropy {entropy:.2f} of {weighing['most_entropy']:.2f} nats."
    if weighing["target_is_mean"]:
        words += " The target is the geometric mean over all actions."
    rest = len(weighing["options"]) - len(shown)
    words += f" {rest} lower ones are left out." if rest > 0 else ""
    value = "probability" if weighing["kind"] == "probabilities" else "Q-value"
    table = _table(("action", value, "weight", "replicas"), rows)
    return ["## What was weighed", table, words]


def _why(document: Document) -> list[str]:
    why, features = document["why"], document["observation"]
    if not features:
        return ["## What was seen", "The observation was not recorded."]
    if "problem" in why:
        rows = [[one["name"], one["words"], _signed(one["change"]), ""] for one in features]
        table = _table(("feature", "value", "change", ""), rows)
        return ["## What was seen", table, f"No contributions: {why['problem']}."]
    order = sorted(features, key=lambda one: -abs(one["contribution"]))
    shown = order[:_FEATURES]
    rows = [
        [
            one["name"],
            one["words"],
            one["meaning"],
            _signed(one["change"]),
            f"{one['contribution']:+.3f}",
        ]
        for one in shown
    ]
    rest = sum(one["contribution"] for one in order[_FEATURES:])
    rows.append([f"{len(order) - len(shown)} others", "", "", "", f"{rest:+.3f}"])
    words = (
        f"Contributions to: {why['about']}. It is {why['here']:.3f} here and {why['there']:.3f} at "
        f"{why['against']}; the contributions add up to {why['sum_of_contributions']:.6f} of "
        f"{why['difference']:.6f} (off by {abs(why['error']):.0e})."
    )
    heads = ("feature", "value", "meaning", "change", "contribution")
    return ["## Why", _table(heads, rows), words]


def _reward(document: Document) -> str:
    names = ("slo", "cost", "churn", "error", "total")
    rows = [
        [label, *(_optional(document[key].get(name), "{:.4f}") for name in names)]
        for label, key in (("this interval", "reward"), ("so far", "return_so_far"))
    ]
    return "## Reward\n\n" + _table(("", *names), rows)


def _nearest(nearest: Sequence[Document]) -> list[str]:
    if not nearest:
        return []
    rows = [
        [
            str(one["step"]),
            clock(one["time_s"]),
            f"{one['distance']:.2f}",
            str(one["target"]),
            _optional(one["worst_latency_p95_ms"], "{:.0f} ms"),
            one["reason"],
        ]
        for one in nearest
    ]
    heads = ("step", "time", "distance", "asked", "worst p95 after", "reason")
    return ["## Nearest past decisions for the same action", _table(heads, rows)]


def _what_if(found: Document | None) -> list[str]:
    if found is None:
        return []
    rows = [
        [
            _labels(one["labels"]),
            str(one["granted"]),
            _interval(one["latency_p95_ms"], "{:.0f}", 1.0),
            _interval(one["slo_violation_ratio"], "{:.2f}", 100.0),
            _interval(one["pod_hours"], "{:.2f}", 1.0),
            _interval(one["reward"], "{:.3f}", 1.0),
            "-" if one["as_decided"] else _interval(one["reward_advantage"], "{:+.3f}", 1.0),
        ]
        for one in found["outcomes"]
    ]
    chance = (
        f"{found['samples']} samples of fresh arrivals and start-up times, the same for all"
        if found["samples"]
        else "on the arrivals and start-up times of the run itself"
    )
    words = f"The next {found['steps']} intervals, {chance}; means with 95 % intervals."
    heads = ("instead", "asked", "p95 ms", "over SLO %", "pod-hours", "return", "against decided")
    note = f"Note: {found['note']}." if found["note"] else ""
    return ["## What if", words, _table(heads, rows), note]


def _foot(document: Document) -> str:
    lines = [f"The run was {document['replay']}." if document["replay"] else ""]
    lines += [f"Note: {document['note']}." if document["note"] else ""]
    return "\n\n".join(line for line in lines if line)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(heads), "|" + " --- |" * len(heads), *(line(row) for row in rows)])


def _labels(labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:_LABELS])
    return shown if len(labels) <= _LABELS else f"{shown} and {len(labels) - _LABELS} more"


def _interval(found: Any, pattern: str, factor: float) -> str:
    if found is None:
        return "-"
    write: Callable[[float], str] = lambda value: pattern.format(value * factor)  # noqa: E731
    mean, low, high = (write(found[name]) for name in ("mean", "low", "high"))
    return mean if low == high else f"{mean} ({low} to {high})"


def _number(value: float) -> str:
    return f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _optional(value: float | None, pattern: str) -> str:
    return "-" if value is None else pattern.format(value)
