"""Try policies on the suite `trials`, also with metrics as they come on a real cluster.

python tools/trials.py ppo dqn
python tools/trials.py --metrics scrapes-4 ppo dqn some/bundle

The rivals see the same metrics as the policies, and are calibrated for them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

import core.cluster.simulator
from core.agents.calibration import SETTINGS, Calibration, RivalKind, calibrate, rival, suite_cases
from core.agents.evaluation import evaluate_cases
from core.agents.grid import GridFigures, evaluate_grid
from core.agents.registry import load_policy
from core.bench.comparison import Comparison, Material, compare, episodes_of, setting_row
from core.cluster.columns import Floats, Integers
from core.cluster.telemetry import Sample, Telemetry
from core.errors import RlscaleError
from core.traffic.scenario import Scenario
from core.traffic.suites import TRAINING, TRIALS

_OVER_A_WINDOW = (
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "slo_violation_ratio",
    "error_ratio",
)


class _Windowed(Telemetry):
    """Latencies, violations and errors are of the window of rates too, as default queries are."""

    def measure(self, columns: Integers, varied: bool) -> dict[str, Floats]:
        """See `Telemetry`."""
        values = super().measure(columns, varied)
        kept = self._interval, self._longer_windows, self._same_delay
        for window in self._longer_windows:
            places = (self._window[columns] == window).nonzero()[0]
            if len(places):
                self._interval, self._longer_windows, self._same_delay = window, (), False
                longer = super().measure(columns[places], varied)
                self._interval, self._longer_windows, self._same_delay = kept
                for name in _OVER_A_WINDOW:
                    values[name][places] = longer[name]
        return values


class _QuickCpu(Telemetry):
    """CPU is of one decision interval, as the metrics server's is; request rates are not."""

    def measure(self, columns: Integers, varied: bool) -> dict[str, Floats]:
        """See `Telemetry`."""
        values = super().measure(columns, varied)
        longer, self._longer_windows = self._longer_windows, ()
        values["cpu_utilization"] = super().measure(columns, varied)["cpu_utilization"]
        self._longer_windows = longer
        return values


class _Scraped(Telemetry):
    """Request rates are `rate()` of a counter that Prometheus scrapes a few times per window."""

    scrapes = 4
    """Per window."""

    def __init__(self, size: int, interval: int) -> None:
        super().__init__(size, interval)
        self._now = 0
        self._phase: Integers = np.zeros(size, dtype=np.int64)

    def load(self, index: int, scenario: Scenario) -> None:
        """See `Telemetry`."""
        super().load(index, scenario)
        self._phase[index] = np.random.default_rng(scenario.seed).integers(self._window[index])

    def following(self, ticks: int) -> Floats:
        """See `Telemetry`."""
        self._now += ticks
        return super().following(ticks)

    def measure(self, columns: Integers, varied: bool) -> dict[str, Floats]:
        """See `Telemetry`."""
        values = super().measure(columns, varied)
        begin = self._end - self._keep
        counter = self._samples[Sample.ARRIVALS, begin : self._end, columns].cumsum(axis=1)
        window = self._window[columns]
        spacing = np.maximum(window // self.scrapes, 1)
        now = self._now - self._delay[columns]
        since = (now - self._phase[columns]) % spacing
        # As many scrapes as fit into the window, which does not include its beginning.
        between = (np.ceil((window - since) / spacing).astype(np.int64) - 1) * spacing
        last = self._keep - 1 - self._delay[columns] - since
        rows = np.arange(len(columns))
        values["rps"] = (counter[rows, last] - counter[rows, last - between]) / between
        return values


class _ScrapedTwice(_Scraped):
    scrapes = 2


_METRICS: dict[str, type[Telemetry]] = {
    "simulator": Telemetry,
    "scrapes-4": _Scraped,
    "scrapes-2": _ScrapedTwice,
    "windowed": _Windowed,
    "quick-cpu": _QuickCpu,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for every policy; 0 if all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("policies", nargs="+", help="as for run --policy")
    parser.add_argument("--metrics", choices=list(_METRICS), default="simulator")
    arguments = parser.parse_args(argv)
    try:
        policies = [load_policy(spec) for spec in arguments.policies]
    except RlscaleError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    usual = _METRICS[arguments.metrics] is Telemetry
    core.cluster.simulator.Telemetry = _METRICS[arguments.metrics]  # type: ignore[attr-defined]
    calibrations = {kind: rival(kind) if usual else _calibrated(kind) for kind in RivalKind}
    print(", ".join(f"{kind} {one.best.spec}" for kind, one in calibrations.items()))
    cases = suite_cases(TRIALS)
    grids = {kind: evaluate_grid(SETTINGS[kind], cases) for kind in RivalKind}
    materials = [_material(grids, calibrations, column) for column in range(len(cases))]
    for spec, policy in zip(arguments.policies, policies, strict=True):
        summaries = [result.summary for result in evaluate_cases(policy, cases)]
        _show(
            spec,
            [
                compare(episodes_of([own]), material, [0])
                for own, material in zip(summaries, materials, strict=True)
            ],
        )
    return 0


def _calibrated(kind: RivalKind) -> Calibration:
    return calibrate(SETTINGS[kind], suite_cases(TRAINING))


def _material(
    grids: dict[RivalKind, GridFigures], calibrations: dict[RivalKind, Calibration], column: int
) -> Material:
    hpa, rule = (_column(grids[kind], column) for kind in (RivalKind.HPA, RivalKind.RULE))
    calibrated_hpa = setting_row(hpa, calibrations[RivalKind.HPA].best)
    calibrated_rule = setting_row(rule, calibrations[RivalKind.RULE].best)
    return Material("", hpa, rule, calibrated_hpa, calibrated_rule, calibrated_hpa, {}, [])


def _column(figures: GridFigures, column: int) -> GridFigures:
    only = slice(column, column + 1)
    return GridFigures(
        figures.settings,
        figures.requests[:, only],
        figures.violations[:, only],
        figures.pod_hours[:, only],
        figures.needed_pod_hours[:, only],
        figures.churn[:, only],
    )


def _show(spec: str, found: Sequence[Comparison]) -> None:
    figures = "  ".join(
        f"{words} {_mean_and_worst([getattr(one, name) for one in found])}"
        for words, name in (
            ("score / hpa", "score_ratio_calibrated"),
            ("/ rule", "score_ratio_rule"),
            ("hindsight", "cost_ratio_hindsight"),
        )
    )
    churn = np.exp(np.mean(np.log([max(one.churn_ratio or 0.0, 0.01) for one in found])))
    print(f"{spec:<24} {figures}  churn {churn:.2f}")


def _mean_and_worst(ratios: Sequence[float]) -> str:
    return f"{np.exp(np.mean(np.log(ratios))):.3f} ({max(ratios):.2f})"


if __name__ == "__main__":
    raise SystemExit(main())
