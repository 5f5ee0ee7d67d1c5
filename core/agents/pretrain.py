"""Train the policies that ship with the package, and show how they compare.

Each is made of networks from several seeds, which are trained side by side, one process each, and
merged into one.

python -m core.agents.pretrain                       both, as `make pretrained` does
python -m core.agents.pretrain --algo ppo --out DIR  one of them, elsewhere
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from core.agents.bundle import PolicyBundle, load_bundle, save_bundle
from core.agents.calibration import ship_rivals
from core.agents.checkpoint import find_checkpoints
from core.agents.config import Algorithm, TrainingConfig
from core.agents.evaluation import Case, evaluate_cases
from core.agents.hpa import HpaPolicy
from core.agents.learned import LearnedPolicy
from core.agents.merge import merge_bundles
from core.agents.registry import load_policy
from core.agents.sink import EvaluationResult, NullSink
from core.agents.traffic import first_day, training_traffic
from core.agents.training import TrainingResult, train
from core.errors import RlscaleError
from core.locations import shipped_policies_directory
from core.traffic.library import list_scenarios, load_scenario

_SEEDS = (11, 12, 13)


class _Console(NullSink):
    """Tells on stderr how one of several trainings goes, a line for every evaluation."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def evaluation(self, result: EvaluationResult) -> None:
        mark = "  best so far" if result.best else ""
        line = f"score {result.score:.3f}, hpa {result.baseline_score:.3f}{mark}"
        print(
            f"seed {self._seed}  {result.timesteps:>10,} steps  {result.wall_s:4.0f} s  {line}",
            file=sys.stderr,
        )

    def event(self, text: str) -> None:
        print(f"seed {self._seed}  {text}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Train what the arguments say; 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m core.agents.pretrain", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--algo", choices=[one.value for one in Algorithm], help="default: both")
    parser.add_argument("--out", type=Path, help="default: where the package finds them")
    parser.add_argument("--steps", type=int, help="default: the algorithm's")
    parser.add_argument("--seeds", type=int, nargs="+", default=_SEEDS, help="one network each")
    arguments = parser.parse_args(argv)
    if arguments.out and not arguments.algo:
        parser.error("--out needs --algo")
    chosen = [Algorithm(arguments.algo)] if arguments.algo else list(Algorithm)
    try:
        ship_rivals()
        for algorithm in chosen:
            out = arguments.out or shipped_policies_directory() / algorithm.value
            _pretrain(algorithm, out, arguments.steps, arguments.seeds)
    except RlscaleError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _pretrain(algorithm: Algorithm, out: Path, steps: int | None, seeds: Sequence[int]) -> None:
    configs = [
        TrainingConfig.model_validate({"algo": algorithm, "steps": steps, "seed": seed})
        for seed in seeds
    ]
    # A new interpreter each: the libraries keep state of a training in globals.
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="rlscale-pretrain-") as folder,
        ProcessPoolExecutor(len(seeds), mp_context=context) as pool,
    ):
        homes = [Path(folder) / str(seed) for seed in seeds]
        results = list(pool.map(_train_one, configs, homes))
        # As they are at the end: the best of ten evaluations was lucky as often as good.
        last = [find_checkpoints(home / "checkpoints")[0] for home in homes]
        bundle = merge_bundles([load_bundle(path) for path in last])
    evaluation = training_traffic(configs[0]).validation.judge(LearnedPolicy(bundle))
    manifest = bundle.manifest.model_copy(update={"evaluation": evaluation.as_dict()})
    save_bundle(out, PolicyBundle(manifest, bundle.weights))
    print(
        f"{algorithm}: {manifest.timesteps:,} steps of {len(seeds)} networks in "
        f"{max(result.wall_s for result in results):.0f} s, score {evaluation.score:.3f} "
        f"on validation traffic, saved to {out}"
    )
    _compare(out)


def _train_one(config: TrainingConfig, home: Path) -> TrainingResult:
    return train(config, home, _Console(config.seed))


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
