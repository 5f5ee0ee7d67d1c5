"""What a benchmark is asked to do, and what its figures depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from core.agents.fingerprint import code_fingerprint, fingerprint
from core.agents.hpa import is_manifest
from core.agents.registry import bundle_directory, from_anywhere, load_policy
from core.errors import InputError
from core.locations import typed_path
from core.traffic.library import list_scenarios, load_scenario
from core.traffic.patterns import TracePattern
from core.traffic.scenario import Scenario
from core.traffic.suites import SUITES

SHIPPED: Final = "shipped"
"""Stands for all shipped scenarios."""

_SUITES: Final = (*(suite.name for suite in SUITES), SHIPPED)

MOST_SEEDS: Final = 1000


class Workload(BaseModel):
    """One column of traffic that every policy meets, with several seeds."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    """Unique within a benchmark, and stable."""
    source: str
    """As `core.traffic.library.load_scenario` takes it; files with their whole path."""
    peak_rps: float | None = Field(default=None, gt=0)
    """Peak that a trace is scaled to."""

    def load(self) -> Scenario:
        """Its scenario, under the workload's name.

        Raises:
            InputError: It cannot be loaded.
        """
        scenario = load_scenario(self.source, peak_rps=self.peak_rps)
        return scenario.model_copy(update={"name": self.name})


class BenchRequest(BaseModel):
    """Policies on workloads with several seeds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policies: tuple[str, ...] = Field(min_length=1)
    """As `core.agents.registry.load_policy` takes them."""
    workloads: tuple[Workload, ...] = Field(min_length=1)
    seeds: int = Field(ge=1, le=MOST_SEEDS)
    """Episodes per policy and workload, with the seeds 0 … seeds − 1."""

    def identity(self) -> str:
        """A hash of all that its report depends on: the request, files that it names, the code.

        The order of policies and workloads counts: a report shows them in it.

        Raises:
            InputError: A policy or a workload cannot be loaded.
        """
        content = {
            "code": code_fingerprint(),
            "policies": [(spec, _policy_content(spec)) for spec in self.policies],
            "workloads": [_scenario_content(workload.load()) for workload in self.workloads],
            "seeds": self.seeds,
        }
        return fingerprint(content)


def make_request(
    policies: Sequence[str],
    scenarios: Iterable[str],
    traces: Iterable[str],
    *,
    peak_rps: float | None,
    seeds: int,
) -> BenchRequest:
    """Check names and files, and put suites in place of their names.

    Args:
        policies: Specifications; those that are named twice count once.
        scenarios: Names, files, and suites: heldout, training, trials, shipped.
        traces: Files of traces.
        peak_rps: What the traces are scaled to.
        seeds: Episodes per policy and workload.

    Raises:
        InputError: Something that is named does not exist or is not valid.
    """
    traces = list(traces)
    if peak_rps is not None and not traces:
        raise InputError("expected recorded traces (.csv) beside a peak rate, found none.")
    for spec in policies:
        load_policy(spec)
    sources: list[tuple[str, float | None]] = [
        (source, None) for name in scenarios for source in _members(name)
    ]
    sources += [(trace, peak_rps) for trace in traces]
    taken: set[str] = set()
    workloads = []
    for source, peak in dict.fromkeys((_absolute(source), peak) for source, peak in sources):
        name = _unique(load_scenario(source, peak_rps=peak, also=_SUITES).name, taken)
        workloads.append(Workload(name=name, source=source, peak_rps=peak))
    specs = tuple(dict.fromkeys(from_anywhere(spec) for spec in policies))
    return BenchRequest(policies=specs, workloads=tuple(workloads), seeds=seeds)


def _members(name: str) -> Iterator[str]:
    suite = next((one for one in SUITES if one.name == name), None)
    if suite is not None:
        yield from suite.names
    elif name == SHIPPED:
        yield from (entry.name for entry in list_scenarios())
    else:
        yield name


def _absolute(source: str) -> str:
    path = typed_path(source)
    return str(path.resolve()) if path.suffix else source


def _unique(name: str, taken: set[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    taken.add(candidate)
    return candidate


def _policy_content(spec: str) -> str:
    """The spec itself, or a hash of the files that it names."""
    _, _, argument = spec.partition(":")
    if is_manifest(argument):
        return _digest(typed_path(argument))
    home = bundle_directory(spec)
    if home is None:
        return spec
    return fingerprint([_digest(path) for path in sorted(home.rglob("*")) if path.is_file()])


def _scenario_content(scenario: Scenario) -> Any:
    files = [
        _digest(pattern.path) for pattern in scenario.traffic if isinstance(pattern, TracePattern)
    ]
    return {"scenario": scenario.model_dump(mode="json"), "files": files}


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(
            f"{path}: expected a readable file, found: {error.strerror or error}."
        ) from error
