"""Puts what the API and the metrics say together into one `ClusterState`."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from core.clock import Clock
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.metrics.sample import MetricsSample, MetricsSource
from core.cluster.kubernetes.metrics.sources import sampling_limit_s
from core.cluster.kubernetes.settings import KubernetesSettings
from core.cluster.kubernetes.view import DeploymentView
from core.cluster.kubernetes.watcher import DeploymentWatcher
from core.state import ClusterState, DeploymentFacts

_LONGEST_POLL_S = 5.0
_POLLS_PER_INTERVAL = 3.0
_PATIENCE = 1.25
"""A source may take so much longer than it promised before it is given up for this interval."""
_LATE_POLLS = 2.0
"""A view is late once this many polls have failed."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether what is observed can be relied upon."""

    degraded: str = ""
    """Why not, in words, for the header; empty if it can."""
    notices: tuple[str, ...] = ()
    """What is worth knowing though nothing is wrong: a metric that does not exist here."""


class ClusterObserver:
    """Observes one Deployment.

    Args:
        connection: To the cluster; not closed by this.
        settings: Which Deployment, and how.
        facts: What is known about it.
        metrics: Closed with this.
        clock: Paces everything.
        rng: Spreads retries.
    """

    def __init__(
        self,
        connection: Connection,
        settings: KubernetesSettings,
        facts: DeploymentFacts,
        metrics: MetricsSource,
        clock: Clock,
        rng: np.random.Generator,
    ) -> None:
        self._poll_s = min(_LONGEST_POLL_S, facts.interval_s / _POLLS_PER_INTERVAL)
        self._start_timeout_s = settings.request_timeout_s + _LONGEST_POLL_S
        target = connection.target(settings.deployment)
        self._watcher = DeploymentWatcher(connection, target, clock, rng, self._poll_s)
        self._sampler = _Sampler(metrics, _PATIENCE * sampling_limit_s(settings, facts))
        self._metrics = metrics
        self._clock = clock
        self._measured_at = clock.monotonic()
        self._health = Health()

    def start(self) -> None:
        """Begin to watch.

        Raises:
            ClusterError: The Deployment cannot be read.
        """
        self._watcher.start(self._start_timeout_s)
        self._measured_at = self._clock.monotonic()

    def observe(self, time_s: float) -> ClusterState:
        """What was measured over the interval that ends now; waits a few seconds at most.

        Never raises for what the cluster does: see `health`. While the API server does not answer,
        the replicas are the last ones known, and the age of the metrics is at least theirs: nobody
        should decide on either.

        Args:
            time_s: Seconds since the run began, taken over into the state.
        """
        sample = self._sampler.sample()
        now = self._clock.monotonic()
        if sample.age_s is not None:
            # Never back: a source that was switched to an older one does not rejuvenate us.
            self._measured_at = max(self._measured_at, now - sample.age_s)
        view, view_age_s = self._watcher.view, self._watcher.age_s
        age_s = now - self._measured_at
        late = self._is_late(view_age_s)
        self._health = Health(self._degraded(sample, view, late), sample.notices)
        pods = view.pods
        return ClusterState(
            time_s=time_s,
            rps=sample.rps,
            latency_p50_ms=sample.latency_p50_ms,
            latency_p95_ms=sample.latency_p95_ms,
            latency_p99_ms=sample.latency_p99_ms,
            slo_violation_ratio=sample.slo_violation_ratio,
            error_ratio=sample.error_ratio,
            cpu_utilization=sample.cpu_utilization,
            memory_utilization=sample.memory_utilization,
            queue_requests=sample.queue_requests,
            replicas_desired=view.desired,
            replicas_ready=pods.ready,
            # Those that wait for a node too, as in the simulator: they may still come.
            replicas_starting=pods.starting + pods.unschedulable,
            nodes=view.nodes,
            metrics_age_s=max(age_s, view_age_s) if late else age_s,
        )

    def _is_late(self, view_age_s: float) -> bool:
        problem = self._watcher.problem
        hopeless = problem is not None and not problem.is_transient
        return hopeless or view_age_s > _LATE_POLLS * self._poll_s

    def _degraded(self, sample: MetricsSample, view: DeploymentView, late: bool) -> str:
        """Everything that is wrong, the worst first."""
        reasons = []
        if late:
            problem = self._watcher.problem
            reasons.append(
                problem.message.rstrip(".") if problem else "the API server answers late"
            )
        reasons.extend(problem.rstrip(".") for problem in sample.problems[:1])
        if not sample.problems and self._metrics.measures_traffic and sample.rps is None:
            reasons.append("the request rate is missing")
        if view.pod_problem:
            reasons.append(view.pod_problem)
        return "; ".join(reasons)

    @property
    def health(self) -> Health:
        """As of the last observation."""
        return self._health

    @property
    def measures_traffic(self) -> bool:
        """Whether the request rate can be known at all; policies that need it are lost without."""
        return self._metrics.measures_traffic

    @property
    def view(self) -> DeploymentView:
        """The newest of the API's side, for those who act."""
        return self._watcher.view

    @property
    def view_age_s(self) -> float:
        """For how long the view may have been out of date."""
        return self._watcher.age_s

    def refresh(self) -> None:
        """Look at the Deployment again soon, after a change."""
        self._watcher.refresh()

    def close(self) -> None:
        """End all threads; returns within a few seconds."""
        self._watcher.close()
        self._sampler.close()
        self._metrics.close()


class _Sampler:
    """Takes samples in a thread, so that a server that never answers cannot stop the control loop.

    Args:
        metrics: The source.
        timeout_s: How long to wait for a sample.
    """

    def __init__(self, metrics: MetricsSource, timeout_s: float) -> None:
        self._metrics = metrics
        self._timeout_s = timeout_s
        self._wanted = threading.Event()
        self._done = threading.Event()
        self._done.set()
        self._closed = False
        self._result: MetricsSample | None = None
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._thread.start()

    def sample(self) -> MetricsSample:
        """A sample taken now; one without values if there is none in time."""
        if self._done.is_set():
            self._done.clear()
            self._wanted.set()
            if self._done.wait(self._timeout_s) and self._result is not None:
                return self._result
        # A late answer is not taken for a new one at the next interval: it is asked again then.
        return MetricsSample(problems=(f"no metrics within {self._timeout_s:g} s.",))

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._closed:
                return
            self._result = None
            try:
                self._result = self._metrics.sample()
            except Exception as error:
                # The protocol forbids it; if it happens all the same, the run must not end by it.
                words = f"the metrics failed: {type(error).__name__}."
                self._result = MetricsSample(problems=(words,))
            finally:
                self._done.set()

    def close(self) -> None:
        """End the thread, unless it waits for an answer: it ends with that."""
        self._closed = True
        self._wanted.set()
        self._thread.join(timeout=1.0)
