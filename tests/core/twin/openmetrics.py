"""A recording turned into the counters and gauges that a Prometheus would have scraped."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.cluster.response import ResponseTime, survival
from core.cluster.services import Services
from core.cluster.telemetry import Sample
from core.traffic.scenario import Scenario
from core.twin.recording import Floats, Recording
from tests.stack.service import BUCKETS_S

_PODS = 'namespace="{namespace}",pod="web-5d9c7b8f6-abcde",container="app"'


def openmetrics(
    truth: Scenario,
    recording: Recording,
    rates: Floats,
    ready: Floats,
    namespace: str,
    begin_s: int,
    bounds_s: tuple[float, ...] = BUCKETS_S,
) -> str:
    """What `web` in `namespace` would have exported, a sample per step, ending in `# EOF`.

    Args:
        truth: The real service.
        recording: Of it, for CPU and replicas.
        rates: Requests per second of every second, shape (seconds,).
        ready: Ready pods of every second, same shape.
        namespace: Of the labels.
        begin_s: Moment of the first second.
        bounds_s: Of the histogram.
    """
    counts, total_s = _latencies(truth, rates, ready, bounds_s)
    step_s = recording.step_s
    moments = np.arange(0, len(rates) + 1, step_s)
    pods = _PODS.format(namespace=namespace)
    lines: list[str] = []

    def family(name: str, kind: str) -> None:
        lines.append(f"# TYPE {name} {kind}")

    def samples(name: str, labels: str, values: Floats) -> None:
        lines.extend(
            f"{name}{{{labels}}} {value:.9g} {begin_s + int(moment)}"
            for moment, value in zip(moments.tolist(), values.tolist(), strict=True)
        )

    family("http_requests", "counter")
    done = np.concatenate([[0.0], np.cumsum(rates)])[moments]
    samples("http_requests_total", f'{pods},code="200"', done)
    family("http_request_duration_seconds", "histogram")
    for bound, within in zip([*map(str, bounds_s), "+Inf"], counts, strict=True):
        cumulative = np.concatenate([[0.0], np.cumsum(within)])[moments]
        labels = f'{pods},code="200",le="{bound}"'
        samples("http_request_duration_seconds_bucket", labels, cumulative)
    samples("http_request_duration_seconds_count", f'{pods},code="200"', done)
    seconds = np.concatenate([[0.0], np.cumsum(total_s)])[moments]
    samples("http_request_duration_seconds_sum", f'{pods},code="200"', seconds)
    family("container_cpu_usage_seconds", "counter")
    busy = np.minimum(rates / np.maximum(ready * truth.service.pod_capacity_rps, 1e-9), 1.0)
    used = truth.service.cpu_idle + truth.service.cpu_per_capacity * busy
    cpu = np.concatenate([[0.0], np.cumsum(used)])[moments]
    samples("container_cpu_usage_seconds_total", pods, cpu)
    family("kube_pod_container_resource_requests", "gauge")
    ones = np.ones(len(moments))
    samples("kube_pod_container_resource_requests", f'{pods},resource="cpu"', ones)
    here = f'namespace="{namespace}",deployment="web"'
    family("kube_deployment_status_replicas_ready", "gauge")
    last = np.minimum(moments, len(ready) - 1)
    samples("kube_deployment_status_replicas_ready", here, ready[last])
    family("kube_deployment_spec_replicas", "gauge")
    steps = np.minimum(moments // step_s, recording.steps - 1)
    samples("kube_deployment_spec_replicas", here, recording.desired[steps])
    lines.append("# EOF")
    return "\n".join(lines) + "\n"


def _latencies(
    truth: Scenario, rates: Floats, ready: Floats, bounds_s: tuple[float, ...]
) -> tuple[list[Floats], Floats]:
    """Requests within each bound, per second, and the seconds that they took."""
    services = Services(1)
    services.load(0, truth, float(rates[0]), float(ready[0]))
    samples = np.zeros((len(Sample), len(rates), 1))
    column = rates[:, None]
    patient = np.minimum(column * truth.service.timeout_s, 1e9)
    services.serve(column, column, patient, ready[:, None], None, None, samples)
    law = ResponseTime(
        *(samples[row] for row in (Sample.FIRST, Sample.LAST, Sample.RATE, Sample.WEIGHT))
    )
    mean_s = truth.service.service_time_ms / 1000.0
    spread_s = mean_s * truth.service.service_time_cv
    fixed = mean_s - spread_s

    def slower(bound: float) -> Floats:
        left = (bound - fixed) / spread_s
        shares = survival(law, np.full((1, 1), max(left, 0.0)))[:, 0]
        return shares if left > 0 else np.ones_like(shares)

    counts = [rates * (1.0 - slower(bound)) for bound in bounds_s]
    grid = np.concatenate([np.linspace(0.0, 1.0, 200), np.geomspace(1.01, 20.0, 60)])
    tail = np.array([slower(float(time)) for time in grid])
    mean = np.trapezoid(tail, grid, axis=0)
    return [*counts, rates.copy()], rates * mean


def seconds_of(recording: Recording) -> Iterator[Floats]:
    """Rates and ready pods of every second."""
    for values in (recording.rps, recording.ready):
        yield np.repeat(values, recording.step_s)
