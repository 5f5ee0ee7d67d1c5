"""Carrying out an inference run: in this process, in the background, or under the console."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from console.cli.figures import figure
from console.cli.output import note, number, print_json, print_pairs
from console.cli.progress import ProgressReport
from console.cli.stopping import INTERRUPTED, stopping_on_signals
from core.clock import SystemClock
from core.runs.config import InferenceConfig
from core.runs.session import Progress, StopFlag


def run_headless(config: InferenceConfig, arguments: argparse.Namespace) -> int:
    """Run in this process with progress on stderr, and print the figures.

    Ctrl-C ends the run in order: its file says that it was stopped, and keeps what was done.
    """
    from core.runs.creation import create_run
    from core.runs.execution import execute
    from core.runs.reader import RunReader
    from core.runs.summary import summarise

    directory = create_run(config)
    stop = StopFlag()
    with (
        _told_to_others(directory, arguments),
        ProgressReport(f"{config.policy} on {_place(config)}", None, "decisions") as progress,
        stopping_on_signals(stop),
    ):
        execute(
            directory,
            SystemClock(),
            stop=stop,
            on_progress=partial(_tell, progress),
        )
    # Without a duration, being stopped is how a run on a cluster ends.
    endless = config.on_cluster and config.duration_s is None
    if stop.reason == INTERRUPTED and not endless:
        raise KeyboardInterrupt
    reader = RunReader(directory)
    try:
        content = summarise(reader).as_dict()
    finally:
        reader.close()
    if arguments.json:
        print_json(content)
    else:
        print_figures(content)
    return 0


def _tell(progress: ProgressReport, now: Progress) -> None:
    progress.update(now.done, pace(now.steps_per_s), total=now.total or None)
    progress.remark(f"DEGRADED: {now.degraded}" if now.degraded else "")


def pace(steps_per_s: float | None) -> str:
    """How fast decisions come, in words; nothing while that is not known."""
    if not steps_per_s:
        return ""
    if steps_per_s < 1.0:
        return f"one every {number(1.0 / steps_per_s, 0)} s"
    return f"{steps_per_s:,.0f} decisions/s"


@contextmanager
def _told_to_others(directory: Path, arguments: argparse.Namespace) -> Iterator[None]:
    """Serve metrics and probes meanwhile, if that is asked for."""
    wanted = getattr(arguments, "metrics_port", None)
    if wanted is None:
        yield
        return
    from core.monitor.server import monitoring

    address = arguments.metrics_address or "127.0.0.1"
    with monitoring(directory, SystemClock(), address, wanted) as port:
        note(f"Metrics at http://{address}:{port}/metrics")
        yield


def _place(config: InferenceConfig) -> str:
    return config.scenario if config.kubernetes is None else config.kubernetes.deployment


def print_figures(content: dict[str, Any]) -> None:
    """Print the figures of a run for people, with their units."""
    print_pairs(
        {
            "run": content["run"],
            "policy": content["policy"],
            "scenario": f"{content['scenario']}, seed {content['seed']}",
            "decisions": f"{content['steps']:,}",
            "requests": figure("requests", content["requests"]),
            "SLO violations": figure("slo_violation_ratio", content["slo_violation_ratio"]),
            "errors": figure("error_ratio", content["error_ratio"]),
            "latency p50 p95 p99": " ".join(
                number(content[f"latency_{name}_ms"], 0) for name in ("p50", "p95", "p99")
            )
            + " ms",
            "pods": f"{figure('pod_hours', content['pod_hours'])} pod·h, "
            f"{figure('needed_pod_hours', content['needed_pod_hours'])} needed",
            **_unmeasured(content),
            "churn": figure("churn", content["churn"]),
            "reward": figure("reward", content["reward"]),
            "score": f"{figure('score', content['score'])} (lower is better)",
        }
    )


def _unmeasured(content: dict[str, Any]) -> dict[str, str]:
    count = content["unmeasured_steps"]
    if not count:
        return {}
    return {"not measured": f"requests of {count:,} decisions: too few here, the score too high"}


def run_detached(config: InferenceConfig, arguments: argparse.Namespace) -> int:
    """Let an engine run it in the background, and say how to get at it."""
    from core.runs.launch import launch

    directory = launch(config)
    if arguments.json:
        print_json({"run": directory.name, "directory": directory})
    else:
        print(f"Started {directory.name}.")
        print(f"Watch it: rlscale-console attach {directory.name}")
    return 0


def run_in_console(config: InferenceConfig, arguments: argparse.Namespace) -> int:
    """Let an engine run it, and open the console on it."""
    from console.cli.screen import open_console, require_terminal
    from console.start import StartAttach
    from core.runs.launch import launch

    # Before the engine is started: without a terminal nobody would know of it.
    require_terminal(arguments)
    return open_console(StartAttach(launch(config)), arguments)
