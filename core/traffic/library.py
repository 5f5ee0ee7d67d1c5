"""Where scenarios are found: shipped ones by name, others by file."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from core.errors import InputError
from core.locations import shipped_scenarios_directory, typed_path
from core.traffic.patterns import TracePattern
from core.traffic.scenario import (
    LONGEST_DESCRIPTION,
    LONGEST_RUN_S,
    ClusterModel,
    Scenario,
    ServiceModel,
)
from core.traffic.suites import suite_member
from core.traffic.trace import Trace, load_replay, peak_of, scale_to_peak
from core.traffic.validation import parse_scenario

MIN_TRACE_S = 15
"""A trace must last for at least one decision at the default interval."""

_HEADROOM = 2.0
"""A trace's cluster may grow to this many times the pods that its peak keeps fully busy."""


@dataclass(frozen=True, slots=True)
class ScenarioEntry:
    """A scenario that can be loaded by name."""

    name: str
    path: Path
    description: str
    duration_s: int


def list_scenarios() -> list[ScenarioEntry]:
    """The shipped scenarios, by name."""
    entries = []
    for path in sorted(shipped_scenarios_directory().glob("*.yaml")):
        scenario = _read_scenario(path)
        entries.append(
            ScenarioEntry(scenario.name, path, scenario.description, scenario.duration_s)
        )
    return entries


def load_scenario(
    name_or_path: str | Path, *, peak_rps: float | None = None, also: Sequence[str] = ()
) -> Scenario:
    """Load a shipped scenario by name, a YAML file, or a trace CSV on the default service.

    Args:
        name_or_path: Name of a shipped scenario or of a member of a suite, such as heldout-03, or
            path of a .yaml, .yml or .csv file.
        peak_rps: Scale the trace so that its 99.5th percentile is this. For a scenario file, the
            traces in it.
        also: What else the operator may have meant, such as a suite; for the hint.

    Raises:
        InputError: If there is no such scenario, it or its trace is invalid, or it has no trace
            to scale.
    """
    if peak_rps is not None and not (math.isfinite(peak_rps) and peak_rps > 0):
        raise InputError(f"Expected a positive peak rate, found {peak_rps:g}.")
    path = typed_path(name_or_path)
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _trace_scenario(path.resolve(), peak_rps)
    if suffix in (".yaml", ".yml"):
        scenario = _read_scenario(path)
    elif suffix or len(path.parts) != 1:
        raise InputError(
            f"Expected the name of a scenario or a .yaml or .csv file, found {name_or_path}.",
            "`rlscale-console scenario import` turns access logs into scenarios.",
        )
    else:
        scenario = _shipped_scenario(str(name_or_path), also)
    return scenario if peak_rps is None else _with_peak(scenario, peak_rps)


def dump_scenario(scenario: Scenario, *, defaults: bool = True) -> str:
    """YAML text from which the same scenario can be loaded again.

    Args:
        scenario: What to write. Paths of traces are written as they are.
        defaults: Also write what has its default value, so that the text means the same when
            defaults change.
    """
    data = scenario.model_dump(mode="json")
    if not defaults:
        standard = Scenario(name="x", traffic=scenario.traffic).model_dump(mode="json")
        for key in list(data):
            if key in ("name", "traffic", "fit"):
                continue
            if isinstance(data[key], dict):
                data[key] = {k: v for k, v in data[key].items() if v != standard[key][k]}
                if not data[key]:
                    del data[key]
            elif data[key] == standard[key]:
                del data[key]
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
    return text


def scenario_name(text: str) -> str:
    """A valid scenario name made from any text, such as a file's stem."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80].strip("-")
    return name or "scenario"


def scenario_for_trace(
    name: str, description: str, source: Path, trace: Trace, pattern: TracePattern
) -> Scenario:
    """The default service and cluster for a trace, as long as it, with room for its peak.

    Args:
        name: Name of the scenario.
        description: One sentence.
        source: The file that the trace came from, for errors.
        trace: What was recorded.
        pattern: How it is replayed; its `peak_rps` counts, its path is not opened.

    Raises:
        InputError: If the trace is too short, too long or cannot be scaled.
    """
    if not MIN_TRACE_S <= trace.duration_s <= LONGEST_RUN_S:
        raise InputError(
            f"{source}: expected a trace of {MIN_TRACE_S} s to {LONGEST_RUN_S // 86_400} days, "
            f"found {trace.duration_s} s.",
            "Cut it, or record for longer.",
        )
    if pattern.peak_rps is not None:
        trace = scale_to_peak(trace, pattern.peak_rps)
    pods = math.ceil(_HEADROOM * peak_of(trace) / ServiceModel().pod_capacity_rps)
    return Scenario(
        name=name,
        description=description[:LONGEST_DESCRIPTION],
        traffic=(pattern,),
        cluster=ClusterModel(max_replicas=max(ClusterModel().max_replicas, pods)),
        duration_s=trace.duration_s,
    )


def _trace_scenario(path: Path, peak_rps: float | None) -> Scenario:
    scaled = "" if peak_rps is None else f", scaled to a peak of {peak_rps:g} rps"
    return scenario_for_trace(
        scenario_name(path.stem),
        f"Recorded traffic of {path.name}{scaled}.",
        path,
        load_replay(path),
        TracePattern(path=path, peak_rps=peak_rps),
    )


def _with_peak(scenario: Scenario, peak_rps: float) -> Scenario:
    traces = [pattern for pattern in scenario.traffic if isinstance(pattern, TracePattern)]
    if not traces:
        raise InputError(
            f"Expected a trace to scale to {peak_rps:g} rps, found none in {scenario.name}.",
            "Leave the peak away or give a trace CSV.",
        )
    traffic = tuple(
        pattern.model_copy(update={"peak_rps": peak_rps})
        if isinstance(pattern, TracePattern)
        else pattern
        for pattern in scenario.traffic
    )
    return scenario.model_copy(update={"traffic": traffic})


def _shipped_scenario(name: str, also: Sequence[str]) -> Scenario:
    names = sorted(path.stem for path in shipped_scenarios_directory().glob("*.yaml"))
    if name in names:
        return _read_scenario(shipped_scenarios_directory() / f"{name}.yaml")
    if (member := suite_member(name)) is not None:
        return member
    known = [*also, *names]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"Known: {', '.join(known)}."
    raise InputError(f"Expected the name of a scenario, found {name!r}.", hint)


def _read_scenario(path: Path) -> Scenario:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: expected a scenario in UTF-8, found other bytes.", "Check the path."
        ) from error
    except OSError as error:
        raise InputError(
            f"{path}: expected a readable scenario file, found: {error.strerror or error}.",
            "`rlscale-console scenario list` shows the shipped ones.",
        ) from error
    scenario = parse_scenario(text, path)
    for pattern in scenario.traffic:
        if isinstance(pattern, TracePattern):
            load_replay(pattern.path, pattern.peak_rps)
    return scenario
