"""The writing side of `run.db`, for the engine of a run and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

from core.agents.sink import EvaluationResult, TrainingProgress
from core.clock import Clock
from core.cluster.base import ScaleOutcome
from core.errors import RunError
from core.runs.buckets import BucketBuilder
from core.runs.database import (
    FILE_NAME,
    SET_STATUS,
    command_record,
    connect,
    json_items,
    transaction,
    translated,
)
from core.runs.migrations import migrate
from core.runs.records import CommandRecord, EventKind
from core.runs.rights import ensure_key
from core.runs.rows import (
    ACTOR_POSITION,
    GUARDRAIL_POSITION,
    MODE_POSITION,
    TARGET_POSITION,
    StatusRow,
    StepRecord,
    status_of,
    step_row,
)
from core.runs.schema import (
    BUCKET_SIZES,
    BUCKETS,
    EVALUATIONS,
    EVENTS,
    SCALINGS,
    STATUS,
    STEPS,
    TRAINING,
)
from core.state import Actor, ControlMode

FLUSH_INTERVAL_S: Final = 0.05
"""How long rows of a simulation may wait for their transaction; half of the 100 ms allowed."""

_INSERT_STEP: Final = STEPS.insert_sql()
_INSERT_BUCKET: Final = BUCKETS.insert_sql()


class RunWriter:
    """Collects rows and commits them together.

    In a simulation everything is written at most `FLUSH_INTERVAL_S` after it was added (call
    `flush_if_due` while idle), in short transactions, so that commands never wait for long. A
    durable writer (real clusters) commits each decision as one transaction, with `set_status`,
    and waits for the disk; `begin_scaling` returns only when the intent is in the file.

    Args:
        directory: Directory of an existing run.
        clock: For the wall times and the flush interval.
        durable: Commit whole decisions, intents and outcomes at once.

    Raises:
        RunError: The file is missing, damaged, no run, or too new.
    """

    def __init__(self, directory: Path, clock: Clock, *, durable: bool = False) -> None:
        self._path = directory / FILE_NAME
        self._key = ensure_key(directory)
        self._clock = clock
        self._durable = durable
        self._flushed_at = clock.monotonic()
        self._pending: list[tuple[str, Any]] = []
        self._steps: list[tuple[Any, ...]] = []
        self._status_changed = False
        self._buckets = BucketBuilder()
        self._last_row: list[Any] | None = None
        with translated(self._path, "open"):
            self._connection = connect(self._path)
            migrate(self._connection)
            if durable:
                self._connection.execute("PRAGMA synchronous = FULL")
            self.next_step = self._next("steps", "step")
            self._next_scaling = self._next("scalings", "id")
            self._served = 0
            self.status = self._load_status()
            """The row of `status` as last set."""
            self._load_buckets()

    def _next(self, table: str, key: str) -> int:
        sql = f"SELECT coalesce(max({key}) + 1, {0 if key == 'step' else 1}) FROM {table}"
        return int(self._connection.execute(sql).fetchone()[0])

    def _load_status(self) -> StatusRow:
        row = self._connection.execute("SELECT * FROM status").fetchone()
        return status_of(dict(zip(STATUS.names, row, strict=True)))

    def _load_buckets(self) -> None:
        start = self.next_step - self.next_step % BUCKET_SIZES[-1]
        start -= BUCKET_SIZES[-1] if start == self.next_step and start else 0
        for row in self._connection.execute(
            "SELECT * FROM steps WHERE step >= ? ORDER BY step", (start,)
        ):
            self._buckets.add(row)
            self._last_row = list(row)

    # -- adding -------------------------------------------------------------------------------

    def add_step(self, record: StepRecord) -> None:
        """Append a step; its index must be `next_step`."""
        if record.step.index != self.next_step:
            raise RunError(f"expected step {self.next_step}, found step {record.step.index}.")
        row = step_row(record)
        self.next_step += 1
        self._last_row = list(row)
        self._steps.append(row)
        self._pending += [(_INSERT_BUCKET, bucket) for bucket in self._buckets.add(row)]
        self._flush_in_passing()

    def amend_step(self, mode: ControlMode, actor: Actor, target: int, guardrail: str) -> None:
        """Say that the newest step's target was replaced before its interval began."""
        if self._last_row is None:
            raise RunError("expected a step to amend, found none.")
        row = self._last_row
        row[MODE_POSITION], row[ACTOR_POSITION] = mode.value, actor.value
        row[TARGET_POSITION], row[GUARDRAIL_POSITION] = target, guardrail
        self._buckets.amend(tuple(row))
        if self._steps:
            self._steps[-1] = tuple(row)
        else:
            self._add(
                "UPDATE steps SET mode = ?, actor = ?, target = ?, guardrail = ? WHERE step = ?",
                (mode.value, actor.value, target, guardrail, row[0]),
            )

    def add_event(
        self, kind: EventKind, actor: Actor, message: str, *, time_s: float, step: int
    ) -> None:
        """Append one line to the event log."""
        row = (step, time_s, self._clock.now(), kind.value, actor.value, message)
        self._add(EVENTS.insert_sql(skip=("id",)), row)

    def begin_scaling(
        self, *, step: int, time_s: float, actor: Actor, replicas_before: int, target: int
    ) -> int:
        """Write the intent to scale and return its number, for `finish_scaling`."""
        number = self._next_scaling
        self._next_scaling += 1
        row = (number, step, time_s, self._clock.now(), actor.value, replicas_before, target)
        self._add(SCALINGS.insert_sql(), (*row, None, None, ""))
        self._flush_if_durable()
        return number

    def finish_scaling(self, number: int, outcome: ScaleOutcome) -> None:
        """Write what the cluster answered to intent `number`."""
        self._add(
            "UPDATE scalings SET done_wall_time = ?, accepted = ?, message = ? WHERE id = ?",
            (self._clock.now(), int(outcome.accepted), outcome.message, number),
        )
        self._flush_if_durable()

    def add_training(self, progress: TrainingProgress) -> None:
        """Append one report of a training's progress."""
        names = TRAINING.names[1:]
        row = tuple(getattr(progress, name) for name in names)
        self._add(TRAINING.insert_sql(skip=("id",)), row)

    def forget_training_after(self, timesteps: int) -> None:
        """Remove reports and evaluations of steps that a resumed training does again."""
        self._add("DELETE FROM training WHERE timesteps >= ?", (timesteps,))
        self._add("DELETE FROM evaluations WHERE timesteps > ?", (timesteps,))

    def add_evaluation(self, result: EvaluationResult) -> None:
        """Append one evaluation."""
        row = tuple(getattr(result, name) for name in EVALUATIONS.names[1:])
        self._add(EVALUATIONS.insert_sql(skip=("id",)), row)

    def set_status(self, status: StatusRow) -> None:
        """Replace the status row."""
        self.status = status
        self._status_changed = True
        self._flush_in_passing()
        self._flush_if_durable()

    def set_meta(self, meta: Mapping[str, Any]) -> None:
        """Add or replace facts about the run, and commit them."""
        for item in json_items(meta):
            self._pending.append(("INSERT OR REPLACE INTO meta VALUES (?, ?)", item))
        self.flush()

    # -- commands -----------------------------------------------------------------------------

    def unanswered_commands(self) -> list[CommandRecord]:
        """Commands that no engine has answered, oldest first, those of a lost engine included."""
        return self._commands("done_wall_time IS NULL", ())

    def new_commands(self) -> list[CommandRecord]:
        """Unanswered commands that came since the last call, oldest first."""
        found = self._commands("id > ? AND done_wall_time IS NULL", (self._served,))
        if found:
            self._served = found[-1].id
        return found

    def _commands(self, where: str, arguments: tuple[Any, ...]) -> list[CommandRecord]:
        with translated(self._path, "read"):
            rows = self._connection.execute(
                f"SELECT * FROM commands WHERE {where} ORDER BY id", arguments
            ).fetchall()
        return [command_record(row) for row in rows]

    def is_proved(self, command: CommandRecord) -> bool:
        """Whether a command was handed in by somebody who holds the operator's key."""
        return self._key.proves(command)

    def answer(self, command: CommandRecord, ok: bool, result: str) -> None:
        """Commit the answer to a command, together with everything that led to it."""
        self._pending.append(
            (
                "UPDATE commands SET done_wall_time = ?, ok = ?, result = ? WHERE id = ?",
                (self._clock.now(), int(ok), result, command.id),
            )
        )
        self.flush()

    # -- committing ---------------------------------------------------------------------------

    def _add(self, sql: str, row: tuple[Any, ...]) -> None:
        self._pending.append((sql, row))
        self._flush_in_passing()

    def _flush_in_passing(self) -> None:
        # A durable writer keeps what belongs to one decision together.
        if not self._durable:
            self.flush_if_due()

    def _flush_if_durable(self) -> None:
        if self._durable:
            self.flush()

    def flush_if_due(self) -> None:
        """Commit if the oldest uncommitted row may wait no longer."""
        if self._clock.monotonic() - self._flushed_at >= FLUSH_INTERVAL_S:
            self.flush()

    def flush(self) -> None:
        """Commit everything that was added.

        Raises:
            RunError: The file cannot be written.
        """
        self._flushed_at = self._clock.monotonic()
        if not (self._steps or self._pending or self._status_changed):
            return
        with translated(self._path, "write"):
            self._transaction(self._write_all)
        self._steps.clear()
        self._pending.clear()
        self._status_changed = False

    def _write_all(self) -> None:
        if self._steps:
            self._connection.executemany(_INSERT_STEP, self._steps)
        for sql, row in self._pending:
            self._connection.execute(sql, row)
        if self._status_changed:
            self._connection.execute(SET_STATUS, astuple(self.status))

    def _transaction(self, body: Callable[[], None]) -> None:
        with transaction(self._connection):
            body()

    def close(self) -> None:
        """Commit, move the write-ahead log into `run.db`, and close."""
        try:
            self.flush()
            with translated(self._path, "close"):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._connection.close()
