"""Replaying the recorded decisions of a real controller.

`python -m core.agents.hpa.recording FILE…` prints how many come out the same.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.agents.hpa.controller import HpaController
from core.agents.hpa.metrics import MetricSpec
from core.agents.hpa.pods import PodGroup, PodPhase, Sample
from core.agents.hpa.spec import HpaSettings, HpaSpec
from core.errors import InputError, RlscaleError

_MILLI_BYTES_PER_MI = 1000 * 2**20


@dataclass(frozen=True, slots=True)
class ReplayedDecision:
    """One recorded sync beside ours."""

    scenario: str
    index: int
    recorded: tuple[int | None, int | None]
    """Proposed and desired."""
    replayed: tuple[int | None, int | None]

    @property
    def same(self) -> bool:
        """Whether both numbers agree."""
        return self.recorded == self.replayed


def replay(path: Path) -> list[ReplayedDecision]:
    """Decide again what a real controller decided.

    Args:
        path: A recording, JSON or gzipped JSON; `docs/hpa.md` describes its form.

    Raises:
        InputError: The file cannot be read or is no recording.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        recording = json.loads(content)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise _no_recording(path, str(error)) from error
    if not isinstance(recording, dict):
        raise _no_recording(path, "no fields at the top")
    try:
        return [
            decision
            for scenario in recording["scenarios"]
            for decision in _replay_scenario(
                scenario, recording["profiles"][scenario["profile"]]["flags"]
            )
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise _no_recording(path, f"{type(error).__name__} {error}") from error


def _no_recording(path: Path, found: str) -> InputError:
    return InputError(f"{path}: expected a recording of decisions, found {found}.")


def _replay_scenario(
    scenario: Mapping[str, Any], flags: Mapping[str, float]
) -> Iterator[ReplayedDecision]:
    spec = HpaSpec.from_manifest({"spec": scenario["spec"]})
    settings = HpaSettings(
        tolerance=flags["tolerance"],
        downscale_stabilization_s=flags["downscale_stabilization_s"],
        cpu_initialization_s=flags["cpu_initialization_period_s"],
        initial_readiness_delay_s=flags["initial_readiness_delay_s"],
    )
    controller = HpaController(spec, settings)
    for index, entry in enumerate(scenario["series"]):
        decided_s = entry["t_decision_epoch"]
        proposed_s = entry["t_proposed_epoch"]
        decision = controller.decide(
            decided_s if proposed_s is None else proposed_s,
            _pods(entry, spec.metrics, scenario.get("request_memory_mi", 0)),
            entry["current"],
            carried_out_s=decided_s,
        )
        yield ReplayedDecision(
            scenario["name"],
            index,
            (entry["proposed"], entry["desired"]),
            (decision.proposed, decision.desired),
        )


def _pods(
    entry: Mapping[str, Any], metrics: Sequence[MetricSpec], request_memory_mi: int
) -> list[PodGroup]:
    requests = {
        metric.key: entry["request_millicores"]
        if metric.name == "cpu"
        else request_memory_mi * _MILLI_BYTES_PER_MI
        for metric in metrics
    }
    return [_pod(one, entry, metrics, requests) for one in entry["pods"] or ()]


def _pod(
    one: Mapping[str, Any],
    entry: Mapping[str, Any],
    metrics: Sequence[MetricSpec],
    requests: Mapping[str, int],
) -> PodGroup:
    cpu_m, memory_mi = one["cpu_m"], one["memory_mi"]
    usages = {
        "cpu": cpu_m,
        "memory": None if memory_mi is None else memory_mi * _MILLI_BYTES_PER_MI,
    }
    changed_s = one["ready_transition"]
    return PodGroup(
        count=one["count"],
        samples={
            metric.key: Sample(usage, entry["metric_timestamp"], entry["window_s"])
            for metric in metrics
            if (usage := usages[metric.name]) is not None
        },
        requests_milli=requests,
        phase=PodPhase(one["phase"]),
        ready=one["ready_condition"],
        deleting=one["deleting"],
        started_s=one["start_time"],
        ready_changed_s=float("-inf") if changed_s is None else changed_s,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay the files named on the command line; 0 if every decision is the same."""
    parser = argparse.ArgumentParser(prog="python -m core.agents.hpa.recording")
    parser.add_argument("files", nargs="+", type=Path, help="recordings, JSON or gzipped JSON")
    differing = 0
    for path in parser.parse_args(arguments).files:
        try:
            decisions = replay(path)
        except RlscaleError as error:
            print(f"error: {error}", file=sys.stderr)
            return error.exit_code
        for one in decisions:
            if not one.same:
                print(
                    f"{one.scenario}, sync {one.index}: proposed and desired are "
                    f"{one.recorded}, replayed {one.replayed}"
                )
        same = sum(one.same for one in decisions)
        differing += len(decisions) - same
        print(f"{path.name}: {same} of {len(decisions)} decisions the same")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
