"""One decision as a document of plain values, for JSON and for an incident report."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.debug.explain import Baseline, Explanation, Question, Why

if TYPE_CHECKING:
    from core.debug.debugger import Debugger
    from core.debug.estimates import Estimate
    from core.debug.weighing import Weighing
    from core.debug.whatif import Outcome, WhatIf

Document = dict[str, Any]


def report(
    debugger: Debugger,
    index: int,
    *,
    question: Question = Question.ACTION,
    baseline: Baseline = Baseline.MEAN,
    what_if: WhatIf | None = None,
) -> Document:
    """Everything about the decision of step `index`, ready for JSON.

    Args:
        debugger: The run.
        index: The step.
        question: What the contributions of the features explain.
        baseline: What they are compared with.
        what_if: Futures of the same step, if they were asked for.

    Raises:
        InputError: There is no such step.
    """
    info, found = debugger.info, debugger.explainer.explain(index)
    step, decision = found.step, found.step.decision
    why = debugger.explainer.why(index, question, baseline)
    labels, action = info.action_labels, decision.action
    return {
        "run": info.run_id,
        "environment": info.environment,
        "scenario": info.scenario,
        "policy": info.policy,
        "seed": info.seed,
        "version": info.program_version,
        "step": step.index,
        "time_s": step.state.time_s,
        "wall_time": step.wall_time,
        "state": asdict(step.state),
        "state_before": None if found.before is None else asdict(found.before.state),
        "decision": {
            "target": decision.target,
            "change": decision.change,
            "reason": decision.reason,
            "action": action,
            "label": labels[action] if action is not None and action < len(labels) else None,
            "value": decision.value,
        },
        "outcome": {
            "mode": step.mode.value,
            "actor": step.actor.value,
            "target": step.target,
            "guardrail": step.guardrail,
        },
        "weighing": None if found.weighing is None else _weighing(found.weighing),
        "observation": _observation(found, why),
        "why": {"problem": why} if isinstance(why, str) else _why(why),
        "reward": {**asdict(step.reward), "total": step.reward.total},
        "return_so_far": {
            **({} if found.returns is None else asdict(found.returns)),
            "total": found.total_reward,
        },
        "nearest": [asdict(one) for one in found.neighbours],
        "breakpoints": [one.text for one in debugger.breakpoints.at(index)],
        "replay": debugger.faithfulness(index),
        "what_if": None if what_if is None else what_if_document(what_if),
        "note": found.note,
    }


def _weighing(weighing: Weighing) -> Document:
    return {
        "kind": weighing.kind.value,
        "options": [asdict(option) for option in weighing.options],
        "chosen": weighing.chosen.label,
        "runner_up": weighing.runner_up.label,
        "margin": weighing.margin,
        "entropy": weighing.entropy,
        "most_entropy": weighing.most_entropy,
        "target_is_mean": weighing.mean_target,
    }


def _observation(found: Explanation, why: Why | str) -> list[Document]:
    contributions: list[float | None] = [None] * len(found.readings)
    if not isinstance(why, str):
        contributions = [float(one) for one in why.attribution.contributions]
    return [
        {
            "name": reading.name,
            "meaning": reading.meaning,
            "words": reading.words,
            "raw": reading.raw,
            "scaled": reading.scaled,
            "change": reading.change,
            "contribution": contribution,
        }
        for reading, contribution in zip(found.readings, contributions, strict=True)
    ]


def _why(why: Why) -> Document:
    attribution = why.attribution
    return {
        "about": why.about,
        "against": why.against,
        "here": attribution.here,
        "there": attribution.there,
        "difference": attribution.difference,
        "sum_of_contributions": float(attribution.contributions.sum()),
        "error": attribution.error,
    }


def what_if_document(found: WhatIf) -> Document:
    """Futures, ready for JSON."""
    return {
        "step": found.step,
        "steps": found.steps,
        "samples": found.asking.samples,
        "seed": found.asking.seed,
        "outcomes": [_outcome(one) for one in found.outcomes],
        "note": found.note,
    }


def _outcome(one: Outcome) -> Document:
    return {
        "labels": list(one.labels),
        "takes_over": one.takes_over,
        "as_decided": one.as_decided,
        "wanted": one.wanted,
        "granted": one.granted,
        "weight": one.weight,
        "latency_p95_ms": _estimate(one.latency_p95_ms),
        "slo_violation_ratio": _estimate(one.violation_ratio),
        "pod_hours": _estimate(one.pod_hours),
        "reward": _estimate(one.reward),
        "reward_advantage": _estimate(one.advantage),
    }


def _estimate(found: Estimate | None) -> Document | None:
    return None if found is None else asdict(found)
