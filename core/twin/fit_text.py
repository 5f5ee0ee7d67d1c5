"""A fitted service for people: names and values with units, and how good the fit is."""

from __future__ import annotations

from core.traffic.fit_record import FitRecord
from core.traffic.service import ServiceModel

_NAMES = {
    "latency_p50": "latency p50",
    "latency_p95": "latency p95",
    "latency_p99": "latency p99",
    "cpu": "CPU",
}


def pairs(service: ServiceModel, record: FitRecord) -> dict[str, str]:
    """What was estimated, by name."""
    high = "more" if record.capacity_high_rps is None else f"{record.capacity_high_rps:.4g}"
    cpu = (
        f"{100 * service.cpu_idle:.1f} % idle, {100 * service.cpu_per_capacity:.0f} % more when "
        "busy"
    )
    if record.cpu_cores_per_request is not None:
        cpu += f", {1000 * record.cpu_cores_per_request:.3g} ms of a core a request"
    return {
        "pod capacity": f"{service.pod_capacity_rps:.4g} rps "
        f"({record.capacity_low_rps:.4g} to {high} fit about as well)",
        "workers": f"{service.workers}",
        "service time": f"{service.service_time_ms:.4g} ms, cv {service.service_time_cv:.2g}",
        "highest load": f"{100 * record.highest_load:.0f} % of the capacity",
        "start-up": f"{service.startup_median_s:.3g} s median, sigma "
        f"{service.startup_sigma:.2g}, from {record.startup_samples} pods",
        "CPU of request": cpu,
    }


def quality_rows(record: FitRecord) -> list[tuple[str, str, str, str]]:
    """Quantity, median relative error, R² and steps, on the held-out stretch."""
    return [
        (
            _NAMES.get(name, name),
            f"{100 * one.median_relative_error:.1f} %",
            "-" if one.r_squared is None else f"{one.r_squared:.2f}",
            f"{one.points:,}",
        )
        for name, one in record.quality.items()
    ]
