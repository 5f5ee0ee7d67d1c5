"""The cluster on fakes: who did what, told from what is seen."""

from __future__ import annotations

import pytest

from core.cluster.base import ScaleOutcome
from core.cluster.kubernetes.actuator import Write, done, overtaken
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.kubernetes.observer import Health
from core.cluster.live import Cause, LiveCluster, Notice, NoticeKind
from core.errors import InputError
from core.state import Actor, ControlMode
from tests.core.cluster.kubernetes.acting.fakes import TARGET, Scene, view_of

CAUSE = Cause(Actor.POLICY, "ppo (shipped)", "cover the peak")
DOUBT = Write(ScaleOutcome(accepted=False, message="no answer", in_doubt=True))


def controlled(scene: Scene) -> KubernetesCluster:
    cluster = scene.cluster()
    cluster.reset(0)
    cluster.enter(ControlMode.AUTO, str(TARGET))
    return cluster


def later(scene: Scene, cluster: KubernetesCluster, seconds: float = 15.0) -> int:
    scene.clock.wait(seconds)
    return cluster.advance().replicas_desired


def test_it_is_a_live_cluster() -> None:
    assert isinstance(Scene().cluster(), LiveCluster)


def test_time_is_counted_from_the_start_and_may_end() -> None:
    scene = Scene(duration_s=30.0)
    cluster = scene.cluster()
    assert cluster.reset(0).time_s == 0.0
    later(scene, cluster)
    assert not cluster.finished
    later(scene, cluster)
    assert cluster.finished


def test_control_is_taken_only_with_a_confirmation_and_told() -> None:
    scene = Scene()
    cluster = scene.cluster()
    cluster.reset(0)
    with pytest.raises(InputError):
        cluster.enter(ControlMode.AUTO)
    assert cluster.enter(ControlMode.AUTO, str(TARGET)) == (
        "control of prod/shop/checkout taken: found 4 replicas",
    )
    assert cluster.enter(ControlMode.MANUAL) == (), "it is held already"
    assert cluster.enter(ControlMode.SHADOW) == ("control of prod/shop/checkout given back",)
    assert [reason for reason, _ in scene.recorder.posted] == ["ControlTaken", "ControlReleased"]


def test_a_scaling_is_told_with_policy_and_reason() -> None:
    scene = Scene()
    cluster = controlled(scene)
    assert cluster.scale_for(6, CAUSE).accepted
    assert scene.access.calls == [(4, 6)]
    assert scene.recorder.posted[-1] == (
        "ScaledUp",
        "ppo (shipped): replicas 4 → 6, cover the peak",
    )
    cluster.scale_for(5, Cause(Actor.GUARDRAIL, "hpa", "4 became 5: outside the limits"))
    assert scene.recorder.posted[-1][0] == "ScaledDown"
    assert scene.recorder.posted[-1][1].startswith("guardrail (hpa): replicas 6 → 5")
    assert scene.observer.refreshed == 2


def test_a_view_from_before_our_write_is_not_somebody_elses_doing() -> None:
    scene = Scene()
    cluster = controlled(scene)
    cluster.scale_for(6, CAUSE)
    scene.observer.view_age_s = 20.0
    assert later(scene, cluster) == 6, "what we know to have set counts, not what was before"
    assert cluster.take_notices() == ()
    scene.observer.view_age_s, scene.observer.view = 1.0, view_of(6)
    assert later(scene, cluster) == 6
    assert cluster.take_notices() == ()
    assert cluster.scale_for(7, CAUSE).accepted
    assert scene.access.calls[-1] == (6, 7)


def test_somebody_elses_scaling_takes_control_away() -> None:
    scene = Scene()
    cluster = controlled(scene)
    scene.observer.view = view_of(9)
    assert later(scene, cluster) == 9
    assert cluster.take_notices() == (
        Notice(NoticeKind.EXTERNAL, "somebody else scaled 4 → 9", holds=True),
    )
    assert scene.access.disowned == 1
    assert scene.recorder.posted[-1] == ("ControlPaused", "paused: somebody else scaled 4 → 9")
    later(scene, cluster)
    assert cluster.take_notices() == (), "told once"


def test_in_shadow_it_is_only_told_and_by_name() -> None:
    scene = Scene(scaled_by="HorizontalPodAutoscaler web")
    cluster = scene.cluster()
    cluster.reset(0)
    scene.observer.view = view_of(9, rollout_in_progress=True)
    later(scene, cluster)
    assert cluster.take_notices() == (
        Notice(NoticeKind.EXTERNAL, "HorizontalPodAutoscaler web scaled 4 → 9 during a rollout"),
        Notice(NoticeKind.ROLLOUT, "rollout began"),
    )
    scene.observer.view = view_of(9)
    later(scene, cluster)
    assert cluster.take_notices() == (Notice(NoticeKind.ROLLOUT, "rollout ended"),)
    assert scene.recorder.posted == [], "who only looks tells nothing"


def test_somebody_found_at_the_write_is_noticed_too() -> None:
    scene = Scene()
    cluster = controlled(scene)
    scene.access.write = overtaken(9, 4, "the replicas")
    assert not cluster.scale_for(6, CAUSE).accepted
    (notice,) = cluster.take_notices()
    assert notice.holds
    scene.observer.view = view_of(9)
    assert later(scene, cluster) == 9
    assert cluster.take_notices() == (), "it is known already"


