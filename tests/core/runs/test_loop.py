from __future__ import annotations

from dataclasses import replace

import pytest

from core.envs.pipeline import EpisodeSettings
from core.errors import InputError, RunError
from core.runs.control import Control
from core.runs.loop import ControlLoop
from core.runs.records import EventKind
from core.state import Actor, ClusterState, ControlMode
from core.traffic.faults import MetricsGapFault, PodCrashFault
from core.traffic.scenario import GuardrailSettings, RewardWeights
from tests.core.runs.clocks import ManualClock
from tests.core.runs.fakes import FakeCluster, MemoryJournal, ScriptedPolicy


def build(
    cluster: FakeCluster,
    targets: list[int],
    *,
    control: Control | None = None,
    guardrails: GuardrailSettings | None = None,
    journal: MemoryJournal | None = None,
) -> ControlLoop:
    return ControlLoop(
        cluster,
        ScriptedPolicy(targets),
        EpisodeSettings(RewardWeights(), guardrails or GuardrailSettings()),
        journal or MemoryJournal(),
        ManualClock(),
        control,
    )


def test_auto_does_what_the_policy_wants() -> None:
    cluster, journal = FakeCluster(), MemoryJournal()
    loop = build(cluster, [6, 6, 3], journal=journal)
    first = loop.start(seed=0)
    assert (first.index, first.target, first.actor) == (0, 6, Actor.POLICY)
    assert loop.turn().state.replicas_desired == 6
    assert loop.turn().target == 3
    assert cluster.calls == [6, 3], "a target that is already desired is not asked for again"
    assert journal.scalings == [(Actor.POLICY, 4, 6, True), (Actor.POLICY, 6, 3, True)]
    assert [record.step.index for record in journal.records] == [0, 1, 2]


def test_the_intent_comes_before_the_call_and_the_step_after_it() -> None:
    journal = MemoryJournal()
    build(FakeCluster(), [6], journal=journal).start(seed=0)
    assert journal.order == ["intent", "outcome", "step"]


@pytest.mark.parametrize("mode", [ControlMode.SHADOW, ControlMode.HOLD])
def test_shadow_and_hold_scale_nothing_but_record_the_advice(mode: ControlMode) -> None:
    cluster = FakeCluster()
    loop = build(cluster, [9], control=Control(mode))
    loop.start(seed=0)
    step = loop.turn()
    assert cluster.calls == []
    assert (step.target, step.actor, step.mode) == (4, Actor.NOBODY, mode)
    assert step.decision.target == 9


def test_an_override_acts_at_once_and_amends_the_newest_step() -> None:
    cluster, journal = FakeCluster(), MemoryJournal()
    loop = build(cluster, [6], journal=journal)
    loop.start(seed=0)
    assert loop.override(12, None) == "pinned 12 replicas until released"
    assert cluster.calls == [6, 12]
    assert journal.amendments == [(ControlMode.MANUAL, Actor.OPERATOR, 12, "")]
    assert journal.scalings[-1] == (Actor.OPERATOR, 6, 12, True)
    step = loop.turn()
    assert (step.state.replicas_desired, step.target, step.actor) == (12, 12, Actor.OPERATOR)
    assert step.decision.target == 6, "the policy's advice is still recorded"


def test_an_override_ends_after_its_time_and_the_former_mode_returns() -> None:
    journal = MemoryJournal()
    loop = build(FakeCluster(), [6], control=Control(ControlMode.HOLD), journal=journal)
    loop.start(seed=0)
    loop.override(12, ttl_s=45.0)
    modes = [loop.turn().mode for _ in range(4)]
    assert modes == [ControlMode.MANUAL, ControlMode.MANUAL, ControlMode.HOLD, ControlMode.HOLD]
    assert (EventKind.OVERRIDE, Actor.OPERATOR, "override ended, mode HOLD") in journal.events


def test_release_gives_control_back() -> None:
    loop = build(FakeCluster(), [6])
    loop.start(seed=0)
    loop.override(12, None)
    loop.turn()
    assert loop.release() == "released, mode AUTO"
    assert loop.turn().target == 6
    with pytest.raises(InputError, match="expected an override to release"):
        loop.release()


def test_manual_mode_pins_what_was_last_asked_for() -> None:
    cluster = FakeCluster()
    loop = build(cluster, [6, 20])
    loop.start(seed=0)
    assert loop.set_mode(ControlMode.MANUAL) == "mode MANUAL, 6 replicas pinned"
    assert loop.turn().target == 6
    assert cluster.calls == [6]


def test_guardrails_rule_and_say_so() -> None:
    journal = MemoryJournal()
    limits = GuardrailSettings(largest_step_up=2)
    loop = build(FakeCluster(), [30], guardrails=limits, journal=journal)
    step = loop.start(seed=0)
    assert (step.target, step.actor) == (6, Actor.GUARDRAIL)
    assert "step larger than allowed" in step.guardrail
    loop.turn()
    assert journal.kinds().count(EventKind.GUARDRAIL) == 1, "said once while it lasts"


_CAREFUL = GuardrailSettings(stabilization_down_s=60.0)


def test_nothing_is_scaled_down_at_once_after_a_hold() -> None:
    loop = build(FakeCluster(), [10, 10, 4], guardrails=_CAREFUL)
    loop.start(seed=0)
    loop.set_mode(ControlMode.HOLD)
    for _ in range(20):
        loop.turn()
    loop.set_mode(ControlMode.AUTO)
    assert [loop.turn().target for _ in range(5)] == [10, 10, 10, 4, 4]


