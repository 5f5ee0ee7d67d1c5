"""Why a sync came out as it did, in one line."""

from __future__ import annotations

from core.agents.hpa.calculator import Outcome, Proposal, Tolerances, tolerances_of
from core.agents.hpa.controller import HpaDecision, SyncOutcome
from core.agents.hpa.limits import Limit
from core.agents.hpa.metrics import TargetKind
from core.agents.hpa.spec import HpaSettings, HpaSpec


def explain(decision: HpaDecision, spec: HpaSpec, settings: HpaSettings) -> str:
    """Which metric asked for what, and what held it back.

    Args:
        decision: The outcome of a sync.
        spec: The HPA.
        settings: The controller's.
    """
    if decision.outcome is SyncOutcome.DISABLED:
        return "keep: an HPA leaves a workload with 0 replicas alone"
    if decision.outcome is SyncOutcome.FORCED:
        return f"from {decision.current} to {decision.limited_by}, {decision.desired}"
    usable = [one for one in decision.proposals if one.replicas is not None]
    if not usable:
        what = "CPU metric" if [one.metric.label for one in decision.proposals] == ["CPU"] else ""
        return f"keep: no {what or 'usable metric'} of ready pods"
    leading = max(usable, key=lambda one: one.replicas or 0)
    words = _because(leading, tolerances_of(spec, settings))
    if decision.outcome is SyncOutcome.FAILED:
        failed = next(one.metric.label for one in decision.proposals if one.replicas is None)
        return f"keep: {words}, but no scaling down while {failed} fails"
    return words + _held(decision, spec, settings) + _limited(decision)


def _because(proposal: Proposal, tolerances: Tolerances) -> str:
    metric, usage = proposal.metric, proposal.usage or 0
    if metric.target_kind is TargetKind.UTILIZATION:
        shown, target = f"{usage} %", f"{metric.target} %"
    else:
        shown, target = f"{usage / 1000:g}", f"{metric.target / 1000:g}"
    if proposal.outcome is Outcome.WITHIN_TOLERANCE:
        tolerance = tolerances.up if usage > metric.target else tolerances.down
        return f"{metric.label} {shown} is within {tolerance:.3g} of {target}"
    words = f"{metric.label} {shown} of {target} on {proposal.pods} ready"
    if proposal.outcome is Outcome.UNCERTAIN:
        return f"{words}, too little to go by with {proposal.others} others: keep"
    if proposal.assumed:
        words += f" and {proposal.assumed} assumed"
    return f"{words}: {proposal.replicas}"


def _held(decision: HpaDecision, spec: HpaSpec, settings: HpaSettings) -> str:
    aim, proposed = decision.aim, decision.proposed
    if aim is None or proposed is None or aim == proposed:
        return ""
    rules = spec.behavior
    if aim < proposed:
        window_s = float(rules.scale_up.stabilization_s or 0) if rules else 0.0
        return f", held by the lowest of the last {_span(window_s)}, {aim}"
    own_s = rules.scale_down.stabilization_s if rules else None
    window_s = settings.downscale_stabilization_s if own_s is None else float(own_s)
    return f", held by the highest of the last {_span(window_s)}, {aim}"


def _limited(decision: HpaDecision) -> str:
    if decision.limited_by is Limit.NONE:
        return ""
    return f", limited to {decision.desired} by {decision.limited_by}"


def _span(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
