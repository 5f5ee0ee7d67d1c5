"""What comes of a training on a real cluster: its policy, judged once all decisions are taken."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from core.agents.dqn import DQNAgent
from core.agents.evaluation import average_results, evaluate_cases
from core.agents.learned import LearnedPolicy
from core.agents.sink import EvaluationResult
from core.agents.stopwatch import Stopwatch
from core.agents.traffic import Validation, training_traffic
from core.runs.config import OnlineTrainingConfig
from core.runs.records import RunState
from core.runs.rows import StatusRow
from core.runs.store import RunWriter
from core.summary import Summary


def conclude(
    directory: Path,
    writer: RunWriter,
    config: OnlineTrainingConfig,
    agent: DQNAgent,
    stopwatch: Stopwatch,
    ended: StatusRow,
) -> StatusRow:
    """Keep what was learned; at the end of the training judge it on simulated traffic.

    Whoever stops a training wants it to end now, and may kill it soon.

    Args:
        directory: Of the run; gets the bundle.
        writer: Its store; gets the result.
        config: Of the run.
        agent: What has learned.
        stopwatch: Of all sittings.
        ended: How the last sitting ended.

    Returns:
        The last status, which is not yet written.

    Raises:
        BundleError: A place cannot be written to.
    """
    figures, baseline = None, None
    ended = replace(ended, state=RunState.STOPPED, eta_s=None)
    agent.save(directory / "bundle")
    if agent.timesteps >= config.steps:
        validation: Validation = training_traffic(config).validation
        cases = evaluate_cases(LearnedPolicy(agent.bundle()), validation.cases)
        figures, baseline = average_results(cases), validation.baseline_score()
        agent.save(directory / "bundle", figures)
        result = EvaluationResult.of(
            figures,
            timesteps=agent.timesteps,
            wall_s=stopwatch.total_s,
            baseline_score=baseline,
            best=True,
        )
        writer.add_evaluation(result)
        ended = replace(
            ended,
            state=RunState.FINISHED,
            message="",
            best_score=result.score,
            baseline_score=baseline,
        )
    writer.set_meta({"result": _result(directory, config, agent, stopwatch, figures, baseline)})
    if config.out is not None:
        # Last: whatever is wrong with that place takes nothing of the outcome away.
        agent.save(config.out, figures)
    return ended


def _result(
    directory: Path,
    config: OnlineTrainingConfig,
    agent: DQNAgent,
    stopwatch: Stopwatch,
    figures: Summary | None,
    baseline: float | None,
) -> dict[str, object]:
    wall_s = stopwatch.total_s
    return {
        "bundle": str(directory / "bundle"),
        "algo": config.algo.value,
        "steps": agent.timesteps,
        "best_steps": None if figures is None else agent.timesteps,
        "wall_s": wall_s,
        "steps_per_s": agent.timesteps / wall_s if wall_s > 0 else 0.0,
        "seed": config.seed,
        "evaluation": None if figures is None else asdict(figures),
        "baseline_score": baseline,
        "completed": agent.timesteps >= config.steps,
    }
