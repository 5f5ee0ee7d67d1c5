"""The clairvoyant schedule as a policy: the line that no policy can pass."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.agents.guarded import GuardedBatch
from core.agents.oracle.front import Played, best_schedules, cheapest_within
from core.agents.policy import Situation
from core.cluster.columns import Floats, Integers
from core.cluster.simulator import SimulatorBatch
from core.cluster.tape import draw_tape
from core.errors import InputError
from core.state import Decision, DeploymentFacts
from core.traffic.scenario import Scenario

VIOLATION_BOUND: Final = 0.001
"""Share of requests that may violate the SLO."""
_MORE_CAREFUL: Final = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Places on the front to try, in case guardrails make the cheapest schedule violate more."""
_OUTLOOK_INTERVALS: Final = 4
"""How far ahead the reason of a decision tells what comes."""


class OraclePolicy:
    """Follows the schedule with the fewest pod-hours among those within a bound of violations.

    It must be told the future (`foresee`) before every episode, so there is none on a real
    cluster. What counts is what becomes of a schedule behind the scenario's guardrails. Where none
    is within the bound it follows the one with the fewest violations.

    Args:
        bound: Share of all requests that may violate the SLO, in 0…1.

    Raises:
        InputError: The bound is out of range.
    """

    def __init__(self, bound: float = VIOLATION_BOUND) -> None:
        if not 0.0 <= bound <= 1.0:
            raise InputError(
                f"expected a share of violations in 0…1, found {bound:g}.",
                "For example oracle:0.001 for at most 0.1 % of the requests.",
            )
        self._bound = bound
        self._interval_s = 1.0
        self._schedule: Integers | None = None
        self._rates_rps: Floats = np.empty(0)
        self._low_replicas = 1
        self._high_replicas = 1

    @property
    def name(self) -> str:
        """See `Policy`."""
        return "oracle" if self._bound == VIOLATION_BOUND else f"oracle:{self._bound:g}"

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`; a baseline has no actions."""
        return ()

    def foresee(self, scenario: Scenario, seed: int) -> None:
        """See `ClairvoyantPolicy`; plans the whole episode, which takes a second or more."""
        played = best_schedules(scenario, seed)
        points = played.points()
        chosen = points.index(cheapest_within(points, self._bound))
        nearby = np.unique(np.maximum(chosen - np.array(_MORE_CAREFUL), 0))
        guarded = _behind_guardrails(scenario, seed, played.schedules[nearby])
        points = guarded.points()
        self._schedule = guarded.schedules[points.index(cheapest_within(points, self._bound))]
        interval = scenario.interval_s
        self._interval_s = float(interval)
        self._rates_rps = draw_tape(scenario, seed).rates_rps.reshape(-1, interval).mean(axis=1)

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`.

        Raises:
            InputError: Nobody has told the future.
        """
        if self._schedule is None:
            raise InputError(
                "expected traffic that is known beforehand for policy oracle, found none.",
                "It plans with the future, so it runs on the simulator alone.",
            )
        self._low_replicas, self._high_replicas = facts.min_replicas, facts.max_replicas

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`."""
        assert self._schedule is not None, "reset checks it"
        state = situation.state
        turn = min(round(state.time_s / self._interval_s), len(self._schedule) - 1)
        wanted = int(self._schedule[turn])
        target = min(max(wanted, self._low_replicas), self._high_replicas)
        coming = self._rates_rps[turn : turn + _OUTLOOK_INTERVALS]
        words = (
            f"planned beforehand: {target} replicas, with up to {coming.max():.0f} rps "
            f"in the next {len(coming) * self._interval_s:g} s"
        )
        return Decision(target, target - state.replicas_desired, words)


def _behind_guardrails(scenario: Scenario, seed: int, schedules: Integers) -> Played:
    """What becomes of schedules in the control loop of a run."""
    single = SimulatorBatch(1, scenario.interval_s)
    single.load(0, scenario, seed)
    batch = single.fork(0, len(schedules))
    loop = GuardedBatch(batch, [scenario] * len(schedules))
    for targets in schedules.T:
        loop.step(targets)
    counters = batch.counters
    return Played(
        schedules,
        counters.violations / np.maximum(counters.arrived, 1.0),
        counters.pod_seconds / 3600.0,
    )
