"""The patterns that traffic is composed of; a scenario adds them up.

Every pattern maps moments (seconds from the start of the run) to requests per second. All
randomness comes from the generator that is passed in.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator, model_validator

from core.traffic.model import PositiveSeconds, Rate, Ratio, ScenarioModel, Seconds
from core.traffic.noise import autoregressive_noise, switching_heights
from core.traffic.trace import load_replay

DAY_S = 86_400.0

Array = NDArray[np.float64]


class ConstantPattern(ScenarioModel):
    """The same rate all the time."""

    kind: Literal["constant"] = "constant"
    rps: Rate

    def rates(self, seconds: Array, rng: np.random.Generator) -> Array:
        """Requests per second at each moment."""
        return np.full(len(seconds), self.rps)


class DiurnalPattern(ScenarioModel):
    """A smooth daily wave between a low and a high; `period_s` may compress the day."""

    kind: Literal["diurnal"] = "diurnal"
    low_rps: Rate
    high_rps: Rate
    period_s: PositiveSeconds = DAY_S
    peak_at_s: Annotated[Seconds, Field(description="Moment of the first peak.")] = 0.6 * DAY_S
    sharpness: Annotated[
        float, Field(gt=0, le=20, description="1 is a sine; more makes the peaks narrower.")
    ] = 1.0

    def rates(self, seconds: Array, rng: np.random.Generator) -> Array:
        """Requests per second at each moment."""
        wave = _wave(seconds, self.period_s, self.peak_at_s, self.sharpness)
        return self.low_rps + (self.high_rps - self.low_rps) * wave


class Weekday(StrEnum):
    """Day of the week on which a weekly pattern starts."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class WeeklyPattern(ScenarioModel):
    """Daily waves that are lower on Saturday and Sunday; `day_s` may compress the week."""

    kind: Literal["weekly"] = "weekly"
    low_rps: Rate
    high_rps: Rate
    weekend_ratio: Annotated[
        float, Field(ge=0, le=5, description="Weekend traffic as a share of a working day's.")
    ] = 0.5
    day_s: PositiveSeconds = DAY_S
    peak_at: Annotated[Ratio, Field(description="When in the day the peak is; 0.6 is 14:24.")] = 0.6
    starts_on: Weekday = Weekday.MONDAY
    sharpness: Annotated[float, Field(gt=0, le=20)] = 1.0

    def rates(self, seconds: Array, rng: np.random.Generator) -> Array:
        """Requests per second at each moment."""
        wave = _wave(seconds, self.day_s, self.peak_at * self.day_s, self.sharpness)
        first_day = list(Weekday).index(self.starts_on)
        day = (seconds / self.day_s + first_day) % 7.0
        # The level changes over two hours around midnight, as people go to bed, not in one second.
        hour = 1.0 / 24.0
        level = np.interp(
            day,
            [hour, 5.0 - hour, 5.0 + hour, 7.0 - hour, 7.0 + hour],
            [1.0, 1.0, self.weekend_ratio, self.weekend_ratio, 1.0],
            period=7.0,
        )
        return (self.low_rps + (self.high_rps - self.low_rps) * wave) * level


class RampPattern(ScenarioModel):
    """A straight line from one rate to another; constant before and after."""

    kind: Literal["ramp"] = "ramp"
    from_rps: float
    to_rps: float
    start_s: Seconds = 0.0
    duration_s: PositiveSeconds

    def rates(self, seconds: Array, rng: np.random.Generator) -> Array:
        """Requests per second at each moment."""
        share = np.clip((seconds - self.start_s) / self.duration_s, 0.0, 1.0)
        return self.from_rps + (self.to_rps - self.from_rps) * share


class StepPattern(ScenarioModel):
    """A rate that is added from one second to the next; negative takes traffic away."""

    kind: Literal["step"] = "step"
    at_s: Seconds
    rps: float
    duration_s: Annotated[
        PositiveSeconds | None, Field(description="By default until the end of the run.")
    ] = None

    def rates(self, seconds: Array, rng: np.random.Generator) -> Array:
        """Requests per second at each moment."""
        until_s = np.inf if self.duration_s is None else self.at_s + self.duration_s
        return np.where((seconds >= self.at_s) & (seconds < until_s), self.rps, 0.0)


class SpikePattern(ScenarioModel):
    """Up in a straight line, a plateau, down in a straight line; negative is a dip."""

    kind: Literal["spike"] = "spike"
    at_s: Annotated[Seconds, Field(description="Moment at which the rise begins.")]
    rps: Annotated[float, Field(description="Height of the plateau above everything else.")]
    rise_s: Seconds = 10.0
    hold_s: Seconds = 60.0
    fall_s: Seconds = 30.0

    def rates(self, seconds: Array, rng: np.random.Generator) -> Array:
        """Requests per second at each moment."""
        since = seconds - self.at_s
        left = self.rise_s + self.hold_s + self.fall_s - since
        up = since / self.rise_s if self.rise_s else np.ones(len(seconds))
        down = left / self.fall_s if self.fall_s else np.ones(len(seconds))
        height = self.rps * np.minimum(1.0, np.minimum(up, down))
        return np.where((since >= 0.0) & (left > 0.0), height, 0.0)


