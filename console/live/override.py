"""What an override would do, judged before it is sent by the guardrails that will judge it then."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import InputError
from core.runs.control import check_override
from core.state import ClusterState, DeploymentFacts

if TYPE_CHECKING:
    from core.traffic.scenario import GuardrailSettings

DEFAULT_TIME_TO_LIVE = "15 min"
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|sec|m|min|h|d)?\s*$", re.IGNORECASE)
_SECONDS = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


@dataclass(frozen=True, slots=True)
class OverridePreview:
    """An override before it is sent."""

    replicas: int
    ttl_s: float | None
    change: str
    """Such as "8 -> 12  +50 %", with an arrow."""
    cost: str
    """Estimated cost against staying as it is."""
    verdict: str
    """What the guardrails will make of it."""
    changed_by_guardrails: bool


def parse_replicas(text: str, facts: DeploymentFacts) -> int:
    """A replica count as typed.

    Raises:
        InputError: Not a whole number, or outside the limits of the deployment.
    """
    try:
        replicas = int(text)
    except ValueError:
        raise InputError(f"expected a whole number, found {text.strip()!r}.") from None
    check_override(replicas, None, facts)
    return replicas


def parse_time_to_live(text: str) -> float | None:
    """A duration as typed, in seconds: "15 min", "90 s", "2h", or minutes; None if empty.

    Raises:
        InputError: Not a duration, or not above zero.
    """
    if not text.strip():
        return None
    match = _DURATION.match(text)
    if match is None:
        raise InputError(f"expected such as 15 min, 90 s, 2 h, found {text.strip()!r}.")
    seconds = float(match.group(1)) * _SECONDS[(match.group(2) or "min").lower()]
    if seconds <= 0:
        raise InputError("expected more than 0, found 0.")
    return seconds


def preview(
    replicas: int,
    ttl_s: float | None,
    now: int,
    state: ClusterState,
    facts: DeploymentFacts,
    guardrails: GuardrailSettings | None,
) -> OverridePreview:
    """What pinning `replicas` for `ttl_s` seconds means, where `now` are asked for."""
    percent = 100 * (replicas - now) / now if now else 0.0
    change = f"{now} → {replicas}"
    if replicas != now:
        change += f"   {percent:+.0f} %"
    verdict, changed = _verdict(replicas, state, facts, guardrails)
    return OverridePreview(replicas, ttl_s, change, _cost(replicas - now, ttl_s), verdict, changed)


def _cost(more: int, ttl_s: float | None) -> str:
    if more == 0:
        return "est. cost unchanged"
    if ttl_s is None:
        return f"est. cost {more:+d} pod·h per hour"
    return f"est. cost {more * ttl_s / 3600:+.1f} pod·h"


def _verdict(
    replicas: int,
    state: ClusterState,
    facts: DeploymentFacts,
    settings: GuardrailSettings | None,
) -> tuple[str, bool]:
    limits = f"limits {facts.min_replicas}…{facts.max_replicas}"
    if settings is None:
        return f"{limits}: the engine decides", False
    import numpy as np

    from core.cluster.batch import FactsBatch, StateBatch
    from core.cluster.guardrails import Guardrail, Guardrails, guardrail_text

    step = _step_text(settings)
    rulings = Guardrails([settings], FactsBatch.from_facts([facts])).rule(
        np.array([replicas], dtype=np.int64),
        StateBatch.from_states([state]),
        exempt=np.array([True]),
    )
    flags = Guardrail(int(rulings.flags[0]))
    if not flags:
        return f"{limits}{step}: allowed{_overload(replicas, state, facts)}", False
    return guardrail_text(flags, replicas, int(rulings.targets[0])), True


def _overload(replicas: int, state: ClusterState, facts: DeploymentFacts) -> str:
    """A word of warning where the replicas carry less than what arrives."""
    carried = replicas * facts.pod_capacity_rps
    if state.rps is None or carried >= state.rps:
        return ""
    return f", but they carry {carried:.0f} of {state.rps:.0f} rps"


def _step_text(settings: GuardrailSettings) -> str:
    if settings.largest_step_up is not None:
        return f", largest step +{settings.largest_step_up}"
    if settings.largest_step_up_ratio is not None:
        return f", largest step +{100 * settings.largest_step_up_ratio:.0f} %"
    return ""