def test_nothing_is_scaled_down_at_once_after_a_pause() -> None:
    class Paused(FakeCluster):
        """Whose clock goes on while nobody decides."""

        def _state(self) -> ClusterState:
            late_s = 600.0 if self._turn > 4 else 0.0
            return replace(super()._state(), time_s=self._turn * 15.0 + late_s)

    loop = build(Paused(), [10] * 5 + [4], guardrails=_CAREFUL)
    loop.start(seed=0)
    assert [loop.turn().target for _ in range(9)] == [10] * 8 + [4]


def test_the_largest_step_binds_operators_too() -> None:
    journal = MemoryJournal()
    loop = build(
        FakeCluster(), [4], guardrails=GuardrailSettings(largest_step_up=3), journal=journal
    )
    loop.start(seed=0)
    assert "step larger than allowed" in loop.override(20, None)
    assert journal.amendments[0][:3] == (ControlMode.MANUAL, Actor.GUARDRAIL, 7)
    assert [loop.turn().target for _ in range(3)] == [10, 13, 16]


def test_old_metrics_hold_then_fall_back_then_recover() -> None:
    gap: dict[str, float | None] = {"metrics_age_s": 90.0}
    longer: dict[str, float | None] = {"metrics_age_s": 200.0, "cpu_utilization": 1.4}
    cluster = FakeCluster(changes={1: gap, 2: longer, 3: {}})
    journal = MemoryJournal()
    loop = build(cluster, [4, 9, 9, 5], journal=journal)
    loop.start(seed=0)
    held = loop.turn()
    assert (held.target, held.actor) == (4, Actor.GUARDRAIL)
    assert loop.degraded == "metrics too old: holding"
    fallen_back = loop.turn()
    assert (fallen_back.target, fallen_back.actor) == (8, Actor.FALLBACK)
    assert fallen_back.decision.target == 9, "the policy's decision is still recorded"
    recovered = loop.turn()
    assert (recovered.target, recovered.actor, loop.degraded) == (5, Actor.POLICY, "")
    degraded = [text for kind, _, text in journal.events if kind is EventKind.DEGRADED]
    assert degraded == [
        "metrics too old: holding",
        "metrics too old: reactive baseline in control",
        "metrics are fresh again",
    ]


@pytest.mark.parametrize("mode", [ControlMode.SHADOW, ControlMode.HOLD, ControlMode.MANUAL])
def test_old_metrics_put_no_baseline_in_control_where_it_is_not(mode: ControlMode) -> None:
    old: dict[int, dict[str, float | None]] = {turn: {"metrics_age_s": 900.0} for turn in range(9)}
    loop = build(FakeCluster(changes=old), [4], control=Control(mode))
    loop.start(seed=0)
    loop.turn()
    assert loop.degraded == "metrics too old"


def test_a_refused_scaling_is_recorded_and_tried_again() -> None:
    cluster, journal = FakeCluster(), MemoryJournal()
    cluster.refuses = True
    loop = build(cluster, [6], journal=journal)
    loop.start(seed=0)
    assert (EventKind.SCALING, Actor.POLICY, "4 → 6 refused: quota exceeded") in journal.events
    assert journal.scalings == [(Actor.POLICY, 4, 6, False)]
    cluster.refuses = False
    loop.turn()
    assert cluster.calls == [6, 6]


def test_the_last_turn_of_a_scenario_scales_nothing() -> None:
    cluster = FakeCluster(turns=2)
    loop = build(cluster, [4, 4, 9])
    loop.start(seed=0)
    loop.turn()
    last = loop.turn()
    assert loop.finished
    assert (last.target, last.actor, last.decision.target) == (4, Actor.NOBODY, 9)
    assert cluster.calls == []


def test_totals_add_up_what_was_measured() -> None:
    changes: dict[int, dict[str, float | None]] = {2: {"rps": None, "slo_violation_ratio": None}}
    loop = build(FakeCluster(changes=changes), [4, 4, 7])
    loop.start(seed=0)
    assert loop.totals.requests == 0.0, "nothing was lived through yet"
    for _ in range(3):
        loop.turn()
    totals = loop.totals
    assert totals.requests == pytest.approx(2 * 100.0 * 15)
    assert totals.violations == pytest.approx(2 * 100.0 * 15 * 0.001)
    assert totals.pod_seconds == pytest.approx((4 + 4 + 7) * 15)
    assert totals.churn == 3
    assert totals.reward < 0


def test_faults_are_announced_when_their_time_comes() -> None:
    journal = MemoryJournal()
    loop = ControlLoop(
        FakeCluster(),
        ScriptedPolicy([4]),
        EpisodeSettings(RewardWeights(), GuardrailSettings()),
        journal,
        ManualClock(),
        faults=[MetricsGapFault(at_s=20, duration_s=15), PodCrashFault(at_s=30, count=2)],
    )
    loop.start(seed=0)
    told: list[list[str]] = []
    for _ in range(3):
        loop.turn()
        told.append([text for kind, _, text in journal.events if kind is EventKind.FAULT])
    assert told[0] == []
    assert told[1] == ["fault began: metrics gap, for 15 s", "fault: 2 pods crashed"]
    assert told[2][2:] == ["fault ended: metrics gap"]


def test_a_loop_that_was_not_started_has_no_last_step() -> None:
    with pytest.raises(RunError, match="without a first step"):
        _ = build(FakeCluster(), [4]).last


def test_observations_are_recorded() -> None:
    loop = build(FakeCluster(), [4])
    assert len(loop.start(seed=0).observation) > 10