class FlashCrowdPattern(ScenarioModel):
    """A crowd arrives at once, stays for a while and then drifts away by halves."""

    kind: Literal["flash-crowd"] = "flash-crowd"
    at_s: Annotated[Seconds, Field(description="Moment at which the rise begins.")]
    rps: Annotated[Rate, Field(description="Height above everything else.")]
    rise_s: Seconds = 30.0
    hold_s: Seconds = 120.0
    half_life_s: Annotated[
        PositiveSeconds, Field(description="After the plateau the crowd halves in this time.")
    ] = 180.0

    def rates(self, seconds: Array, rng: np.random.Generator) -> Array:
        """Requests per second at each moment."""
        since = seconds - self.at_s
        rise = np.clip(since / self.rise_s, 0.0, 1.0) if self.rise_s else since >= 0.0
        over = np.maximum(since - self.rise_s - self.hold_s, 0.0)
        return np.where(since >= 0.0, self.rps * rise * np.exp2(-over / self.half_life_s), 0.0)


class PeriodicBatchPattern(ScenarioModel):
    """Blocks of work that start on a timetable, such as cron jobs, punctual or not quite."""

    kind: Literal["periodic-batch"] = "periodic-batch"
    rps: Rate
    every_s: Annotated[float, Field(ge=1, description="From one block to the next.")]
    duration_s: PositiveSeconds
    first_at_s: Seconds = 0.0
    jitter_s: Annotated[
        Seconds, Field(description="Each block starts up to this much early or late.")
    ] = 0.0

    @model_validator(mode="after")
    def _blocks_must_not_overlap(self) -> PeriodicBatchPattern:
        if self.duration_s + 2.0 * self.jitter_s > self.every_s:
            raise ValueError(
                f"expected duration_s + 2 × jitter_s to be at most every_s ({self.every_s:g}), "
                f"found {self.duration_s + 2.0 * self.jitter_s:g}"
            )
        return self

    def rates(self, seconds: Array, rng: np.random.Generator) -> Array:
        """Requests per second at each moment."""
        if len(seconds) == 0:
            return np.zeros(0)
        starts = np.arange(self.first_at_s, seconds[-1] + self.every_s, self.every_s)
        if self.jitter_s:
            starts = starts + rng.uniform(-self.jitter_s, self.jitter_s, len(starts))
        edges = np.column_stack([starts, starts + self.duration_s]).ravel()
        inside = np.searchsorted(edges, seconds, side="right") % 2
        return np.asarray(self.rps * inside, dtype=np.float64)


class BurstsPattern(ScenarioModel):
    """Random bursts second by second: on and off for exponentially distributed times."""

    kind: Literal["bursts"] = "bursts"
    rps: Annotated[Rate, Field(description="Mean height of a burst.")]
    on_s: Annotated[float, Field(ge=1, description="Mean length of a burst.")] = 5.0
    off_s: Annotated[float, Field(ge=1, description="Mean pause between bursts.")] = 30.0
    spread: Annotated[
        float, Field(ge=0, le=2, description="Sigma of the lognormal height; 0 makes all equal.")
    ] = 0.5

    def rates(self, seconds: Array, rng: np.random.Generator) -> Array:
        """Requests per second at each moment."""
        return self.rps * switching_heights(seconds, self.on_s, self.off_s, self.spread, rng)


class TracePattern(ScenarioModel):
    """Recorded traffic, replayed from a CSV file of `t_seconds,rps`."""

    kind: Literal["trace"] = "trace"
    path: Annotated[Path, Field(description="The CSV file; relative to the scenario's folder.")]
    peak_rps: Annotated[
        float | None, Field(gt=0, description="Scale so that the 99.5th percentile is this.")
    ] = None
    offset_s: Annotated[Seconds, Field(description="Start this far into the trace.")] = 0.0
    repeat: Annotated[
        bool, Field(description="Start over at the end; otherwise no traffic after it.")
    ] = True

    @field_validator("path")
    @classmethod
    def _relative_to_the_scenario(cls, path: Path, info: ValidationInfo) -> Path:
        folder = info.context.get("folder") if isinstance(info.context, dict) else None
        return path if folder is None or path.is_absolute() else Path(folder) / path

    def rates(self, seconds: Array, rng: np.random.Generator) -> Array:
        """Requests per second at each moment.

        Raises:
            InputError: If the file cannot be read as a trace.
        """
        return load_replay(self.path, self.peak_rps).rates(
            seconds + self.offset_s, repeat=self.repeat
        )


class ArNoisePattern(ScenarioModel):
    """Slowly wandering noise that multiplies the sum of all other patterns; its mean is 1."""

    kind: Literal["ar-noise"] = "ar-noise"
    sigma: Annotated[float, Field(gt=0, le=1, description="Relative size; 0.1 is about 10 %.")] = (
        0.05
    )
    correlation_s: Annotated[
        float, Field(ge=1, description="How long it remembers: e-folding time.")
    ] = 60.0

    def factors(self, count: int, rng: np.random.Generator) -> Array:
        """Factors for `count` consecutive seconds, lognormal with mean 1."""
        noise = autoregressive_noise(count, self.correlation_s, rng)
        return np.exp(self.sigma * noise - 0.5 * self.sigma**2)


def _wave(seconds: Array, period_s: float, peak_at_s: float, sharpness: float) -> Array:
    """A periodic wave in 0…1 that is 1 at `peak_at_s`."""
    wave = 0.5 + 0.5 * np.cos(2.0 * np.pi * (seconds - peak_at_s) / period_s)
    return wave if sharpness == 1.0 else wave**sharpness


AdditivePattern = (
    ConstantPattern
    | DiurnalPattern
    | WeeklyPattern
    | RampPattern
    | StepPattern
    | SpikePattern
    | FlashCrowdPattern
    | PeriodicBatchPattern
    | BurstsPattern
    | TracePattern
)
"""A pattern with `rates`; these are added up."""

Pattern = Annotated[AdditivePattern | ArNoisePattern, Field(discriminator="kind")]
"""Any pattern, told apart by its `kind`."""
