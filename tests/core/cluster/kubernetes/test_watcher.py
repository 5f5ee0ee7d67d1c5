"""The view of a Deployment: what it shows, and that it survives every fault of the API server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.view import DeploymentView
from core.cluster.kubernetes.watcher import DeploymentWatcher
from core.errors import ClusterError, ClusterProblem
from tests.core.cluster.kubernetes.live import CLOCK, rng, settings
from tests.stack.behaviour import PodBehaviour
from tests.stack.faults import Answer, Delay, Fault, Hang, WatchGone, api_status
from tests.stack.waiting import wait_until

if TYPE_CHECKING:
    from tests.stack.stack import Stack

_POLL_S = 0.2


@contextmanager
def _watching(stack: Stack, namespace: str, user: str = "admin") -> Iterator[DeploymentWatcher]:
    chosen = settings(stack, namespace, request_timeout_s=0.5, user=user)
    connection = Connection.open(chosen)
    target = connection.target(chosen.deployment)
    watcher = DeploymentWatcher(connection, target, CLOCK, rng(), _POLL_S)
    try:
        watcher.start(5.0)
        yield watcher
    finally:
        began = time.monotonic()
        watcher.close()
        connection.close()
        assert time.monotonic() - began < 1.9, "closing must not wait for the next event"
        names = {thread.name for thread in threading.enumerate()}
        assert not names & {"pod-watch", "deployment-poll"}


@pytest.fixture
def web(stack: Stack, namespace: str) -> str:
    """A namespace with two ready pods of `web`."""
    stack.create_deployment(namespace, "web", replicas=2)
    stack.wait_ready(namespace, "web", 2)
    return namespace


def _until(
    watcher: DeploymentWatcher, holds: Callable[[DeploymentView], bool], what: str
) -> DeploymentView:
    wait_until(lambda: holds(watcher.view), what, every_s=0.01)
    return watcher.view


def test_pods_of_every_kind_are_told_apart(stack: Stack, web: str) -> None:
    with _watching(stack, web) as watcher:
        first = watcher.view
        assert (first.desired, first.pods.ready, first.pods.starting) == (2, 2, 0)
        assert first.nodes in (1, 2)
        assert all(0.0 <= taken_s < 10.0 for taken_s in first.startup_s)
        assert len(first.startup_s) == 2

        slow = PodBehaviour(startup_median_s=2.0, termination_s=2.0)
        stack.kubelet.configure(web, slow)
        stack.scale(web, "web", 4)
        _until(watcher, lambda view: view.desired == 4 and view.pods.starting == 2, "starting")
        assert not watcher.view.rollout_in_progress, "scaling is no rollout"
        _until(watcher, lambda view: view.pods.ready == 4, "all to be ready")
        stack.scale(web, "web", 2)
        _until(watcher, lambda view: view.pods.terminating == 2, "terminating")
        after = _until(watcher, lambda view: view.pods.terminating == 0, "the end of both")
        assert after.pods.ready == 2
        assert after.uid == first.uid


def test_pods_that_never_become_ready_are_named(stack: Stack, web: str) -> None:
    with _watching(stack, web) as watcher:
        stack.kubelet.configure(web, PodBehaviour(schedulable_pods=2))
        stack.scale(web, "web", 3)
        view = _until(watcher, lambda view: view.pods.unschedulable == 1, "one without a node")
        assert "1 of 3 pods fit no node" in view.pod_problem
        stack.kubelet.configure(web, PodBehaviour(crash_looping=True, restart_every_s=0.1))
        view = _until(watcher, lambda view: view.pods.crash_looping == 1, "one that crashes")
        assert "1 of 3 pods cannot start" in view.pod_problem
        assert view.pods.ready == 2


def test_a_quota_shows_in_the_problem(stack: Stack, web: str) -> None:
    stack.create_quota(web, pods=2)
    with _watching(stack, web) as watcher:
        stack.scale(web, "web", 4)
        view = _until(watcher, lambda view: bool(view.pod_problem), "the quota to be noticed")
    assert "no pods can be made" in view.pod_problem
    assert "exceeded quota" in view.pod_problem
    assert (view.desired, view.pods.ready) == (4, 2)


def test_a_rollout_is_recognised_from_its_beginning_to_its_end(stack: Stack, web: str) -> None:
    stack.kubelet.configure(web, PodBehaviour(startup_median_s=0.5))
    with _watching(stack, web) as watcher:
        assert not watcher.view.rollout_in_progress
        stack.roll_out(web, "web")
        _until(watcher, lambda view: view.rollout_in_progress, "the rollout")
        _until(watcher, lambda view: not view.rollout_in_progress, "its end")
        assert watcher.view.pods.ready == 2


def test_another_deployment_of_the_same_name_is_another_one(stack: Stack, web: str) -> None:
    with _watching(stack, web) as watcher:
        first = watcher.view
        stack.delete(f"/apis/apps/v1/namespaces/{web}/deployments/web")
        wait_until(lambda: watcher.problem, "its absence to be noticed")
        assert watcher.problem is not None
        assert watcher.problem.problem is ClusterProblem.NOT_FOUND
        assert watcher.view.uid == first.uid, "the last view stays"
        wait_until(lambda: watcher.age_s > 0.5, "the view to grow old")
        stack.create_deployment(web, "web", replicas=3)
        view = _until(watcher, lambda view: view.uid != first.uid, "the new one")
        assert view.desired == 3
        _until(watcher, lambda view: view.pods.ready == 3, "its pods")
        assert watcher.problem is None


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (api_status(401), ClusterProblem.UNAUTHORIZED),
        (api_status(403), ClusterProblem.FORBIDDEN),
        (api_status(429, retry_after_s=1), ClusterProblem.THROTTLED),
        (api_status(500), ClusterProblem.SERVER),
        (Hang(), ClusterProblem.TIMEOUT),
    ],
    ids=["401", "403", "429", "500", "hangs"],
)
def test_faults_age_the_view_and_pass(
    stack: Stack, web: str, fault: Fault, problem: ClusterProblem
) -> None:
    with _watching(stack, web) as watcher:
        with stack.api_proxy.inject(fault) as injected:
            wait_until(lambda: watcher.age_s > 0.8, "the view to grow old")
            found = watcher.problem
            assert found is not None
            assert found.problem is problem
            assert watcher.view.pods.ready == 2, "what was known stays known"
            # Asked again and again, but not in a loop.
            assert 1 <= injected.hits <= 8
        stack.scale(web, "web", 3)
        _until(watcher, lambda view: view.pods.ready == 3, "recovery")
        wait_until(lambda: watcher.problem is None and watcher.age_s < 0.5, "a fresh view")


def test_a_server_that_is_gone_and_comes_back(stack: Stack, web: str) -> None:
    with _watching(stack, web) as watcher:
        with stack.api_proxy.refusing():
            wait_until(lambda: watcher.age_s > 0.7, "the view to grow old")
            assert watcher.problem is not None
            assert watcher.problem.problem is ClusterProblem.UNREACHABLE
        _until(watcher, lambda view: watcher.problem is None, "recovery")


def test_an_expired_watch_is_begun_again_from_a_list(stack: Stack, web: str) -> None:
    with _watching(stack, web) as watcher:
        lists = _requests(stack, watch=False)
        wait_until(lambda: stack.api_proxy.end_watches("/pods", gone=True) == 1, "a watch to end")
        problems = set()

        def listed() -> bool:
            problems.add(watcher.problem)
            return _requests(stack, watch=False) > lists

        wait_until(listed, "a new list", every_s=0.01)
        assert problems == {None}, "so watches end that were away: nothing is wrong"
        stack.scale(web, "web", 3)
        _until(watcher, lambda view: view.pods.ready == 3, "news")


def test_a_watch_that_ends_in_order_goes_on_without_a_list(stack: Stack, web: str) -> None:
    with _watching(stack, web) as watcher:
        wait_until(lambda: stack.api_proxy.end_watches("/pods") == 1, "a watch to end")
        lists = _requests(stack, watch=False)
        stack.scale(web, "web", 3)
        _until(watcher, lambda view: view.pods.ready == 3, "news")
        assert _requests(stack, watch=False) == lists


def test_a_watch_that_always_expires_is_no_busy_loop(stack: Stack, web: str) -> None:
    with stack.api_proxy.inject(WatchGone(), path="/pods", query="watch=") as injected:
        with _watching(stack, web) as watcher:
            wait_until(lambda: watcher.age_s > 1.0, "trouble")
            stack.scale(web, "web", 3)
            # Lists still work: the view follows in steps.
            _until(watcher, lambda view: view.pods.ready == 3, "the pods, by lists alone")
        assert injected.hits < 12


def test_a_watch_that_always_ends_at_once_leaves_nothing_stale(stack: Stack, web: str) -> None:
    with stack.api_proxy.inject(Answer(200, ""), path="/pods", query="watch=") as injected:
        with _watching(stack, web) as watcher:
            wait_until(lambda: watcher.problem is not None, "trouble")
            stack.scale(web, "web", 3)
            _until(watcher, lambda view: view.pods.ready == 3, "the pods, by lists alone")
        assert injected.hits < 12


def test_a_start_that_cannot_succeed_says_why_at_once(stack: Stack, namespace: str) -> None:
    with pytest.raises(ClusterError) as caught, _watching(stack, namespace):
        pass
    assert caught.value.problem is ClusterProblem.NOT_FOUND
    assert f"proxied/{namespace}/web" in caught.value.message
    with pytest.raises(ClusterError) as caught, _watching(stack, namespace, user="limited"):
        pass
    assert caught.value.problem is ClusterProblem.FORBIDDEN


def test_a_start_without_a_server_ends(stack: Stack, namespace: str) -> None:
    chosen = settings(stack, namespace)
    connection = Connection.open(chosen)
    watcher = DeploymentWatcher(connection, connection.target("web"), CLOCK, rng())
    with stack.api_proxy.refusing(), pytest.raises(ClusterError) as caught:
        watcher.start(0.3)
    assert caught.value.problem is ClusterProblem.UNREACHABLE


def _requests(stack: Stack, *, watch: bool) -> int:
    return sum(
        1
        for seen in stack.api_proxy.seen
        if seen.path.endswith("/pods") and ("watch=" in seen.query) is watch
    )


@pytest.mark.parametrize("wait_s", [0.0, 0.01, 0.03])
def test_it_can_be_closed_at_any_moment(stack: Stack, web: str, wait_s: float) -> None:
    # Also while a watch is being opened: it must not be left waiting for its first event.
    with stack.api_proxy.inject(Delay(0.1), query="watch="), _watching(stack, web):
        CLOCK.wait(wait_s)