@pytest.mark.parametrize(("found", "done"), [(6, True), (4, False)])
def test_a_call_in_doubt_is_settled_by_the_next_look(found: int, done: bool) -> None:
    scene = Scene()
    cluster = controlled(scene)
    scene.access.write = DOUBT
    assert cluster.scale_for(6, CAUSE).in_doubt
    assert cluster.take_settled() is None
    scene.access.write = None
    scene.observer.view_age_s = 60.0
    later(scene, cluster)
    assert cluster.take_settled() is None, "an old view settles nothing"
    assert "not known yet" in cluster.scale_for(7, CAUSE).message
    assert scene.access.calls == [(4, 6)], "nothing is written meanwhile"
    scene.observer.view_age_s, scene.observer.view = 0.0, view_of(found)
    assert later(scene, cluster) == found
    settled = cluster.take_settled()
    assert settled is not None
    assert settled.accepted is done
    assert cluster.take_notices() == (), "either way nobody else did it"
    assert cluster.scale_for(7, CAUSE).accepted


def test_a_third_number_after_a_doubt_is_somebody_elses() -> None:
    scene = Scene()
    cluster = controlled(scene)
    scene.access.write = DOUBT
    cluster.scale_for(6, CAUSE)
    scene.observer.view = view_of(11)
    later(scene, cluster)
    settled = cluster.take_settled()
    assert settled is not None
    assert not settled.accepted
    (notice,) = cluster.take_notices()
    assert notice.holds


def test_what_is_refused_degrades_until_nothing_is_refused_any_more() -> None:
    scene = Scene()
    cluster = controlled(scene)
    scene.access.write = Write(ScaleOutcome(accepted=False, message="forbidden"))
    cluster.scale_for(6, CAUSE)
    assert cluster.degraded == "cannot scale: forbidden"
    later(scene, cluster)
    cluster.scale_for(6, CAUSE)
    assert cluster.degraded == "cannot scale: forbidden"
    later(scene, cluster)
    assert cluster.degraded == "cannot scale: forbidden"
    later(scene, cluster)
    assert cluster.degraded == "", "nothing was wanted in between"
    scene.observer.health = Health(degraded="Prometheus is down")
    scene.access.degraded = "the lease cannot be renewed"
    assert cluster.degraded == "the lease cannot be renewed; Prometheus is down"


def test_a_lost_lease_is_told_and_holds() -> None:
    scene = Scene()
    cluster = controlled(scene)
    scene.access.loss = "found other-engine"
    later(scene, cluster)
    (notice,) = cluster.take_notices()
    assert (notice.kind, notice.holds) == (NoticeKind.CONTROL, True)
    assert "found other-engine" in notice.message


def test_a_deployment_made_anew_is_not_ours() -> None:
    scene = Scene()
    cluster = controlled(scene)
    scene.observer.view = view_of(4, uid="uid-2")
    later(scene, cluster)
    (notice,) = cluster.take_notices()
    assert notice.holds
    assert "deleted and made anew" in notice.message


def test_above_our_floor_the_hpa_does_what_it_is_there_for() -> None:
    scene = Scene(scaled_by="HorizontalPodAutoscaler web")
    cluster = controlled(scene)
    scene.access.setpoint = 3
    scene.observer.view = view_of(7)
    assert later(scene, cluster) == 7
    (notice,) = cluster.take_notices()
    assert not notice.holds
    assert cluster.scale_for(5, CAUSE).accepted
    assert scene.recorder.posted[-1][0] == "FloorMoved"
    assert later(scene, cluster) == 7, "a lower floor takes nothing away"


def test_somebody_elses_floor_takes_control_away() -> None:
    scene = Scene()
    cluster = controlled(scene)
    scene.access.setpoint = 3
    scene.access.looked = overtaken(5, 3, "the floor of HPA web")
    later(scene, cluster)
    (notice,) = cluster.take_notices()
    assert notice.holds
    assert "set the floor of HPA web to 5" in notice.message


@pytest.mark.parametrize("found", [3, 6])
def test_a_floor_in_doubt_is_settled_by_a_look_at_the_floor(found: int) -> None:
    scene = Scene()
    cluster = controlled(scene)
    scene.access.setpoint = 3
    scene.access.write = DOUBT
    assert cluster.scale_for(6, CAUSE).in_doubt
    later(scene, cluster)
    assert cluster.take_settled() is None
    scene.access.looked, scene.access.setpoint = done(), found
    later(scene, cluster)
    settled = cluster.take_settled()
    assert settled is not None
    assert settled.accepted is (found == 6)


@pytest.mark.parametrize("found", [6, 4, 11])
def test_what_became_of_a_call_is_found_out_before_anything_is_given_back(found: int) -> None:
    scene = Scene()
    cluster = controlled(scene)
    assert cluster.find_out() is None, "nothing is in doubt"
    scene.access.write = DOUBT
    assert cluster.scale_for(6, CAUSE).in_doubt
    scene.access.write, scene.access.back = None, 4
    outcome = cluster.give_back(at_exit=True)
    assert not outcome.accepted
    assert "not known yet" in outcome.message
    assert cluster.find_out() is None, "nor can it be told"
    scene.access.stands = found
    assert cluster.find_out() == found
    settled = cluster.take_settled()
    assert settled is not None
    assert settled.accepted is (found == 6)
    assert cluster.give_back(at_exit=True).accepted
    expected = 6 if found == 6 else 4
    assert scene.access.calls == [(4, 6), (expected, 4)], "a third number is not expected"


def test_notices_of_what_cannot_be_measured_come_once() -> None:
    scene = Scene()
    scene.observer.health = Health(notices=("no metric for the queue",))
    cluster = scene.cluster()
    cluster.reset(0)
    later(scene, cluster)
    assert [notice.message for notice in cluster.take_notices()] == ["no metric for the queue"]


def test_closing_ends_everything() -> None:
    scene = Scene()
    cluster = controlled(scene)
    cluster.close()
    assert scene.access.closed
    assert scene.observer.closed
    assert scene.recorder.closed
    assert scene.recorder.posted[-1][0] == "ControlReleased"
