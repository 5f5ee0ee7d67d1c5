"""What would have come of other decisions: every alternative played forward on the same chance."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from core.debug.alternatives import MOST, alternatives_at
from core.debug.estimates import Estimate, estimate
from core.debug.futures import Course, Floats, Futures, play
from core.debug.seers import Seers
from core.debug.watching import watch
from core.errors import RunError

if TYPE_CHECKING:
    from core.agents.policy import Policy
    from core.debug.explain import Explainer
    from core.debug.moment import Moment, Moments, Progress

HORIZON_STEPS: Final = 20
SAMPLES: Final = 32
_WATCHED_STEPS: Final = 480
"""How much of the past another policy has seen when it takes over."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a moment is played forward."""

    steps: int = HORIZON_STEPS
    """Decision intervals to look ahead."""
    samples: int = SAMPLES
    """How often each alternative is lived through; 0 once, on the run's own chance."""
    most: int = MOST
    """Alternatives at most, what was decided included."""
    policies: tuple[str, ...] = ()
    """Others that take over at the moment, as `core.agents.registry.load_policy` takes them."""
    seed: int = 0
    """Where the chance that all alternatives meet comes from."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What comes of one alternative: expected values with 95 % intervals."""

    labels: tuple[str, ...]
    """The actions that come to it, or the policy that takes over."""
    takes_over: bool
    """Whether a policy takes over for good, rather than one decision being another."""
    as_decided: bool
    wanted: int | None
    """Replicas wanted at the moment; None for a policy that takes over."""
    granted: int
    """Replicas asked for at the moment, after the guardrails."""
    weight: float | None
    """Probability of the actions, where they have any."""
    latency_p95_ms: Estimate | None
    """Mean over the intervals of their 95th percentile; None if nothing was measured."""
    violation_ratio: Estimate | None
    """Share of the requests of the whole horizon; None if there were none."""
    pod_hours: Estimate
    reward: Estimate
    """The return: rewards added up, not discounted."""
    advantage: Estimate
    """Its return minus that of what was decided, sample by sample on the same chance."""
    curve_latency_p95_ms: Floats
    """Mean over the samples at each step, shape (steps,)."""
    curve_replicas_ready: Floats


@dataclass(frozen=True, slots=True, eq=False)
class WhatIf:
    """The futures of a moment."""

    step: int
    asking: Asking
    steps: int
    """Intervals that were lived through: fewer than asked for near the end of the scenario."""
    time_s: Floats
    """Ends of the intervals, shape (steps,)."""
    outcomes: tuple[Outcome, ...]
    """What was decided first, then by return, best first."""
    note: str
    """What has to be known to read them, in words; may be empty."""


class Speculation:
    """Asks what would have been, of one run; safe to use from several threads.

    Args:
        moments: The run.
        explainer: Knows what was weighed.
    """

    def __init__(self, moments: Moments, explainer: Explainer) -> None:
        self._moments = moments
        self._explainer = explainer
        self._lock = threading.Lock()
        self._seers = Seers(moments.recording.reader.info().seed)

    def ask(self, index: int, asking: Asking, on_progress: Progress | None = None) -> WhatIf:
        """Play the alternatives of step `index` forward.

        Args:
            index: The step.
            asking: How far, how often, and which other policies.
            on_progress: Hears how far going back to the step is.

        Raises:
            RunError: Nothing comes after it, or the policy is gone.
            InputError: There is no such step, or one of the other policies is unknown.
        """
        with self._lock:
            moment = self._moments.moment(index, on_progress)
            steps = min(asking.steps, moment.steps_left)
            if steps < 1:
                raise RunError("expected a step before the end of the scenario, found the last.")
            if moment.policy is None:
                raise RunError(
                    f"expected the run's policy to go on with, found none: "
                    f"{self._moments.policy_problem}"
                )
            others = [self._taking_over(spec, moment) for spec in asking.policies]
        weighing = self._explainer.explain(index).weighing
        alternatives = alternatives_at(moment, weighing, asking.most)
        courses = [Course(moment.policy, one.wanted) for one in alternatives]
        courses += [Course(other) for other in others]
        futures = play(moment, courses, steps, _seeds(asking, index))
        outcomes = [
            _outcome(
                futures,
                place,
                labels=one.labels,
                as_decided=one.as_decided,
                wanted=one.wanted,
                weight=one.weight,
            )
            for place, one in enumerate(alternatives)
        ]
        outcomes += [
            _outcome(futures, len(alternatives) + place, labels=(f"{other.name} from here",))
            for place, other in enumerate(others)
        ]
        first, *rest = outcomes
        rest.sort(key=lambda one: -one.reward.mean)
        return WhatIf(index, asking, steps, futures.time_s, (first, *rest), _note(moment, asking))

    def _taking_over(self, spec: str, moment: Moment) -> Policy:
        """Another policy that has watched the run until the moment."""
        policy, index = self._seers.load(spec, moment), moment.step.index
        first = max(0, index - _WATCHED_STEPS)
        watch(policy, self._moments.recording, self._explainer.pasts, first, index)
        return policy


def _seeds(asking: Asking, index: int) -> list[int] | None:
    if asking.samples < 1:
        return None
    state = np.random.SeedSequence([asking.seed, index]).generate_state(asking.samples)
    return [int(seed) for seed in state]


def _outcome(
    futures: Futures,
    place: int,
    *,
    labels: tuple[str, ...],
    as_decided: bool = False,
    wanted: int | None = None,
    weight: float | None = None,
) -> Outcome:
    returns = futures.reward.sum(axis=2)
    requests = futures.requests[place]
    shares = futures.violations[place] / np.where(requests > 0.0, requests, np.nan)
    latency = futures.latency_p95_ms[place]
    return Outcome(
        labels=labels,
        takes_over=wanted is None,
        as_decided=as_decided,
        wanted=wanted,
        granted=int(futures.granted[place]),
        weight=weight,
        latency_p95_ms=estimate(_mean(latency, axis=1)),
        violation_ratio=estimate(shares),
        pod_hours=_known(estimate(futures.pod_seconds[place] / 3600.0)),
        reward=_known(estimate(returns[place])),
        advantage=_known(estimate(returns[place] - returns[0])),
        curve_latency_p95_ms=_mean(latency, axis=0),
        curve_replicas_ready=futures.replicas_ready[place].mean(axis=0),
    )


def _mean(values: Floats, axis: int) -> Floats:
    """The mean of what was measured; NaN where nothing was."""
    measured = np.isfinite(values)
    count = measured.sum(axis=axis)
    total = np.where(measured, values, 0.0).sum(axis=axis)
    means: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means


def _known(found: Estimate | None) -> Estimate:
    assert found is not None, "pods and rewards are always known"
    return found


def _note(moment: Moment, asking: Asking) -> str:
    notes = [moment.stand_in] if moment.stand_in else []
    if moment.difference:
        notes.append(f"not the recorded moment: {moment.difference}")
    if moment.control.mode != "AUTO":
        notes.append(f"the policy in control, although the mode was {moment.control.mode}")
    if any(spec.partition(":")[0] == "oracle" for spec in asking.policies):
        begin = "the twin" if moment.stand_in else "the run"
        notes.append(f"the oracle planned on the recorded traffic, from the start of {begin}")
    return "; ".join(notes)
