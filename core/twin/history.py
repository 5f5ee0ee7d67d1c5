"""The recorded past of a Deployment, from everything that knows about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.clock import Clock
from core.cluster.kubernetes.kubeconfig import DEFAULT_NAMESPACE, pinned
from core.cluster.kubernetes.metrics.prometheus import Prometheus
from core.cluster.kubernetes.metrics.templates import Blanks
from core.cluster.kubernetes.settings import KubernetesSettings
from core.errors import InputError
from core.traffic.scenario import SloModel
from core.twin.gaps import Bridged, bridge_gaps
from core.twin.own_runs import with_own_runs
from core.twin.recorder import Recorder, Report, Stretch
from core.twin.surroundings import with_surroundings

DEFAULT_RANGE_S = 7 * 86_400
DEFAULT_STEP_S = 15
LONGEST_RANGE_S = 31 * 86_400


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """What to record."""

    settings: KubernetesSettings
    range_s: int = DEFAULT_RANGE_S
    step_s: int = DEFAULT_STEP_S
    traffic_only: bool = False
    """Leave out what only a fit needs."""
    bridge_gaps: bool = False
    """Bridge long gaps too."""


def record_history(request: HistoryRequest, clock: Clock, report: Report | None = None) -> Bridged:
    """Record a Deployment's past.

    Args:
        request: What.
        clock: Says when now is.
        report: Told how far it is.

    Raises:
        InputError: There is no Prometheus or no traffic, or it has long gaps.
        ClusterError: Prometheus failed.
    """
    settings = request.settings
    if settings.metrics.prometheus_url is None:
        raise InputError(
            "expected prometheus_url (--prometheus-url), found none.",
            "The past is in Prometheus only.",
        )
    if not request.range_s <= LONGEST_RANGE_S:
        raise InputError(
            f"expected a range of at most {LONGEST_RANGE_S // 86_400} days, "
            f"found {request.range_s / 86_400:.1f}."
        )
    stretch = Stretch.until(clock.now(), request.range_s, request.step_s, settings.metrics.window_s)
    blanks = Blanks(
        namespace=_namespace(settings),
        deployment=settings.deployment,
        window_s=stretch.window_s,
        slo_ms=settings.slo_ms or SloModel().latency_ms,
        container=settings.container,
    )
    prometheus = Prometheus(settings.metrics)
    try:
        recorder = Recorder(prometheus, settings.metrics, blanks, clock, report)
        recording = recorder.record(stretch, traffic_only=request.traffic_only)
    finally:
        prometheus.close()
    notes: tuple[str, ...] = ()
    if not np.isfinite(recording.ready).all():
        recording = with_own_runs(recording)
    recording, notes = with_surroundings(recording, settings)
    bridged = bridge_gaps(recording, all_gaps=request.bridge_gaps)
    return Bridged(bridged.recording, bridged.measured, (*bridged.notes, *notes))


def _namespace(settings: KubernetesSettings) -> str:
    if settings.namespace is not None:
        return settings.namespace
    return pinned(settings).namespace or DEFAULT_NAMESPACE
