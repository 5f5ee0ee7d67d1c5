from __future__ import annotations

import numpy as np
import pytest

from core.envs.actions import action_set, mean_targets, targets_of
from core.envs.history import StateHistory
from core.errors import InputError
from tests.core.envs.factory import batch, calm, facts


@pytest.fixture
def history() -> StateHistory:
    """One cluster of 10 pods whose rate was 600 four minutes ago and is 300 now."""
    history = StateHistory(facts())
    history.restart(np.array([True]), batch(calm(rps=600)))
    for _ in range(15):
        history.push(batch(calm(rps=300)))
    return history


def target(history: StateHistory, name: str, label: str) -> int:
    actions = action_set(name)
    index = actions.labels.index(label)
    return int(targets_of(actions, history, np.array([index]))[0])


@pytest.mark.parametrize(("label", "expected"), [("hold", 10), ("+1", 11), ("-1", 9)])
def test_classic_means_what_its_labels_say(
    history: StateHistory, label: str, expected: int
) -> None:
    assert target(history, "classic", label) == expected


def test_classic_order_is_the_contract() -> None:
    assert action_set("classic").labels == ("hold", "+1", "-1")


@pytest.mark.parametrize(
    ("label", "expected"), [("hold", 10), ("×0.5", 5), ("×1.1", 11), ("×1.25", 13), ("×2", 20)]
)
def test_stepped(history: StateHistory, label: str, expected: int) -> None:
    assert target(history, "stepped", label) == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [("latest ×1.05", 7), ("3-minute ×1.4", 9), ("10-minute ×1.4", 17), ("10-minute ×2.8", 34)],
)
def test_headroom_covers_the_peak_of_its_window(
    history: StateHistory, label: str, expected: int
) -> None:
    assert target(history, "headroom", label) == expected


def test_headroom_reason_reads_well(history: StateHistory) -> None:
    actions = action_set("headroom")
    action = actions.labels.index("10-minute ×1.4")
    assert actions.reason(history, 0, action, 17) == "cover the 10-minute peak of 600 rps with 1.4×"
    facts = history.facts.facts(0)
    for limit, words in ((facts.min_replicas, "fewest"), (facts.max_replicas, "most")):
        found = actions.reason(history, 0, action, limit)
        assert found == f"10-minute peak of 600 rps: {limit}, the {words} replicas allowed"


@pytest.mark.parametrize("name", ["classic", "headroom", "stepped"])
def test_every_target_respects_the_limits(history: StateHistory, name: str) -> None:
    for rps in (0.0, 1e7):
        history.push(batch(calm(rps=rps)))
        targets = action_set(name).all_targets(history)
        assert targets.min() >= 2
        assert targets.max() <= 40


def test_mean_target_lies_between_and_equals_a_certain_action(history: StateHistory) -> None:
    actions = action_set("headroom")
    certain = np.zeros((1, len(actions.labels)))
    certain[0, 5] = 1.0
    assert mean_targets(actions, history, certain)[0] == actions.all_targets(history)[5, 0]
    half = np.zeros((1, len(actions.labels)))
    half[0, [0, 27]] = 0.5
    low, high = actions.all_targets(history)[[0, 27], 0]
    assert mean_targets(actions, history, half)[0] == round((low * high) ** 0.5)


@pytest.mark.parametrize(
    ("wish", "replicas"), [(6.7, 6), (6.9, 7), (5.3, 6), (5.1, 5), (6.0, 6), (90.0, 40)]
)
def test_a_mean_target_near_to_what_is_desired_changes_nothing(
    history: StateHistory, wish: float, replicas: int
) -> None:
    history.push(batch(calm(replicas_desired=6)))
    assert action_set("headroom").settle(np.array([wish]), history)[0] == replicas


def test_the_tolerance_is_a_share_where_pods_are_many(history: StateHistory) -> None:
    history.push(batch(calm(replicas_desired=30)))
    settle = action_set("headroom").settle
    assert [int(settle(np.array([wish]), history)[0]) for wish in (26.2, 26.0, 33.8, 34.0)] == [
        30,
        26,
        30,
        34,
    ]


@pytest.mark.parametrize(
    ("violated", "wish", "replicas"),
    [(0.04, 39.1, 39), (0.06, 39.1, 40), (1.0, 39.1, 40), (1.0, 38.6, 39), (None, 39.1, 39)],
)
def test_while_the_slo_is_violated_no_step_up_is_too_small(
    history: StateHistory, violated: float | None, wish: float, replicas: int
) -> None:
    history.push(batch(calm(replicas_desired=39, slo_violation_ratio=violated)))
    assert action_set("headroom").settle(np.array([wish]), history)[0] == replicas


def test_unknown_set_is_named() -> None:
    with pytest.raises(InputError, match="sideways"):
        action_set("sideways")
