"""Carries out `twin fit` and `scenario import prometheus`, and prints what came of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from console.cli.history import history_request
from console.cli.output import note, print_json, print_pairs, print_table
from console.cli.progress import ProgressReport
from core.clock import SystemClock

if TYPE_CHECKING:
    from core.traffic.scenario import Scenario
    from core.twin.fit import TwinFit
    from core.twin.gaps import Bridged
    from core.twin.writing import Place


def import_history(arguments: argparse.Namespace) -> int:
    """Record a Deployment's traffic and write it as a scenario."""
    from console.cli.scenario import _preview_content
    from console.setup.preview import preview_traffic
    from core.twin.writing import Place, write_twin

    request = history_request(arguments, traffic_only=True)
    place = Place.parse(arguments.out, arguments.name or request.settings.deployment)
    _refuse_existing(place, arguments.force)
    bridged = _recorded(arguments, traffic_only=True)
    write_twin(place, bridged, request.settings, None, force=arguments.force)
    preview = preview_traffic(str(place.scenario), peak_rps=None, seed=None)
    if arguments.json:
        content = {"path": place.scenario, "trace": place.trace, "notes": bridged.notes}
        print_json({**_preview_content(preview), **content})
        return 0
    print(f"Wrote {place.scenario} and {place.trace}.")
    print(preview.facts)
    print(f"Run it: rlscale-console run --policy ppo --scenario {place.scenario}")
    return 0


def fit(arguments: argparse.Namespace) -> int:
    """Record a Deployment's history (or read a recording), fit a twin and write it."""
    from console.cli.kubernetes import name_deployment, settings_from
    from core.twin.fit import fit_twin
    from core.twin.recording import load_recording
    from core.twin.writing import Place, write_twin

    recording = None if arguments.recording is None else load_recording(arguments.recording)
    of_another = recording is not None and name_deployment(arguments, recording.source)
    settings = settings_from(arguments)
    place = Place.parse(arguments.out, settings.deployment)
    _refuse_existing(place, arguments.force)
    if recording is not None:
        from core.twin.gaps import bridge_gaps

        if of_another:
            note(f"note: the recording is of {recording.source}")
        bridged = bridge_gaps(recording, all_gaps=arguments.bridge_gaps)
    else:
        bridged = _recorded(arguments, traffic_only=False)
    with ProgressReport("fitting", 100.0) as progress:
        fitted = fit_twin(
            bridged, lambda done, total, what: progress.update(done, what, total=total)
        )
    scenario = write_twin(place, bridged, settings, fitted, force=arguments.force)
    _print_fit(arguments, place, bridged, fitted, scenario)
    return 0


def _refuse_existing(place: Place, force: bool) -> None:
    """Minutes of queries are not spent on what cannot be written."""
    from core.files import require_new

    for path in (place.scenario, place.trace, place.recording):
        require_new(path, force=force)


def _recorded(arguments: argparse.Namespace, *, traffic_only: bool) -> Bridged:
    from core.twin.history import record_history

    request = history_request(arguments, traffic_only=traffic_only)
    title = f"recording {arguments.range} of {request.settings.deployment}"
    with ProgressReport(title, None, "values") as progress:
        bridged = record_history(
            request,
            SystemClock(),
            lambda done, total, what: progress.update(done, what, total=total),
        )
    for text in bridged.notes:
        note(f"note: {text}")
    return bridged


def fit_content(fitted: TwinFit, scenario: Scenario) -> dict[str, Any]:
    """A fit, ready for JSON."""
    record = fitted.record
    return {
        "scenario": scenario.name,
        "pod_capacity_rps": fitted.service.pod_capacity_rps,
        **scenario.model_dump(mode="json")["service"],
        **record.model_dump(mode="json"),
    }


def _print_fit(
    arguments: argparse.Namespace,
    place: Place,
    bridged: Bridged,
    fitted: TwinFit,
    scenario: Scenario,
) -> None:
    from console.cli.kubernetes import as_typed
    from core.twin.fit_text import pairs, quality_rows

    if arguments.json:
        print_json(
            {
                **fit_content(fitted, scenario),
                "path": place.scenario,
                "recording": place.recording,
                "notes": bridged.notes,
            }
        )
        return
    for line in fitted.record.warnings:
        note(f"warning: {line}")
    print_pairs(pairs(fitted.service, fitted.record))
    print()
    print_table(
        ["held-out stretch", "median error", "R²", "steps"],
        [list(row) for row in quality_rows(fitted.record)],
        right=["median error", "R²", "steps"],
    )
    print()
    print(f"Wrote {place.scenario}, {place.trace} and {place.recording}.")
    print(f"Train in it: rlscale-console train --algo ppo --scenario {place.scenario}")
    print(
        f"Shadow with it: rlscale-console run --env k8s {as_typed(arguments)} "
        f"--scenario {place.scenario} --policy BUNDLE"
    )
