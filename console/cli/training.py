"""Carrying out a training: in this process, or in the background."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli.output import duration, note, number, percent, print_json, print_pairs
from console.cli.progress import ProgressReport
from console.cli.stopping import INTERRUPTED, stopping_on_signals
from core.agents.config import TrainingConfig
from core.clock import SystemClock
from core.errors import InputError
from core.runs.reader import RunReader
from core.runs.session import StopFlag

if TYPE_CHECKING:
    from core.runs.session import Progress


def train_here(config: TrainingConfig, arguments: argparse.Namespace) -> int:
    """Train in this process with progress on stderr, and print what came of it."""
    from core.runs.creation import create_run

    return _train(create_run(config), arguments)


def resume_training(arguments: argparse.Namespace) -> int:
    """Go on with a training that ended before it was finished, in this process.

    Raises:
        InputError: It is no training, or is finished or running.
    """
    from core.runs.catalogue import find_run
    from core.runs.records import RunKind, RunState

    directory = find_run(arguments.resume)
    reader = RunReader(directory)
    status = reader.status()
    reader.close()
    if status.kind is not RunKind.TRAINING:
        raise InputError(
            f"expected a training to resume, found {status.kind} run {status.run_id}.",
            "`rlscale-console runs list` shows what is what.",
        )
    if status.state is RunState.FINISHED or status.state.is_live:
        raise InputError(
            f"expected an unfinished training, found {status.run_id} {status.state}.",
            "Start a new one.",
        )
    return _train(directory, arguments)


def train_detached(config: TrainingConfig, arguments: argparse.Namespace) -> int:
    """Let an engine train in the background, and say how to get at it."""
    from core.runs.launch import launch

    directory = launch(config)
    if arguments.json:
        print_json({"run": directory.name, "directory": directory, "bundle": config.out})
    else:
        print(f"Started {directory.name}.")
        print(f"Watch it: rlscale-console attach {directory.name}")
    return 0


def _train(directory: Path, arguments: argparse.Namespace) -> int:
    from core.runs.execution import execute
    from core.runs.summary import summarise_training

    reader = RunReader(directory)
    try:
        config = reader.config()
        assert isinstance(config, TrainingConfig)
        stop = StopFlag()
        info = reader.info()
        title = f"{config.algo} on {info.target or ', '.join(config.scenarios)}"
        with ProgressReport(title, config.steps, "steps") as report:

            def show(progress: Progress) -> None:
                report.update(progress.done, _detail(reader, progress), total=progress.total)

            words = "Stopping; what was learned is kept. Once more ends at once."
            with stopping_on_signals(stop, words):
                execute(directory, SystemClock(), stop=stop, on_progress=show)
        if stop.reason == INTERRUPTED:
            note(f"Go on with it: rlscale-console train --resume {directory.name}")
            raise KeyboardInterrupt
        content = summarise_training(reader).as_dict()
        asked = config.steps
    finally:
        reader.close()
    if config.out is not None:
        content["bundle"] = str(config.out)
    if arguments.json:
        print_json(content)
    else:
        _print(content, directory, asked)
    return 0


def _detail(reader: RunReader, progress: Progress) -> str:
    """How a training goes, in a few words."""
    parts = []
    if progress.steps_per_s:
        parts.append(f"{progress.steps_per_s:,.0f} steps/s")
    rows = reader.training_after(0)
    if rows and rows[-1].episode_reward is not None:
        parts.append(f"episode reward {rows[-1].episode_reward:.2f}")
    training = reader.status().training
    if training and training.best_score is not None and training.baseline_score is not None:
        baseline = f"calibrated HPA {training.baseline_score:.2f}"
        parts.append(f"score {training.best_score:.2f} ({baseline})")
    return ", ".join(parts)


def _print(content: dict[str, Any], directory: Path, asked: int) -> None:
    evaluation = content["evaluation"]
    more = f" ({asked:,} in whole updates)" if content["steps"] > asked else ""
    pairs = {
        "run": directory.name,
        "policy": content["bundle"],
        "trained": f"{content['steps']:,} steps{more} in {duration(content['wall_s'])}, "
        f"{number(content['steps_per_s'], 0)} steps/s, seed {content['seed']}",
        **_kept(content),
        "score": "not judged, since it was stopped early",
    }
    if evaluation is not None:
        pairs |= {
            "score": f"{number(evaluation['score'], 3)} on traffic it was not trained on, "
            f"calibrated HPA {number(content['baseline_score'], 3)} (lower is better)",
            "SLO violations": percent(evaluation["slo_violation_ratio"], 3),
            "pods": f"{number(evaluation['pod_hours'], 1)} pod·h, "
            f"{number(evaluation['needed_pod_hours'], 1)} needed",
        }
    print_pairs(pairs)
    bundle = Path(content["bundle"])
    print(f"Run it: rlscale-console run --policy {_named(bundle)} --scenario flash-crowd")


def _kept(content: dict[str, Any]) -> dict[str, str]:
    """Which of the policies on the way was kept: not always that of the last step."""
    best_steps = content["best_steps"]
    if best_steps is None:
        return {}
    return {"kept": f"the best, after {best_steps:,} of {content['steps']:,} steps"}


def _named(bundle: Path) -> str:
    """What `run --policy` takes for a bundle."""
    from core.locations import trained_policies_directory

    return bundle.name if bundle.parent == trained_policies_directory() else str(bundle)
