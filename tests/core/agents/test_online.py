"""Learning on a live service from whatever was carried out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.agents.config import HyperParameters
from core.agents.online import OnlineLearner, online_learner
from core.agents.online_policy import OnlinePolicy, nearest_action
from core.agents.registry import bundle_directory
from core.envs.pipeline import EpisodeSettings
from core.errors import BundleError
from core.runs.control import Control
from core.runs.loop import ControlLoop
from core.state import Actor, ControlMode
from core.traffic.scenario import GuardrailSettings, RewardWeights
from tests.core.runs.clocks import ManualClock
from tests.core.runs.fakes import FACTS, FakeCluster, MemoryJournal


def learner(exploration: float = 0.0) -> OnlineLearner:
    source = bundle_directory("dqn")
    assert source is not None
    made = online_learner(source, HyperParameters(), ("shop/web",), 7)
    made._exploration = exploration
    return made


class Sitting:
    """A loop on a fake cluster, and what was learned in it."""

    def __init__(
        self,
        taught: OnlineLearner,
        cluster: FakeCluster | None = None,
        guardrails: GuardrailSettings | None = None,
        mode: ControlMode = ControlMode.AUTO,
    ) -> None:
        self.taught = taught
        self.rewards: list[float] = []
        self.losses: list[float | None] = []
        self.journal = MemoryJournal()
        self.policy = OnlinePolicy(
            taught,
            RewardWeights(),
            GuardrailSettings(),
            self._learned,
            lambda: mode is ControlMode.AUTO,
        )
        self.loop = ControlLoop(
            cluster or FakeCluster(),
            self.policy,
            EpisodeSettings(RewardWeights(), guardrails or GuardrailSettings()),
            self.journal,
            ManualClock(),
            Control(mode),
        )

    def _learned(self, reward: float, loss: float | None) -> None:
        self.rewards.append(reward)
        self.losses.append(loss)

    @property
    def actions(self) -> list[int]:
        """What the memory says was carried out."""
        memory = self.taught.agent.model.memory
        return [int(action) for action in memory._actions[: memory.transitions, 0]]

    @property
    def chosen(self) -> list[int | None]:
        return [record.step.decision.action for record in self.journal.records]


def test_the_nearest_action_stands_for_what_was_done() -> None:
    targets = np.array([3, 5, 5, 9])
    assert nearest_action(targets, 5, chosen=2) == 2, "the chosen one wins a tie"
    assert nearest_action(targets, 5, chosen=0) == 1
    assert nearest_action(targets, 40, chosen=0) == 3
    assert nearest_action(targets, 7, chosen=-1) == 1


def test_what_it_did_itself_is_learned_as_chosen() -> None:
    sitting = Sitting(learner())
    sitting.loop.start(0)
    for _ in range(5):
        sitting.loop.turn()
    assert sitting.actions == sitting.chosen[:-1]
    rewards = [record.step.reward.total for record in sitting.journal.records]
    assert sitting.rewards == pytest.approx(rewards[1:])


def test_an_override_is_learned_as_the_action_that_was_carried_out() -> None:
    sitting = Sitting(learner())
    sitting.loop.start(0)
    sitting.loop.turn()
    sitting.loop.override(5, None)
    overruled = sitting.loop.turn()
    assert overruled.actor is Actor.OPERATOR
    opened = sitting.policy._open
    assert opened is not None
    executed = sitting.actions[-1]
    assert executed != sitting.chosen[1]
    # The traffic is constant, so every action asks for the same as before.
    distance = np.abs(opened.targets - 5)
    assert distance[executed] == distance.min()
    sitting.loop.turn()
    assert sitting.actions[-1] == executed, "it is still pinned"


def test_a_guardrail_is_learned_as_what_it_let_through() -> None:
    sitting = Sitting(learner(), guardrails=GuardrailSettings(largest_step_up=1))
    cluster = FakeCluster()
    cluster.desired = 2
    sitting = Sitting(learner(), cluster, GuardrailSettings(largest_step_up=1))
    step = sitting.loop.start(0)
    assert step.actor is Actor.GUARDRAIL
    sitting.loop.turn()
    opened = sitting.policy._open
    assert opened is not None
    assert abs(int(opened.targets[sitting.actions[0]]) - 3) == np.abs(opened.targets - 3).min()


def test_what_was_not_measured_teaches_nothing() -> None:
    gaps: dict[int, dict[str, float | None]] = {1: {"rps": None}, 2: {"metrics_age_s": 90.0}}
    sitting = Sitting(learner(), FakeCluster(changes=gaps))
    sitting.loop.start(0)
    for _ in range(4):
        sitting.loop.turn()
    assert len(sitting.rewards) == 2


def test_without_any_request_rate_the_replicas_stay() -> None:
    silent = FakeCluster(changes={turn: {"rps": None} for turn in range(10)})
    sitting = Sitting(learner(), silent)
    sitting.loop.start(0)
    for _ in range(8):
        sitting.loop.turn()
    decisions = [record.step.decision for record in sitting.journal.records]
    assert {decision.target for decision in decisions} == {4}
    assert decisions[-1].reason == "keep: no request rate was ever measured"
    assert (silent.calls, sitting.rewards) == ([], [])


def test_it_tries_only_near_what_it_holds_best_and_only_while_it_acts() -> None:
    free = GuardrailSettings(veto_down_violation_ratio=None)
    sitting = Sitting(learner(exploration=1.0), guardrails=free)
    sitting.loop.start(0)
    for _ in range(30):
        sitting.loop.turn()
    opened = sitting.policy._open
    assert opened is not None
    decisions = [record.step.decision for record in sitting.journal.records]
    for decision in decisions:
        # The traffic is constant, so every action asks for the same at every step.
        best = int(opened.targets[int(np.argmax(decision.action_values))])
        assert abs(decision.target - best) <= max(1, 0.25 * best)
    assert len({decision.target for decision in decisions}) > 1
    reasons = [decision.reason for decision in decisions]
    assert any(reason.startswith("trying: ") for reason in reasons)
    shadow = Sitting(learner(exploration=1.0), mode=ControlMode.SHADOW)
    shadow.loop.start(0)
    for _ in range(10):
        shadow.loop.turn()
    advised = [record.step.decision.reason for record in shadow.journal.records]
    assert not any(reason.startswith("trying: ") for reason in advised)


def test_it_learns_once_there_is_enough_to_learn_from() -> None:
    taught = learner()
    before = {name: one.clone() for name, one in taught.agent.model.q_net.state_dict().items()}
    sitting = Sitting(taught)
    sitting.loop.start(0)
    for _ in range(70):
        sitting.loop.turn()
    assert sitting.losses[:63] == [None] * 63
    assert all(loss is not None for loss in sitting.losses[64:])
    after = taught.agent.model.q_net.state_dict()
    assert any(not bool((after[name] == before[name]).all()) for name in before)


def test_what_was_recorded_is_remembered_as_it_was_learned() -> None:
    sitting = Sitting(learner())
    sitting.loop.start(0)
    sitting.loop.turn()
    sitting.loop.override(9, 30.0)
    for _ in range(6):
        sitting.loop.turn()
    again = learner()
    policy = OnlinePolicy(
        again, RewardWeights(), GuardrailSettings(), lambda reward, loss: None, lambda: True
    )
    states = [record.step.state for record in sitting.journal.records]
    assert policy.recall(states, FACTS) == len(sitting.rewards)
    first, second = sitting.taught.agent.model.memory, again.agent.model.memory
    count = first.transitions
    assert second.transitions == count
    np.testing.assert_allclose(first._rewards[:count], second._rewards[:count])
    np.testing.assert_allclose(first._observations[:count], second._observations[:count])
    opened = sitting.policy._open
    assert opened is not None
    for one, other in zip(first._actions[:count, 0], second._actions[:count, 0], strict=True):
        assert opened.targets[one] == opened.targets[other], "as far as replicas can tell"


def test_only_a_sound_dqn_bundle_goes_on_learning(tmp_path: Path) -> None:
    ppo = bundle_directory("ppo")
    assert ppo is not None
    with pytest.raises(BundleError):
        online_learner(ppo, HyperParameters(), (), 0)
    with pytest.raises(BundleError):
        online_learner(tmp_path, HyperParameters(), (), 0)


def test_its_bundle_says_where_it_learned() -> None:
    manifest = learner().agent.bundle().manifest
    assert manifest.scenarios[-1] == "shop/web"
    assert len(manifest.scenarios) > 1
