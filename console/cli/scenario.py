"""`scenario`: list, draw, check and import traffic."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli.arguments import (
    add_json,
    add_peak,
    add_seed,
    whole_number,
)
from console.cli.history import add_history_arguments
from console.cli.kubernetes import refuse_kubernetes_arguments
from console.cli.output import duration, note, print_error, print_json, print_table
from core.errors import InputError

if TYPE_CHECKING:
    from console.setup.preview import TrafficPreview

_CHART_ROWS = 14
_SERIES_POINTS = 400
_PROMETHEUS = "prometheus"
"""In place of a file: a Deployment's history."""


def configure(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "scenario",
        help="list, draw, check and import traffic",
        description="List, draw, check and import traffic.",
    )
    parser.set_defaults(execute=_list, parser=parser, json=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="the scenarios that can be named")
    add_json(listing)
    listing.set_defaults(execute=_list, parser=listing)

    show = actions.add_parser("show", help="draw the traffic of a scenario, with its facts")
    show.add_argument("scenario", metavar="NAME|FILE", help="a name, a .yaml file or a trace .csv")
    show.add_argument("--yaml", action="store_true", help="print the whole scenario as YAML")
    show.add_argument(
        "--width",
        type=whole_number(40, 400),
        metavar="N",
        help="columns of the chart (default: the terminal's)",
    )
    add_peak(show)
    add_seed(show)
    show.set_defaults(seed=None)
    add_json(show)
    show.set_defaults(execute=_show, parser=show)

    validate = actions.add_parser("validate", help="check scenario files and traces")
    validate.add_argument("files", nargs="+", metavar="FILE", help="a .yaml file or a trace .csv")
    add_json(validate)
    validate.set_defaults(execute=_validate, parser=validate)

    bring = actions.add_parser(
        "import",
        help="turn a CSV trace, an access log or Prometheus's history into a scenario",
        description=(
            "Turn a two-column CSV (t_seconds,rps), an access log (Common or Combined, also .gz) "
            "or\nthe history of a Deployment in Prometheus into a scenario: a .yaml file, with the "
            "trace\nbeside it.\n\n"
            "  rlscale-console scenario import prometheus --range 7d --namespace shop "
            "--deployment checkout \\\n      --prometheus-url http://prometheus:9090 "
            "--out checkout"
        ),
    )
    bring.add_argument(
        "file",
        type=Path,
        metavar="FILE|prometheus",
        help="CSV or access log, also .gz; or the word prometheus",
    )
    bring.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR|NAME",
        help="where the files go (default: the present folder); with prometheus a name or a .yaml "
        "file (default: the Deployment's name)",
    )
    bring.add_argument("--name", metavar="NAME", help="name of the scenario (default: the file's)")
    bring.add_argument(
        "--kind",
        choices=("csv", "access-log"),
        help="what the file is (default: csv if it is named so, else an access log)",
    )
    bring.add_argument("--force", action="store_true", help="replace files that exist")
    add_peak(bring)
    add_json(bring)
    add_history_arguments(bring, when="prometheus")
    bring.set_defaults(execute=_import, parser=bring)

    schema = actions.add_parser("schema", help="print JSON Schema, for editors")
    add_json(schema)
    schema.set_defaults(execute=_schema, parser=schema)


def _list(arguments: argparse.Namespace) -> int:
    from core.traffic.library import list_scenarios

    entries = list_scenarios()
    if arguments.json:
        print_json(
            {
                "scenarios": [
                    {
                        "name": entry.name,
                        "description": entry.description,
                        "duration_s": entry.duration_s,
                        "path": entry.path,
                    }
                    for entry in entries
                ]
            }
        )
        return 0
    rows = [[entry.name, duration(entry.duration_s), entry.description] for entry in entries]
    print_table(["scenario", "length", "what happens"], rows, right=["length"], whole=["scenario"])
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from console.setup.preview import preview_traffic

    if arguments.yaml:
        from core.traffic.library import dump_scenario, load_scenario

        print(dump_scenario(load_scenario(arguments.scenario, peak_rps=arguments.peak_rps)), end="")
        return 0
    preview = preview_traffic(
        arguments.scenario,
        peak_rps=arguments.peak_rps,
        seed=arguments.seed,
        columns=_SERIES_POINTS,
    )
    if arguments.json:
        print_json(_preview_content(preview))
        return 0
    print(f"{preview.name}: {preview.description}")
    print(preview.facts)
    if preview.faults:
        print(f"Faults: {', '.join(preview.faults)}")
    print()
    for line in _chart(preview, arguments.width):
        print(line)
    return 0


