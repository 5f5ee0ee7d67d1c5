from __future__ import annotations

import numpy as np
import pytest

from core.agents.config import TrainingConfig
from core.agents.traffic import training_traffic
from core.errors import InputError
from core.traffic.library import load_scenario
from core.traffic.random_scenarios import random_scenario
from core.traffic.suites import HELD_OUT, SUITES, TRAINING, suite_member
from core.traffic.workload import rates_per_second


def test_suites_are_as_large_as_they_say_and_the_same_each_time() -> None:
    assert (HELD_OUT.size, TRAINING.size) == (16, 128)
    for suite in SUITES:
        members = [suite.member(number) for number in range(1, suite.size + 1)]
        assert [one.name for one in members] == list(suite.names)
        assert suite.member(3) == members[2]
        assert len({one.model_dump_json(exclude={"name"}) for one in members}) == suite.size


def test_members_load_by_name_like_any_scenario() -> None:
    assert load_scenario("heldout-03") == HELD_OUT.member(3)
    assert load_scenario("training-128") == TRAINING.member(128)
    assert suite_member("flash-crowd") is None
    with pytest.raises(InputError, match="01 to 16"):
        load_scenario("heldout-17")
    with pytest.raises(InputError, match="heldout-00"):
        load_scenario("heldout-00")
    with pytest.raises(InputError, match="heldout-003"):
        load_scenario("heldout-003")


def test_members_that_no_number_of_pods_could_serve_are_drawn_again() -> None:
    again = 0
    for suite in SUITES:
        for number in range(1, suite.size + 1):
            member = suite.member(number)
            first = random_scenario(np.random.default_rng(suite.entropy(number)))
            again += member.traffic != first.traffic
            rates = rates_per_second(member, np.random.default_rng(3))
            capacity = member.cluster.max_replicas * member.service.pod_capacity_rps
            # Another draw of noise and bursts, so a little more than is looked for.
            assert rates[rates > capacity].sum() < 0.4 * rates.sum()
    assert 0 < again < 15


def test_no_generator_of_a_training_is_one_of_a_suite() -> None:
    suites = [suite.entropy(number) for suite in SUITES for number in range(1, suite.size + 1)]
    assert len(set(suites)) == sum(suite.size for suite in SUITES)
    # NumPy fills entropy up with zeros to four words: five, the last above 0, equal no fewer.
    assert all(len(words) == 5 and words[-1] > 0 for words in suites)
    assert all(0 <= word < 2**32 for words in suites for word in words)
    [bound] = [
        limit.le for limit in TrainingConfig.model_fields["seed"].metadata if hasattr(limit, "le")
    ]
    assert bound < 2**32, "a seed of one word"
    drawn = {int(np.random.default_rng(words).integers(2**63)) for words in suites}
    others = {
        int(np.random.default_rng(words).integers(2**63))
        for words in ([seed, slot] for seed in range(20) for slot in range(128))
    }
    assert len(drawn) == len(suites)
    assert not drawn & others


def test_no_episode_of_the_validation_is_in_a_suite() -> None:
    validation = training_traffic(TrainingConfig(steps=1)).validation
    judged = {case.scenario.traffic for case in validation.cases}
    for suite in SUITES:
        assert judged.isdisjoint(
            suite.member(number).traffic for number in range(1, suite.size + 1)
        )
