"""Train the policies that ship with the package, and show how they compare.

python -m core.agents.pretrain                       both, as `make pretrained` does
python -m core.agents.pretrain --algo ppo --out DIR  one of them, elsewhere
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from core.agents.config import Algorithm, TrainingConfig
from core.agents.evaluation import Case, evaluate_cases
from core.agents.hpa import HpaPolicy
from core.agents.registry import load_policy
from core.agents.sink import EvaluationResult, NullSink, TrainingProgress
from core.agents.traffic import first_day
from core.agents.training import train
from core.errors import RlscaleError
from core.locations import shipped_policies_directory
from core.traffic.library import list_scenarios, load_scenario

_SEED = 11


class _Console(NullSink):
    """Tells progress on stderr, in one line that overwrites itself."""

    def progress(self, progress: TrainingProgress) -> None:
        share = progress.timesteps / progress.total_timesteps
        line = f"{share:5.0%}  {progress.timesteps:>10,} steps  {progress.steps_per_s:>7,.0f}/s"
        print(f"\r{line}", end="", file=sys.stderr, flush=True)

    def evaluation(self, result: EvaluationResult) -> None:
        mark = "  best so far" if result.best else ""
        line = f"score {result.score:.3f}, hpa {result.baseline_score:.3f}{mark}"
        print(f"\r{result.timesteps:>17,} steps  {line}", file=sys.stderr)

    def event(self, text: str) -> None:
        print(f"\r{text}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Train what the arguments say; 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m core.agents.pretrain", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--algo", choices=[one.value for one in Algorithm], help="default: both")
    parser.add_argument("--out", type=Path, help="default: where the package finds them")
    parser.add_argument("--steps", type=int, help="default: the algorithm's")
    parser.add_argument("--seed", type=int, default=_SEED)
    arguments = parser.parse_args(argv)
    if arguments.out and not arguments.algo:
        parser.error("--out needs --algo")
    chosen = [Algorithm(arguments.algo)] if arguments.algo else list(Algorithm)
    try:
        for algorithm in chosen:
            out = arguments.out or shipped_policies_directory() / algorithm.value
            _pretrain(algorithm, out, arguments.steps, arguments.seed)
    except RlscaleError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _pretrain(algorithm: Algorithm, out: Path, steps: int | None, seed: int) -> None:
    config = TrainingConfig.model_validate(
        {"algo": algorithm, "steps": steps, "seed": seed, "out": out}
    )
    with tempfile.TemporaryDirectory(prefix="rlscale-pretrain-") as folder:
        result = train(config, Path(folder), _Console())
    print(
        f"{algorithm}: {result.timesteps:,} steps in {result.wall_s:.0f} s "
        f"({result.steps_per_s:,.0f}/s), saved to {out}"
    )
    _compare(out)


def _compare(bundle: Path) -> None:
    """Print the scores of the policy and of the HPA on the shipped scenarios."""
    scenarios = [first_day(load_scenario(entry.name)) for entry in list_scenarios()]
    cases = [Case(scenario, scenario.seed) for scenario in scenarios]
    learned = evaluate_cases(load_policy(str(bundle)), cases)
    baseline = evaluate_cases(HpaPolicy(), cases)
    print(f"{'scenario':<24}{'policy':>9}{'hpa':>9}   score, lower is better")
    for ours, theirs in zip(learned, baseline, strict=True):
        print(f"{ours.scenario:<24}{_text(ours.summary.score)}{_text(theirs.summary.score)}")


def _text(score: float | None) -> str:
    return f"{'-':>9}" if score is None else f"{score:>9.3f}"


if __name__ == "__main__":
    raise SystemExit(main())