def _preview_content(preview: TrafficPreview) -> dict[str, Any]:
    return {
        "name": preview.name,
        "description": preview.description,
        "duration_s": preview.duration_s,
        "mean_rps": preview.mean_rps,
        "peak_rps": preview.peak_rps,
        "slo_ms": preview.slo_ms,
        "min_replicas": preview.min_replicas,
        "max_replicas": preview.max_replicas,
        "pod_capacity_rps": preview.pod_capacity_rps,
        "faults": preview.faults,
        "t_seconds": preview.seconds,
        "rps": preview.rps,
    }


def _chart(preview: TrafficPreview, width: int | None) -> list[str]:
    """The traffic over time, as lines of text."""
    import shutil
    import sys

    from console.charts.frame import FrameOptions, compose_chart
    from console.charts.model import ChartData, Curve, Viewport
    from console.themes import Series

    curve = Curve("peak", Series.TRAFFIC, preview.rps, current=preview.peak_rps)
    data = ChartData("traffic", "rps", preview.seconds, (curve,))
    options = FrameOptions(
        width=width or shutil.get_terminal_size((100, 24)).columns,
        height=_CHART_ROWS,
        ascii_only="utf" not in (sys.stdout.encoding or "").lower(),
    )
    lines = compose_chart(data, Viewport(0.0, float(preview.duration_s)), options)
    return ["".join(span.text for span in line).rstrip() for line in lines]


def _validate(arguments: argparse.Namespace) -> int:
    from console.setup.preview import preview_traffic

    results: list[dict[str, Any]] = []
    for file in arguments.files:
        try:
            preview = preview_traffic(file, peak_rps=None, seed=None)
        except InputError as error:
            results.append({"file": file, "valid": False, "error": str(error)})
            print_error(str(error))
            continue
        results.append({"file": file, "valid": True, "name": preview.name})
        if not arguments.json:
            name = "" if preview.name == file else f"{preview.name}: "
            print(f"{file}: valid. {name}{preview.facts}")
    valid = all(result["valid"] for result in results)
    if arguments.json:
        print_json({"valid": valid, "files": results})
    return 0 if valid else InputError.exit_code


def _import(arguments: argparse.Namespace) -> int:
    if arguments.file == Path(_PROMETHEUS):
        from console.cli.twins import import_history

        return import_history(arguments)
    refuse_kubernetes_arguments(arguments, f"'{_PROMETHEUS}' as FILE")
    from console.setup.preview import preview_traffic
    from core.traffic.importers.importer import ImportKind, import_scenario

    report = import_scenario(
        arguments.file,
        arguments.out,
        name=arguments.name,
        kind=ImportKind(arguments.kind) if arguments.kind else None,
        peak_rps=arguments.peak_rps,
        force=arguments.force,
    )
    for text in report.notes:
        note(f"note: {text}")
    preview = preview_traffic(report.scenario_path, peak_rps=None, seed=None)
    if arguments.json:
        print_json(
            {
                **_preview_content(preview),
                "path": report.scenario_path,
                "trace": report.trace_path,
                "notes": report.notes,
            }
        )
        return 0
    print(f"Wrote {report.scenario_path} and {report.trace_path}.")
    print(preview.facts)
    print(f"Run it: rlscale-console run --policy ppo --scenario {report.scenario_path}")
    return 0


def _schema(arguments: argparse.Namespace) -> int:
    from core.traffic.scenario import scenario_json_schema

    schema = scenario_json_schema()
    if arguments.json:
        print_json(schema)
    else:
        print(json.dumps(schema, indent=2))
    return 0
