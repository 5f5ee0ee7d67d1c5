"""Many simulated clusters in one array program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final, TypeVar

import numpy as np

from core.cluster.batch import FactsBatch, StateBatch
from core.cluster.columns import Columns, Flags, Floats, Integers, duplicate, select
from core.cluster.deployments import Deployments
from core.cluster.services import Services
from core.cluster.tape import TapeDeck, draw_tape, redraw_tape
from core.cluster.telemetry import Telemetry
from core.cluster.totals import SimulatorTotals, TotalsBatch
from core.errors import InputError
from core.traffic.scenario import Scenario

_ENDLESS: Final = 1e12
"""Requests; more than ever wait."""

_Batch = TypeVar("_Batch", FactsBatch, StateBatch)


@dataclass(frozen=True, slots=True)
class SimulatorSnapshot:
    """A moment of a `SimulatorBatch`, to return to; opaque."""

    batch: SimulatorBatch


class SimulatorBatch(Columns):
    """Some simulated clusters ("slots"), each with its own scenario, that advance together.

    All randomness of a slot is drawn when it is loaded, so that what follows is a function of
    scenario, seed and targets alone: bit for bit the same in a batch of one or of many, whatever
    the other slots do.

    Args:
        size: Number of slots.
        interval_s: Seconds between two decisions, the same for all slots.
    """

    def __init__(self, size: int, interval_s: int = 15) -> None:
        self.size = size
        self.interval_s = interval_s
        self._scenarios: list[Scenario | None] = [None] * size
        self._clock: Integers = np.zeros(size, dtype=np.int64)
        self._duration: Integers = np.zeros(size, dtype=np.int64)
        self._deck = TapeDeck(size, interval_s)
        self._deployments = Deployments(size)
        self._services = Services(size)
        self._telemetry = Telemetry(size, interval_s)
        self._totals = TotalsBatch(size)
        self._facts = FactsBatch(*(np.full(size, np.nan) for _ in fields(FactsBatch)))
        self._states = StateBatch(*(np.full(size, np.nan) for _ in fields(StateBatch)))

    def load(self, index: int, scenario: Scenario, seed: int) -> None:
        """Start a slot over.

        Before its start the service ran at the traffic of the first interval without a backlog,
        so that the first state is a whole measurement.

        Args:
            index: Which slot.
            scenario: What happens in it.
            seed: Where all randomness of the slot comes from.

        Raises:
            InputError: If the scenario has another decision interval or an unreadable trace.
        """
        if scenario.interval_s != self.interval_s:
            raise InputError(
                f"expected a scenario with interval_s {self.interval_s}, "
                f"found {scenario.interval_s} in {scenario.name}.",
                "Simulate scenarios with different intervals in batches of their own.",
            )
        tape = draw_tape(scenario, seed)
        self._scenarios[index] = scenario
        self._clock[index] = 0
        self._duration[index] = len(tape.rates_rps)
        self._deck.load(index, tape)
        replicas = scenario.starting_replicas(tape.first_rps)
        self._deployments.load(index, scenario, replicas, tape.startup_s)
        ready = float(self._deployments.pods.ready[index])
        self._services.load(index, scenario, tape.first_rps, ready)
        self._telemetry.load(index, scenario)
        self._totals.clear(index)
        self._facts = _with_column(self._facts, index, asdict(scenario.facts))
        self._begin(index, tape.first_rps, tape.earlier_arrivals)

    def _begin(self, index: int, rate_rps: float, arrivals: Floats) -> None:
        """Fill the time before the start of a slot and measure it."""
        column = np.array([index])
        ticks = len(arrivals)
        samples = self._telemetry.earlier(index, ticks)
        ready = self._deployments.pods.ready[index]
        # No more than the pods can bear: a backlog would be of requests that never arrived.
        bearable_rps = 0.999 * float(ready * self._facts.pod_capacity_rps[index])
        select(self._services, column).serve(
            np.full((ticks, 1), min(rate_rps, bearable_rps)),
            arrivals[:, None],
            np.full((ticks, 1), _ENDLESS),
            np.full((ticks, 1), ready),
            None,
            None,
            samples,
        )
        measured = self._measure(column)
        self._states = _with_column(
            self._states, index, {name: value[0] for name, value in measured.items()}
        )

    @property
    def facts(self) -> FactsBatch:
        """What is known about each slot beforehand; NaN where nothing was loaded."""
        return self._facts

    def rates_rps(self, index: int) -> Floats:
        """True mean rate of every second of a slot's episode, past and future, shape (seconds,).

        Raises:
            ValueError: If nothing was loaded.
        """
        tape = self._deck.tapes[index]
        if tape is None:
            raise ValueError(f"expected a loaded slot, found none in slot {index}")
        return tape.rates_rps

    @property
    def finished(self) -> Flags:
        """Slots whose scenario has ended; they stand still from then on. Shape (n,)."""
        finished: Flags = self._clock >= self._duration
        return finished

    def states(self) -> StateBatch:
        """The newest measured states."""
        return self._states

    def scale(self, targets: Integers) -> Flags:
        """Ask for replicas; targets are clipped to 0 … the scenario's max_replicas.

        Args:
            targets: Replicas wanted, shape (n,).

        Returns:
            Which slots accepted, shape (n,).
        """
        return self._deployments.scale(targets, self._clock, ~self.finished)

    def advance(self) -> StateBatch:
        """Let one decision interval pass in every slot that has not finished.

        Returns:
            The newest measured states; arrays that are never changed afterwards.
        """
        alive = self.advance_unmeasured()
        states = StateBatch(**self._measure(np.arange(self.size)))
        if not alive.all():
            states = StateBatch(
                *(
                    np.where(alive, getattr(states, item.name), getattr(self._states, item.name))
                    for item in fields(StateBatch)
                )
            )
        self._states = states
        return states

    def advance_unmeasured(self) -> Flags:
        """As `advance`, but `states` stay as they are; only counters and the pods go on.

        Measuring takes half of the time, which who only wants the counters can save.

        Returns:
            Which slots had not finished, shape (n,).
        """
        ticks = self.interval_s
        alive = ~self.finished
        rates, arrivals, patient = self._deck.read(self._clock)
        leaving = self._deployments.pods.terminating_seconds(self._clock, ticks)
        ready, died = self._deployments.advance(self._clock, ticks)
        added = None
        dependency = self._deployments.faults.dependency_s
        if dependency.touch(self._clock, self._clock + ticks):
            added = dependency.total(self._clock + np.arange(ticks)[:, None])
        samples = self._telemetry.following(ticks)
        queue = self._services.queue
        self._services.serve(rates, arrivals, patient, ready, died, added, samples)
        paid = self._deployments.desired * ticks + leaving
        self._totals.add(samples, paid, alive)
        self._clock = self._clock + ticks * alive
        if not alive.all():
            self._services.queue = np.where(alive, self._services.queue, queue)
        return alive

    def _measure(self, columns: Integers) -> dict[str, Floats]:
        """All values of some slots at this moment, shape (m,) each."""
        values = self._telemetry.measure(columns, self._deployments.faults.dependency_s.any)
        now = self._clock[columns].astype(np.float64)
        age = self._telemetry.delay_s(columns)
        gap = self._deployments.faults.metrics_gap
        if gap.any:
            newest = now - age
            opened = gap.opened(newest, columns)
            hidden = np.isfinite(opened)
            if hidden.any():
                age = np.where(hidden, now - opened, age)
                values = {name: np.where(hidden, np.nan, one) for name, one in values.items()}
        deployments = self._deployments
        return values | {
            "time_s": now,
            "replicas_desired": deployments.desired[columns],
            "replicas_ready": deployments.pods.ready[columns],
            "replicas_starting": deployments.pods.starting[columns],
            "nodes": deployments.nodes.nodes[columns],
            "metrics_age_s": age,
        }

    def totals(self, index: int) -> SimulatorTotals:
        """The exact counters of a slot since it was loaded."""
        return self._totals.totals(index, float(self._services.queue[index]))

    @property
    def counters(self) -> TotalsBatch:
        """The exact counters of all slots since they were loaded, to read."""
        return self._totals

    def snapshot(self) -> SimulatorSnapshot:
        """Everything that the future of all slots depends on."""
        return SimulatorSnapshot(duplicate(self))

    def restore(self, snapshot: SimulatorSnapshot) -> None:
        """Return to the moment of `snapshot`, which stays usable.

        Args:
            snapshot: Made by a batch of the same size.

        Raises:
            ValueError: If it was made by a batch of another size.
        """
        if snapshot.batch.size != self.size:
            raise ValueError(
                f"expected a snapshot of {self.size} slots, found {snapshot.batch.size}"
            )
        vars(self).update(vars(duplicate(snapshot.batch)))

    def fork(
        self,
        index: int,
        copies: int,
        reseed: Sequence[int] | None = None,
        ticks: int | None = None,
    ) -> SimulatorBatch:
        """Copies of one slot as a new batch.

        Args:
            index: Which slot.
            copies: How many.
            reseed: One seed per copy, from which it draws its own arrivals and start-up times
                from now on (the rates stay those of the slot); equal seeds give equal futures.
                By default all copies have the future of the slot itself.
            ticks: For how many ticks arrivals are drawn anew, which a short look ahead need not
                do for weeks; after them they are those of the slot. None: to the end.

        Raises:
            ValueError: If `reseed` has another length.
        """
        if reseed is not None and len(reseed) != copies:
            raise ValueError(f"expected {copies} seeds, found {len(reseed)}")
        batch = select(self, np.full(copies, index))
        batch.size = copies
        scenario, tape = self._scenarios[index], self._deck.tapes[index]
        if reseed is not None and scenario is not None and tape is not None:
            clock = int(self._clock[index])
            drawn = {seed: redraw_tape(tape, scenario, seed, clock, ticks) for seed in set(reseed)}
            for copy_index, seed in enumerate(reseed):
                fresh = drawn[seed]
                batch._deck.load(copy_index, fresh, clock)
                batch._deployments.pods.startup_s[:, copy_index] = fresh.startup_s
        return batch


def _with_column(batch: _Batch, index: int, values: dict[str, float]) -> _Batch:
    """A copy of a batch in which the column `index` is replaced."""
    arrays = {item.name: getattr(batch, item.name).copy() for item in fields(batch)}
    for name, value in values.items():
        arrays[name][index] = value
    return type(batch)(**arrays)
