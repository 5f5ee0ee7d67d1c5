"""All randomness of one simulated episode, drawn up front from its seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from core.cluster.columns import Columns, Floats, Integers
from core.traffic.scenario import Scenario
from core.traffic.workload import rates_per_second

STARTUP_DRAWS: Final = 256
"""Start-up times drawn per episode; the pods of an episode use them in turn, again and again."""


_PART_TICKS: Final = 600
"""Ticks of a tape that lie ready."""


@dataclass(frozen=True, slots=True)
class Tape:
    """What chance has in store for one episode. Never changed once drawn, so it may be shared."""

    rates_rps: Floats
    """Expected requests per second in every tick, shape (ticks,), a whole number of intervals."""
    arrivals: Floats
    """Requests that arrive in every tick, shape (ticks,), whole numbers."""
    patient: Floats
    """Expected requests of the last `timeout_s` before the end of every tick, shape (ticks,).

    No more can be waiting then: who has waited longer has given up.
    """
    first_rps: float
    """Mean rate of the first interval, and the rate of the time before the start."""
    earlier_arrivals: Floats
    """Requests of the ticks just before the start, shape (`earlier_ticks`,)."""
    startup_s: Floats
    """Start-up times in whole seconds, shape (STARTUP_DRAWS,)."""


def earlier_ticks(scenario: Scenario) -> int:
    """How many ticks before the start the first measurement of a scenario looks back."""
    window = max(round(scenario.metrics.window_s), scenario.interval_s)
    return round(scenario.metrics.delay_s) + window


def draw_tape(scenario: Scenario, seed: int) -> Tape:
    """Draw an episode.

    The rates are drawn first, so that they equal
    `rates_per_second(scenario, np.random.default_rng(seed))`. A last interval that the scenario
    does not fill is filled with the rate of its last second.

    Args:
        scenario: What to draw.
        seed: Where all randomness comes from.

    Raises:
        InputError: If a trace of the scenario cannot be read.
    """
    rng = np.random.default_rng(seed)
    rates = rates_per_second(scenario, rng)
    missing = -len(rates) % scenario.interval_s
    if missing:
        rates = np.concatenate([rates, np.full(missing, rates[-1])])
    arrivals = rng.poisson(rates).astype(np.float64)
    first_rps = float(rates[: scenario.interval_s].mean())
    earlier = rng.poisson(first_rps, earlier_ticks(scenario)).astype(np.float64)
    startup_s = _startup_times(scenario, rng)
    patient = _arrived_within(rates, first_rps, scenario.service.timeout_s)
    return Tape(rates, arrivals, patient, first_rps, earlier, startup_s)


def redraw_tape(
    tape: Tape, scenario: Scenario, seed: int, from_tick: int, ticks: int | None = None
) -> Tape:
    """Draw arrivals from `from_tick` on and start-up times again; the rates stay as they are.

    Args:
        tape: What was drawn before.
        scenario: Whose tape it is.
        seed: Where the new draws come from.
        from_tick: First tick to draw anew.
        ticks: How many ticks to draw anew; None: to the end.
    """
    rng = np.random.default_rng(seed)
    until = None if ticks is None else from_tick + ticks
    arrivals = tape.arrivals.copy()
    arrivals[from_tick:until] = rng.poisson(tape.rates_rps[from_tick:until])
    return replace(tape, arrivals=arrivals, startup_s=_startup_times(scenario, rng))


def _arrived_within(rates: Floats, earlier_rps: float, seconds: float) -> Floats:
    """Expected requests of the last `seconds` before the end of every tick, shape (ticks,)."""
    total = np.concatenate([[0.0], np.cumsum(rates)])
    ends = np.arange(1, len(rates) + 1, dtype=np.float64)
    before = np.interp(ends - seconds, np.arange(len(total), dtype=np.float64), total)
    before += np.minimum(ends - seconds, 0.0) * earlier_rps
    within: Floats = total[1:] - before
    return within


def _startup_times(scenario: Scenario, rng: np.random.Generator) -> Floats:
    service = scenario.service
    spread = np.exp(service.startup_sigma * rng.standard_normal(STARTUP_DRAWS))
    return np.ceil(service.startup_median_s * spread)


class TapeDeck(Columns):
    """The tapes of n clusters, read an interval at a time.

    The next part of each tape lies ready in arrays of shape (ticks, n), so that reading is a
    slice; they are filled anew when they have been read to the end.

    Args:
        size: Number of clusters.
        interval: Ticks read at a time.
    """

    def __init__(self, size: int, interval: int) -> None:
        self.tapes: list[Tape | None] = [None] * size
        self._interval = interval
        self._length = interval * max(1, _PART_TICKS // interval)
        self._next = self._length
        self._ready: Floats = np.zeros((3, self._length, size))
        """Rates, arrivals and patient requests."""

    def load(self, index: int, tape: Tape, clock: int = 0) -> None:
        """Put in another tape, to be read from the tick `clock` on."""
        self.tapes[index] = tape
        if self._next < self._length:
            self._fill(index, tape, self._next, clock)

    def read(self, clock: Integers) -> Floats:
        """Rates, arrivals and patient requests of the next interval, shape (3, interval, n).

        Args:
            clock: Tick at which each tape is read, shape (n,); it moves on by an interval
                between two calls. After its end a tape is silent.
        """
        if self._next == self._length:
            self._next = 0
            self._fill_all(clock)
        rows = slice(self._next, self._next + self._interval)
        self._next += self._interval
        return self._ready[:, rows]

    def _fill(self, index: int, tape: Tape, row: int, clock: int) -> None:
        self._ready[:, row:, index] = 0.0
        for ready, whole in zip(self._ready, _curves(tape), strict=True):
            piece = whole[clock : clock + self._length - row]
            ready[row : row + len(piece), index] = piece

    def _fill_all(self, clock: Integers) -> None:
        # Tape by tape in order of memory, then all of it transposed at once: five times faster.
        ready = np.zeros((3, len(self.tapes), self._length))
        for index, (tape, start) in enumerate(zip(self.tapes, clock.tolist(), strict=True)):
            if tape is not None:
                for part, whole in zip(ready, _curves(tape), strict=True):
                    piece = whole[start : start + self._length]
                    part[index, : len(piece)] = piece
        self._ready[:] = ready.transpose(0, 2, 1)


def _curves(tape: Tape) -> tuple[Floats, Floats, Floats]:
    return tape.rates_rps, tape.arrivals, tape.patient
