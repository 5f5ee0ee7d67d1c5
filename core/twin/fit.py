"""From a recording to a service model, with its goodness and what the data could not tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.traffic.fit_record import FitQuality, FitRecord
from core.traffic.service import ServiceModel
from core.twin.blocks import Stage
from core.twin.cpu_fit import CpuFit, fit_cpu
from core.twin.gaps import Bridged, held, settled
from core.twin.goodness import judge
from core.twin.latency_fit import LatencyFit, Measured, bare_scenario, fit_latency
from core.twin.recording import LATENCIES, Floats, Recording
from core.twin.seen import usable_bounds_s
from core.twin.startup_fit import StartupFit, fit_startup

HELD_OUT = 0.25
"""The end of the recording on which a fit is judged."""
LITTLE_LOAD = 0.3
"""Below this share of its capacity a service shows little of what it can bear."""

_LEAST_STEPS = 40
_LARGE_ERROR = 0.25
_COARSE_STEPS = 2.0

Report = Callable[[float, float, str], None]


@dataclass(frozen=True, slots=True)
class TwinFit:
    """A service model and where it comes from."""

    service: ServiceModel
    record: FitRecord
    startup: StartupFit | None
    cpu: CpuFit | None

    @property
    def quality(self) -> dict[str, FitQuality]:
        """On the held-out stretch, by quantity."""
        return self.record.quality


def fit_twin(bridged: Bridged, report: Report | None = None) -> TwinFit:
    """Fit on the first three quarters of a recording, and judge on the last.

    Args:
        bridged: Traffic without gaps.
        report: Told done, total and what is done.

    Raises:
        InputError: Latencies or ready replicas were not recorded, or far too little was.
    """
    recording, warnings = bridged.recording, []
    usable = settled(recording, bridged.measured)
    begin = round(recording.steps * (1.0 - HELD_OUT))
    _require(recording, int(usable[:begin].sum()))
    ready = np.maximum(held(recording.ready), 0.0)
    typical_ms = float(np.nanmedian(recording.latency_p50_ms[usable]))
    bounds_s = usable_bounds_s(recording.bounds_ms, typical_ms)
    stage = Stage(recording.rps, ready, recording.step_s, recording.window_steps, bounds_s)
    measured = Measured(
        np.array([getattr(recording, name) for name in LATENCIES]),
        recording.latency_mean_ms,
        usable,
    )

    def share(done: float) -> None:
        if report is not None:
            report(90.0 * done, 100.0, "fitting the service time")

    load = _windowed(stage.rps, stage) / np.maximum(_windowed(ready, stage), 1e-9)
    training = usable.copy()
    training[begin:] = False
    bound_rps = _cpu_bound_rps(fit_cpu(load, recording.cpu_utilization, training))
    latency = fit_latency(stage, measured, begin, recording.slo_ms, bound_rps, share)
    # Beyond its capacity a pod does no more work, however much arrives.
    cpu = fit_cpu(load, recording.cpu_utilization, training & (load < latency.best.capacity_rps))
    startup = fit_startup(recording)
    service = _service(recording, latency, cpu, startup)
    if report is not None:
        report(92.0, 100.0, "simulating the held-out stretch")
    quality = _judge(stage, recording, service, usable, cpu is not None, begin)
    highest = float(np.quantile(load[training], 0.995)) / latency.best.capacity_rps
    warnings.extend(_warnings(recording, latency, cpu, startup, highest, quality))
    cores = recording.cpu_request_cores
    record = FitRecord(
        source=recording.source,
        recorded_from=recording.begin,
        recorded_s=recording.duration_s,
        step_s=recording.step_s,
        held_out_s=(recording.steps - begin) * recording.step_s,
        highest_load=highest,
        capacity_low_rps=latency.low_rps,
        capacity_high_rps=latency.high_rps,
        startup_samples=startup.samples if startup else 0,
        cpu_cores_per_request=cpu.per_rps * cores if cpu and cores else None,
        bridged=float((~bridged.measured).mean()),
        quality=quality,
        warnings=tuple(warnings),
    )
    if report is not None:
        report(100.0, 100.0, "done")
    return TwinFit(service, record, startup, cpu)


def _require(recording: Recording, usable: int) -> None:
    if not np.isfinite(recording.latency_p50_ms).any():
        raise InputError(
            f"expected latencies of {recording.source} to fit a service to, found none recorded.",
            "A histogram of request durations is needed; `rlscale-console doctor --env k8s` "
            "shows what there is.",
        )
    if not np.isfinite(recording.ready).any():
        raise InputError(
            f"expected how many pods of {recording.source} were ready, found no history of it.",
            "kube-state-metrics has it (kube_deployment_status_replicas_ready), and cAdvisor "
            "(container_memory_working_set_bytes).",
        )
    if usable < _LEAST_STEPS:
        raise InputError(
            f"expected at least {_LEAST_STEPS} steps with traffic, latency and ready pods to fit "
            f"to, found {usable}.",
            "Give a longer --range.",
        )


def _cpu_bound_rps(cpu: CpuFit | None) -> float | None:
    """Requests per second and pod at which the CPU that it requests would be used up."""
    if cpu is None or cpu.idle >= 1.0:
        return None
    return (1.0 - cpu.idle) / cpu.per_rps


def _windowed(values: Floats, stage: Stage) -> Floats:
    size = stage.window_steps
    padded = np.pad(values, ((size - 1) // 2, size // 2), mode="edge")
    result: Floats = np.convolve(padded, np.full(size, 1.0 / size), mode="valid")
    return result


def _service(
    recording: Recording, latency: LatencyFit, cpu: CpuFit | None, startup: StartupFit | None
) -> ServiceModel:
    model = latency.best.model()
    changes: dict[str, object] = {
        "service_time_ms": float(f"{model.service_time_ms:.4g}"),
        "service_time_cv": round(model.service_time_cv, 3),
    }
    if startup is not None:
        changes["startup_median_s"] = round(startup.median_s, 2)
        changes["startup_sigma"] = round(startup.sigma, 3)
    if cpu is not None:
        changes["cpu_idle"] = round(cpu.idle, 4)
        changes["cpu_per_capacity"] = float(f"{cpu.per_rps * latency.best.capacity_rps:.4g}")
    memory = recording.memory_utilization
    if np.isfinite(memory).any():
        changes["memory_base"] = round(float(np.nanmedian(memory)), 3)
    changes["timeout_s"] = max(model.timeout_s, recording.slo_ms / 1000.0)
    return ServiceModel.model_validate(model.model_dump() | changes)


def _judge(
    stage: Stage,
    recording: Recording,
    service: ServiceModel,
    usable: np.ndarray,
    with_cpu: bool,
    begin: int,
) -> dict[str, FitQuality]:
    wanted = {
        name.removesuffix("_ms"): np.where(usable, getattr(recording, name), np.nan)
        for name in LATENCIES
    }
    if with_cpu:
        wanted["cpu"] = np.where(usable, recording.cpu_utilization, np.nan)
    scenario = bare_scenario(service, recording.slo_ms)
    return judge(stage, scenario, wanted, begin, recording.steps)


def _reason(cpu: CpuFit | None) -> str:
    if cpu is None:
        return "the smallest, which errs towards too many pods"
    return "the one nearest to where a pod uses all CPU that it requests"


def _warnings(
    recording: Recording,
    latency: LatencyFit,
    cpu: CpuFit | None,
    startup: StartupFit | None,
    highest: float,
    quality: dict[str, FitQuality],
) -> list[str]:
    found = []
    upper = "more" if latency.high_rps is None else f"{latency.high_rps:.3g}"
    if highest < LITTLE_LOAD:
        found.append(
            f"The service was never loaded over {100 * max(highest, 0.01):.0f} % of "
            f"{latency.best.capacity_rps:.3g} rps per pod: the capacity is an extrapolation."
        )
    if latency.is_wide:
        found.append(
            f"Latency fits any capacity from {latency.low_rps:.3g} to {upper} rps per pod; taken "
            f"is {_reason(cpu)}. A load test would tell."
        )
    if cpu is None:
        found.append("CPU was not measured or does not follow the traffic: defaults are kept.")
    elif not cpu.told_apart:
        found.append(
            "The load per pod hardly varied: idle CPU cannot be told from CPU per request and "
            "counts as none."
        )
    if startup is None:
        found.append("No pod was seen to start: the start-up time is the default, not measured.")
    elif startup.from_history and startup.median_s < _COARSE_STEPS * recording.step_s:
        found.append(
            f"Start-up times come from replica counts every {recording.step_s} s and are no finer."
        )
    elif startup.samples < 5:
        found.append(f"The start-up time rests on {startup.samples} pods only.")
    if not quality:
        found.append("The held-out stretch has too little data: the fit was not judged.")
    for name, one in quality.items():
        if one.median_relative_error > _LARGE_ERROR:
            found.append(
                f"Simulated {name.replace('_', ' ')} is off by "
                f"{100 * one.median_relative_error:.0f} % (median): trust it accordingly."
            )
    return found
