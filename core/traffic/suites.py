"""Suites of random scenarios with frozen seeds: to calibrate on, to try on, and to be judged on.

All come out of `random_scenario`, like training traffic, but out of other generators. A training
draws from `default_rng([seed, cluster])` and its validation from `default_rng(seed)`: one or two
words of entropy. A member of a suite is drawn from five, of which the first is the suite's own, so
no generator of a training can ever be one of a suite's, and none of one suite one of the other's.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.errors import InputError
from core.traffic.random_scenarios import random_scenario
from core.traffic.scenario import Scenario
from core.traffic.workload import rates_per_second

_ENTROPY: Final = (0x5EED, 0xB3AC, 0x2026)
"""Frozen: other numbers are other suites, with which no earlier figure compares."""


@dataclass(frozen=True, slots=True)
class Suite:
    """Random scenarios that are the same in every run of a version."""

    name: str
    key: int
    """What tells its generators from those of other suites."""
    size: int
    purpose: str
    """What it is for, in a few words."""

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names, which `load_scenario` takes too."""
        return tuple(f"{self.name}-{number:02d}" for number in range(1, self.size + 1))

    def entropy(self, number: int, attempt: int = 0) -> tuple[int, ...]:
        """What seeds the generator of a member, counted from 1, at the n-th attempt."""
        return (self.key, *_ENTROPY, number, *((attempt,) if attempt else ()))

    def member(self, number: int) -> Scenario:
        """A member, counted from 1.

        Where the traffic is beyond all pods that there may be, no policy makes a difference; such
        a scenario is drawn again. What any policy does is not looked at.
        """
        for attempt in itertools.count():
            scenario = random_scenario(np.random.default_rng(self.entropy(number, attempt)))
            if _can_be_served(scenario):
                break
        return scenario.model_copy(update={"name": self.names[number - 1]})


def _can_be_served(scenario: Scenario) -> bool:
    rates = rates_per_second(scenario, np.random.default_rng(scenario.seed))
    capacity = scenario.cluster.max_replicas * scenario.service.pod_capacity_rps
    beyond = float(rates[rates > _FULL * capacity].sum())
    return beyond <= _MOST_BEYOND * float(rates.sum())


HELD_OUT: Final = Suite("heldout", 71, 16, "traffic that nobody has trained or calibrated on")
TRAINING: Final = Suite("training", 29, 128, "traffic that rivals are calibrated on")
"""Large, since a few hopeless episodes weigh much in a mean score: of 32 episodes at a time, the
best HPA was another one each time, on average 0.07 worse than the best of 192; of 128, 0.006."""
TRIALS: Final = Suite("trials", 47, 96, "traffic that variants of policies are compared on")
"""So that nobody is tempted to choose among variants by what the held-out suite says."""
SUITES: Final = (HELD_OUT, TRAINING, TRIALS)

_FULL: Final = 0.95
"""Share of the capacity of all pods from which on backlogs hardly go away."""
_MOST_BEYOND: Final = 0.25
"""Share of the requests that may arrive beyond that."""

_MEMBER: Final = re.compile(r"([a-z]+)-(\d{2,3})")


def suite_member(name: str) -> Scenario | None:
    """The member of that name, such as heldout-03; None if no suite has names like that.

    Raises:
        InputError: A suite has names like that, but not this one.
    """
    match = _MEMBER.fullmatch(name)
    suite = next((one for one in SUITES if match and one.name == match[1]), None)
    if match is None or suite is None:
        return None
    number = int(match[2])
    if name not in suite.names:
        raise InputError(
            f"expected a member of the suite {suite.name} (01 to {suite.size:02d}), found {name}."
        )
    return suite.member(number)
