"""What a run amounts to, from its file: the keys of `run --json` and `train --json`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from core.errors import RunError
from core.latency import LatencyMixture
from core.runs.records import RunKind
from core.summary import ExactTotals, Summary, build_summary

if TYPE_CHECKING:
    from core.runs.reader import RunReader

_CHUNK_STEPS: Final = 20_000


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The figures of an inference run and what they belong to."""

    run: str
    policy: str
    mode: str
    """The control mode at the end; the policy itself acts in AUTO only."""
    scenario: str
    seed: int
    figures: Summary
    unmeasured_steps: int = 0
    """Intervals on a cluster whose requests are not known: they count as none, their pods count."""

    def as_dict(self) -> dict[str, Any]:
        """Flat, ready for JSON: run, policy, mode, scenario, seed and the figures.

        What nothing was measured of is None: ratios without requests, and requests themselves.
        """
        figures = self.figures.as_dict()
        if not self.figures.requests:
            figures |= {"slo_violation_ratio": None, "error_ratio": None}
        if self.unmeasured_steps and self.unmeasured_steps == self.figures.steps:
            figures |= {"requests": None, "needed_pod_hours": None}
        return {
            "run": self.run,
            "policy": self.policy,
            "mode": self.mode,
            "scenario": self.scenario,
            "seed": self.seed,
            **figures,
            "unmeasured_steps": self.unmeasured_steps,
        }


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """What came of a training, at its last regular end."""

    run: str
    bundle: str
    """Directory of the best policy."""
    algo: str
    steps: int
    """Decisions in all sessions."""
    wall_s: float
    steps_per_s: float
    seed: int
    evaluation: Summary | None
    """Figures of the best policy on traffic that was not trained on; None of a training on a
    cluster that was stopped early."""
    baseline_score: float | None
    """Score of the HPA on the same traffic."""
    completed: bool
    """False if it was stopped early."""
    best_steps: int | None = None
    """Decisions after which the best policy was kept; None in runs of earlier versions."""

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; the figures of the evaluation are an object of their own."""
        return asdict(self)


def summarise_training(reader: RunReader) -> TrainingSummary:
    """The outcome of a training that finished or was stopped in order.

    Raises:
        RunError: The run is no training, or has not ended in order.
    """
    info, result = reader.info(), reader.meta("result")
    if info.kind is not RunKind.TRAINING or result is None:
        raise RunError(f"expected a training that has ended in order, found {info.run_id}.")
    judged = result.pop("evaluation")
    figures_of_best = None if judged is None else Summary(**judged)
    return TrainingSummary(run=info.run_id, evaluation=figures_of_best, **result)


def summarise(reader: RunReader) -> RunSummary:
    """The figures of an inference run so far; those of an ended one are kept in its file.

    Raises:
        RunError: The run is a training, or has not taken its first decision.
    """
    info = reader.info()
    kept = reader.meta("figures")
    return RunSummary(
        run=info.run_id,
        policy=info.policy,
        mode=reader.status().mode.value,
        scenario=info.scenario,
        seed=info.seed,
        figures=figures(reader) if kept is None else Summary(**kept),
        # A simulator knows what its metrics do not tell.
        unmeasured_steps=reader.unmeasured_steps() if info.target else 0,
    )


def figures(reader: RunReader) -> Summary:
    """Compute the figures of an inference run from its steps.

    Raises:
        RunError: The run is a training, or has not taken its first decision.
    """
    info = reader.info()
    if info.kind is not RunKind.INFERENCE or info.facts is None:
        raise RunError(f"expected an inference run that has begun, found {info.run_id}.")
    mixture = LatencyMixture()
    last = reader.last_step()
    # Step 0 tells what was before the first interval; the run lived through what came after.
    for after in range(0, last, _CHUNK_STEPS):
        steps = reader.steps_after(after, _CHUNK_STEPS)
        mixture.add_rows(
            steps.rps * info.interval_s,
            steps.latency_p50_ms,
            steps.latency_p95_ms,
            steps.latency_p99_ms,
        )
    totals = reader.totals()
    return build_summary(
        steps=max(0, last),
        totals=ExactTotals(
            requests=totals.requests,
            violations=totals.violations,
            errors=totals.errors,
            pod_seconds=totals.pod_seconds,
        ),
        churn=totals.churn,
        reward=totals.reward,
        needed_pod_hours=totals.requests / info.facts.pod_capacity_rps / 3600.0,
        latency=mixture,
    )
