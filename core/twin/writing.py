"""Writes what was recorded and fitted as a scenario: YAML, trace and the recording beside it."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.cluster.kubernetes.settings import KubernetesSettings
from core.errors import InputError
from core.files import write_files
from core.traffic.library import dump_scenario, load_scenario, scenario_for_trace, scenario_name
from core.traffic.patterns import TracePattern
from core.traffic.scenario import ClusterModel, MetricsModel, Scenario, SloModel
from core.traffic.trace import Trace
from core.twin.fit import TwinFit
from core.twin.gaps import Bridged
from core.twin.recording import Recording
from core.twin.span import span_text

_ROOM = 2.0
"""Replicas may grow to so many times what the recorded peak keeps busy, or what there was."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scenario goes."""

    folder: Path
    name: str

    @classmethod
    def parse(cls, out: Path | None, deployment: str) -> Place:
        """From what an operator gave: a name, a .yaml file, a folder, or nothing.

        Raises:
            InputError: No valid name is in it.
        """
        if out is None or out == Path():
            return cls(Path(), scenario_name(deployment))
        if out.is_dir():
            return cls(out, scenario_name(deployment))
        name = out.stem if out.suffix in (".yaml", ".yml") else out.name
        if name != scenario_name(name):
            raise InputError(
                f"expected a name of lower-case words joined by hyphens, found {name!r}.",
                f"For example {scenario_name(name)}.",
            )
        return cls(out.parent, name)

    @property
    def scenario(self) -> Path:
        """The YAML file."""
        return self.folder / f"{self.name}.yaml"

    @property
    def trace(self) -> Path:
        """The traffic."""
        return self.folder / f"{self.name}.csv"

    @property
    def recording(self) -> Path:
        """Everything that was recorded, to fit again from."""
        return self.folder / f"{self.name}.recording.npz"


def write_twin(
    place: Place,
    bridged: Bridged,
    settings: KubernetesSettings,
    fit: TwinFit | None,
    *,
    force: bool = False,
) -> Scenario:
    """Write a scenario that replays the recorded traffic on the fitted (or the default) service.

    Args:
        place: Where.
        bridged: What was recorded.
        settings: Limits and SLO, where given.
        fit: The service; None leaves the default one.
        force: Replace files that exist.

    Returns:
        The scenario, as it is loaded from its file.

    Raises:
        InputError: A file exists, cannot be written, or the SLO cannot be met by the service.
    """
    scenario = _scenario(place, bridged.recording, settings, fit)
    kept = "" if fit is None else ", with the service fitted to it"
    text = (
        f"# Traffic of {bridged.recording.source}, recorded from Prometheus{kept}.\n"
        f"{dump_scenario(scenario, defaults=False)}"
    )
    saved = io.BytesIO()
    bridged.recording.write(saved)
    write_files(
        {
            place.trace: _csv(bridged.recording),
            place.recording: saved.getvalue(),
            place.scenario: text.encode(),
        },
        force=force,
    )
    return load_scenario(place.scenario)


def _scenario(
    place: Place, recording: Recording, settings: KubernetesSettings, fit: TwinFit | None
) -> Scenario:
    seconds = np.arange(recording.steps, dtype=np.float64) * recording.step_s
    trace = Trace(seconds, recording.rps, float(recording.duration_s))
    what = f"{span_text(recording.duration_s)} of traffic of {recording.source}"
    pattern = TracePattern(path=Path(place.trace.name))
    base = scenario_for_trace(
        place.name, f"{what}, from {recording.moment(0)} on.", place.trace, trace, pattern
    )
    interval_s = max(1, round(settings.interval_s)) if settings.interval_s else base.interval_s
    changes: dict[str, object] = {
        "interval_s": interval_s,
        "slo": SloModel(latency_ms=recording.slo_ms),
        "metrics": MetricsModel(window_s=max(settings.metrics.window_s, interval_s)),
    }
    if settings.guardrails is not None:
        changes["guardrails"] = settings.guardrails
    service = base.service
    if fit is not None:
        service = fit.service
        changes["service"] = service
        changes["fit"] = fit.record
        if service.service_time_ms >= recording.slo_ms:
            raise InputError(
                f"expected an SLO above the service time that was found "
                f"({service.service_time_ms:.0f} ms), found {recording.slo_ms:g} ms.",
                "Give the real one with --slo.",
            )
    changes["cluster"] = _cluster(recording, settings, service.pod_capacity_rps)
    # Checked again as a whole; `model_copy` checks nothing.
    return Scenario.model_validate({**dict(base), **changes})


def _cluster(
    recording: Recording, settings: KubernetesSettings, pod_capacity_rps: float
) -> ClusterModel:
    ready = recording.ready[np.isfinite(recording.ready)]
    seen_low = max(1, int(ready.min(initial=1e9))) if len(ready) else 1
    seen_high = int(ready.max(initial=0.0)) if len(ready) else 0
    needed = math.ceil(float(np.max(recording.rps)) / pod_capacity_rps)
    low = settings.min_replicas or recording.min_replicas or seen_low
    high = settings.max_replicas or recording.max_replicas
    if high is None:
        high = max(low, math.ceil(_ROOM * max(seen_high, needed)))
    return ClusterModel(min_replicas=low, max_replicas=max(low, high))


def _csv(recording: Recording) -> bytes:
    rows = "\n".join(
        f"{step * recording.step_s},{value:.6g}" for step, value in enumerate(recording.rps)
    )
    return (
        f"# Requests per second of {recording.source} from {recording.moment(0)} on, "
        f"means over {recording.window_s} s.\nt_seconds,rps\n{rows}\n"
    ).encode()
