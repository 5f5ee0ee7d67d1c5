"""Action sets: what a learned policy chooses among, and the one mapping to replica counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.cluster.batch import Floats
from core.envs.hindsight import FACTORS, WINDOWS_S
from core.envs.history import StateHistory
from core.errors import InputError

Integers = NDArray[np.int64]

HEADROOM_TOLERANCE = 0.13
"""Share of the desired replicas by which a mean target must differ to be worth a change; an
HPA's is 0.1."""
HEADROOM_LEAST_CHANGE = 0.8
"""Replicas by which it must differ at least: more than a half, so that noise does not switch
between two neighbours."""
HEADROOM_VIOLATED = 0.05
"""Share of requests over the SLO above which no step up is too small: the last pod that there may
be can be the one that clears a backlog."""
STEPPED_FACTORS = (0.5, 0.75, 0.9, 1.1, 1.25, 1.5, 2.0)


class ActionSet(Protocol):
    """A finite set of actions, each of which names a replica count in a given situation."""

    @property
    def name(self) -> str:
        """How bundles and configurations call it."""

    @property
    def labels(self) -> tuple[str, ...]:
        """One short label per action."""

    def all_targets(self, history: StateHistory) -> Integers:
        """Replicas that each action asks for, shape (actions, n), within min and max."""

    def settle(self, targets: Floats, history: StateHistory) -> Integers:
        """Replicas for mean targets, which are no whole numbers, shape (n,), within min and max."""

    def reason(self, history: StateHistory, index: int, action: int, target: int) -> str:
        """Why this action asks for `target` replicas of one cluster, in words."""


def targets_of(action_set: ActionSet, history: StateHistory, actions: Integers) -> Integers:
    """Replicas asked for by one action per cluster, shape (n,)."""
    every = action_set.all_targets(history)
    return every[actions, np.arange(history.size)]


def mean_targets(action_set: ActionSet, history: StateHistory, weights: Floats) -> Integers:
    """Geometric mean of all actions' targets, settled, shape (n,).

    Args:
        action_set: The actions.
        history: The n clusters.
        weights: Probabilities of the actions, shape (n, actions), each row summing to 1.
    """
    logs = np.log(np.maximum(action_set.all_targets(history), 1).astype(np.float64))
    mean = np.zeros(history.size)
    for log, weight in zip(logs, weights.T, strict=True):
        mean += log * weight
    return action_set.settle(np.exp(mean), history)


def _within_limits(targets: Floats | Integers, history: StateHistory) -> Integers:
    low, high = history.facts.min_replicas, history.facts.max_replicas
    return np.clip(targets, low, high).astype(np.int64)


def window_name(window_s: float) -> str:
    """A window in words: "latest", "1-minute", "10-minute"."""
    return "latest" if window_s <= 15.0 else f"{window_s / 60:g}-minute"


class _EveryChange:
    """Mixin of action sets that name each step themselves."""

    def settle(self, targets: Floats, history: StateHistory) -> Integers:
        """See `ActionSet`: the nearest whole number."""
        return _within_limits(np.rint(targets), history)


@dataclass(frozen=True)
class Classic(_EveryChange):
    """Hold, one more, one less: the `Discrete(3)` of the literature."""

    name: str = "classic"
    labels: tuple[str, ...] = ("hold", "+1", "-1")

    def all_targets(self, history: StateHistory) -> Integers:
        """See `ActionSet`."""
        change = np.array([[0.0], [1.0], [-1.0]])
        return _within_limits(history.desired + change, history)

    def reason(self, history: StateHistory, index: int, action: int, target: int) -> str:
        """See `ActionSet`."""
        words = ("hold", "one replica more", "one replica less")
        return f"{words[action]}: {int(history.desired[index])} → {target}"


@dataclass(frozen=True)
class Stepped(_EveryChange):
    """Hold, one more or less, and steps in proportion to the current replicas."""

    name: str = "stepped"
    labels: tuple[str, ...] = (
        "hold",
        "+1",
        "-1",
        *(f"×{factor:g}" for factor in STEPPED_FACTORS),
    )

    def all_targets(self, history: StateHistory) -> Integers:
        """See `ActionSet`."""
        desired = history.desired
        rows = [desired, desired + 1.0, desired - 1.0]
        for factor in STEPPED_FACTORS:
            scaled = desired * factor
            rows.append(np.ceil(scaled) if factor > 1.0 else np.floor(scaled))
        return _within_limits(np.stack(rows), history)

    def reason(self, history: StateHistory, index: int, action: int, target: int) -> str:
        """See `ActionSet`."""
        return f"{self.labels[action]}: {int(history.desired[index])} → {target}"


@dataclass(frozen=True)
class Headroom:
    """Which recent peak of the traffic to cover, and with how much headroom.

    target = ceil(peak rate over the window / capacity of a pod × factor).
    """

    name: str = "headroom"
    labels: tuple[str, ...] = tuple(
        f"{window_name(window_s)} ×{factor:g}" for window_s in WINDOWS_S for factor in FACTORS
    )

    def all_targets(self, history: StateHistory) -> Integers:
        """See `ActionSet`."""
        factors = np.array(FACTORS)[:, None]
        rows = [
            np.ceil(history.peak_rps(window_s) / history.facts.pod_capacity_rps * factors)
            for window_s in WINDOWS_S
        ]
        return _within_limits(np.concatenate(rows), history)

    def settle(self, targets: Floats, history: StateHistory) -> Integers:
        """See `ActionSet`."""
        desired = history.desired
        slack = np.maximum(HEADROOM_TOLERANCE * desired, HEADROOM_LEAST_CHANGE)
        stays = np.abs(targets - desired) <= slack
        settled = np.where(stays, desired, np.rint(targets))
        suffers = history.known("slo_violation_ratio") > HEADROOM_VIOLATED
        settled = np.where(suffers & (targets > desired), np.ceil(targets), settled)
        return _within_limits(settled, history)

    def reason(self, history: StateHistory, index: int, action: int, target: int) -> str:
        """See `ActionSet`."""
        window_s = WINDOWS_S[action // len(FACTORS)]
        peak = float(history.peak_rps(window_s)[index])
        words = "latest rate" if window_s <= 15.0 else f"{window_name(window_s)} peak"
        if peak <= 0.0:
            return f"no traffic seen yet: {target} replicas"
        for limit, name in (
            (history.facts.min_replicas, "fewest"),
            (history.facts.max_replicas, "most"),
        ):
            if target == limit[index]:
                return f"{words} of {peak:.0f} rps: {target}, the {name} replicas allowed"
        factor = target * float(history.facts.pod_capacity_rps[index]) / peak
        return f"cover the {words} of {peak:.0f} rps with {factor:.2g}×"


_SETS: dict[str, ActionSet] = {one.name: one for one in (Headroom(), Classic(), Stepped())}


def action_set(name: str) -> ActionSet:
    """The action set of that name.

    Raises:
        InputError: There is none.
    """
    if name not in _SETS:
        raise InputError(f"expected an action set ({', '.join(_SETS)}), found {name!r}.")
    return _SETS[name]
