"""The same states lead to the same decisions, whichever environment they come from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from core.agents.registry import load_policy
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.simulated import SimulatedCluster
from core.envs.pipeline import EpisodeSettings
from core.runs.control import Control
from core.runs.loop import ControlLoop
from core.state import ClusterState, ControlMode, Step
from core.traffic.library import load_scenario
from tests.core.cluster.kubernetes.acting.fakes import (
    TARGET,
    FakeAccess,
    FakeObserver,
    FakeRecorder,
    view_of,
)
from tests.core.runs.clocks import ManualClock
from tests.core.runs.fakes import MemoryJournal


@dataclass
class Playback(FakeObserver):
    """Shows recorded states, one after the other."""

    states: list[ClusterState] = field(default_factory=list)
    shown: int = 0

    def start(self) -> None:
        self.view = view_of(self.states[0].replicas_desired)

    def observe(self, time_s: float) -> ClusterState:
        state = self.states[self.shown]
        self.shown += 1
        assert state.time_s == pytest.approx(time_s)
        self.view = view_of(state.replicas_desired)
        return state


@pytest.mark.parametrize("mode", [ControlMode.AUTO, ControlMode.SHADOW])
@pytest.mark.parametrize("policy", ["ppo", "dqn", "hpa"])
def test_decisions_do_not_depend_on_the_environment(policy: str, mode: ControlMode) -> None:
    scenario = load_scenario("metrics-outage").model_copy(update={"duration_s": 3000})
    settings = EpisodeSettings(scenario.reward, scenario.guardrails)
    clock, simulated = ManualClock(), MemoryJournal()
    loop = ControlLoop(
        SimulatedCluster(scenario), load_policy(policy), settings, simulated, clock, Control(mode)
    )
    loop.start(seed=5)
    while not loop.finished:
        loop.turn()
    expected = [record.step for record in simulated.records][:-1]

    real = MemoryJournal()
    cluster = KubernetesCluster(
        TARGET,
        scenario.facts,
        Playback(states=[step.state for step in expected]),
        FakeAccess(),
        FakeRecorder(),
        str,
        clock,
    )
    loop = ControlLoop(cluster, load_policy(policy), settings, real, clock, Control(mode))
    loop.start(0, str(TARGET))
    for _ in expected[1:]:
        clock.wait(scenario.interval_s)
        loop.turn()
    found = [record.step for record in real.records]
    assert [untimed(step) for step in found] == [untimed(step) for step in expected]
    assert len({step.target for step in found}) > (2 if mode is ControlMode.AUTO else 0)
    assert any(step.state.rps is None for step in found), "an outage is part of it"


def untimed(step: Step) -> Step:
    return replace(step, wall_time=0.0)
