"""An HPA that looks ahead: Holt-Winters over the numbers that it asked for.

After the predictive-horizontal-pod-autoscaler (jthomperoo): the HPA's number and the forecast of
it, whichever is larger, go through the usual smoothing and limits.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.agents.hpa import HpaPolicy
from core.agents.policy import Situation
from core.errors import InputError
from core.extras import require_extra
from core.state import Decision, DeploymentFacts

REFIT_DECISIONS: Final = 20
"""Smoothing parameters are estimated anew this often, or once a season if that is longer.

In between the fitted model goes on."""
MEMORY: Final = 60
"""Numbers that a fit looks back on, unless a season needs more."""
SEASONS: Final = 3
"""Seasons that a fit looks back on; two must have been seen before it begins."""
_FEWEST: Final = 10
"""Numbers without which nothing is forecast."""
_LONGEST_SEASON: Final = 400
"""Decisions; the time of a fit grows with it."""
_SPAN: Final = 10.0
"""A forecast beyond this times the largest number so far is none."""


@dataclass(frozen=True, slots=True)
class HoltWinters:
    """Additive Holt-Winters smoothing with a damped trend, at one moment."""

    level: float
    trend: float
    seasons: tuple[float, ...]
    """Seasonal parts, the one of the next number first; empty without a season."""
    alpha: float
    beta: float
    gamma: float
    damping: float

    def follow(self, number: float) -> HoltWinters:
        """The smoothing one number later (Holt 1957, Winters 1960, Gardner 1985)."""
        season = self.seasons[0] if self.seasons else 0.0
        trend = self.damping * self.trend
        level = self.alpha * (number - season) + (1.0 - self.alpha) * (self.level + trend)
        newest = self.gamma * (number - self.level - trend) + (1.0 - self.gamma) * season
        return replace(
            self,
            level=level,
            trend=self.beta * (level - self.level) + (1.0 - self.beta) * trend,
            seasons=(*self.seasons[1:], newest) if self.seasons else (),
        )

    def forecast(self, steps: int) -> float:
        """The number in `steps` decisions, at least 1."""
        damped = sum(self.damping**step for step in range(1, steps + 1))
        season = self.seasons[(steps - 1) % len(self.seasons)] if self.seasons else 0.0
        return self.level + damped * self.trend + season


def fit(numbers: NDArray[np.float64], season: int) -> HoltWinters | None:
    """Estimate a smoothing from a history, by statsmodels.

    Args:
        numbers: Oldest first, shape (n,), at least ten.
        season: Numbers per season; 0 without a season.

    Returns:
        The smoothing after the last number; None if it cannot be estimated.
    """
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # A fit that does not converge is still the best one found; what is absurd is caught below.
        warnings.simplefilter("ignore")
        try:
            found = ExponentialSmoothing(
                numbers,
                trend="add",
                damped_trend=True,
                seasonal="add" if season else None,
                seasonal_periods=season or None,
                initialization_method="estimated" if not season else "heuristic",
            ).fit()
        except (ValueError, FloatingPointError, np.linalg.LinAlgError):
            return None
    parameters = found.params
    seasons = np.asarray(found.season, dtype=np.float64)[-season:] if season else np.empty(0)
    smoothing = HoltWinters(
        level=float(np.asarray(found.level)[-1]),
        trend=float(np.asarray(found.trend)[-1]),
        seasons=tuple(seasons.tolist()),
        alpha=float(parameters["smoothing_level"]),
        beta=float(parameters["smoothing_trend"]),
        gamma=float(parameters["smoothing_seasonal"]) if season else 0.0,
        damping=float(parameters["damping_trend"]),
    )
    return smoothing if math.isfinite(smoothing.forecast(1)) else None


class PredictivePolicy:
    """An HPA on CPU with default behavior, and a forecast of what it will ask for.

    It looks ahead until a pod that is asked for now will serve: its median start-up time and one
    decision interval.

    Args:
        season_s: Length of a season of the traffic, in seconds; None without one.

    Raises:
        InputError: statsmodels is not installed, or the season is out of range.
    """

    def __init__(self, season_s: float | None = None) -> None:
        require_extra("train", ("statsmodels",), "policy predictive")
        if season_s is not None and not 0.0 < season_s < math.inf:
            raise InputError(
                f"expected a season above 0 s, found {season_s:g}.",
                "For example predictive:3600 for traffic that repeats every hour.",
            )
        self._season_s = season_s
        self._hpa = HpaPolicy(adjust=self._adjust)
        self._season = 0
        self._steps = 1
        self._interval_s = 1.0
        self._numbers: list[float] = []
        self._smoothing: HoltWinters | None = None
        self._since_fit = 0
        self._words = ""

    @property
    def name(self) -> str:
        """See `Policy`."""
        return "predictive" if self._season_s is None else f"predictive:{self._season_s:g}"

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`; a baseline has no actions."""
        return ()

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`.

        Raises:
            InputError: The season is too short or too long for the decision interval.
        """
        self._hpa.reset(facts)
        self._interval_s = facts.interval_s
        self._steps = math.ceil(facts.startup_median_s / facts.interval_s) + 1
        self._season = 0
        if self._season_s is not None:
            self._season = round(self._season_s / facts.interval_s)
            if not 2 <= self._season <= _LONGEST_SEASON:
                raise InputError(
                    f"expected a season of {2 * facts.interval_s:g} to "
                    f"{_LONGEST_SEASON * facts.interval_s:g} s where a decision is due every "
                    f"{facts.interval_s:g} s, found {self._season_s:g} s.",
                    "Longer seasons take too long to fit.",
                )
        self._numbers = []
        self._smoothing = None
        self._since_fit = _LONGEST_SEASON

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`."""
        self._words = ""
        decision = self._hpa.decide(situation)
        return replace(decision, reason=decision.reason + self._words)

    def _adjust(self, proposed: int) -> int:
        """The larger of the HPA's number and what is forecast from its history."""
        self._remember(float(proposed))
        if self._smoothing is None:
            return proposed
        forecast = self._smoothing.forecast(self._steps)
        if not abs(forecast) <= _SPAN * max(self._numbers):
            self._smoothing = None  # it has run away
            return proposed
        wanted = math.ceil(forecast - 1e-9)
        self._words = f"; {wanted} forecast for {self._steps * self._interval_s:g} s ahead"
        return max(proposed, wanted)

    def _remember(self, number: float) -> None:
        self._numbers.append(number)
        del self._numbers[: -max(MEMORY, SEASONS * self._season)]
        self._since_fit += 1
        if self._smoothing is not None:
            self._smoothing = self._smoothing.follow(number)
        seen = len(self._numbers) >= max(_FEWEST, 2 * self._season)
        due = self._since_fit >= max(REFIT_DECISIONS, self._season)
        # Numbers that never change leave nothing to estimate, and nothing to foresee.
        if seen and due and min(self._numbers) < max(self._numbers):
            self._smoothing = fit(np.array(self._numbers), self._season)
            self._since_fit = 0
