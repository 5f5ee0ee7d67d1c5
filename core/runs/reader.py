"""The reading side of a run: what consoles, replays, exports and reports are made from.

A reader never writes. It opens `run.db` with `mode=ro`, so that it works beside a running
engine, on a finished run, and on a copied file without its write-ahead log; any number of
readers may be open. Each call is one short query on the newest data.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import RunError
from core.runs.columns import Steps, Window
from core.runs.connection import ReadConnection
from core.runs.database import FILE_NAME, command_record
from core.runs.lock import is_alive
from core.runs.moments import last_step_at
from core.runs.records import (
    CommandRecord,
    EvaluationRow,
    Event,
    EventKind,
    RunInfo,
    RunKind,
    RunState,
    RunStatus,
    RunTotals,
    Scaling,
    TrainingRow,
    TrainingStatus,
)
from core.runs.rows import StatusRow, info_of, read_step, read_totals, status_of, understood
from core.runs.schema import STEPS, TOTAL_COLUMNS
from core.runs.window import read_columns, read_window
from core.state import Actor, Step

if TYPE_CHECKING:
    from core.runs.config import RunConfig
    from core.traffic.scenario import Scenario

_TOTALS = ", ".join(column.name for column in TOTAL_COLUMNS)
_LAST_TOTALS = f"SELECT {_TOTALS} FROM steps ORDER BY step DESC LIMIT 1"


class RunReader:
    """Read-only access to one run; safe to use from several threads.

    Args:
        path: A run directory, or a run file (`run.db` or a copy of one).

    Raises:
        RunError: There is no run, or the file is damaged or written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path / FILE_NAME if path.is_dir() else path
        self.directory = self.path.parent
        self._file = ReadConnection(self.path)
        self._info: RunInfo | None = None

    # -- the run as a whole -------------------------------------------------------------------

    def info(self) -> RunInfo:
        """What never changes; `facts`, labels and features appear once the engine has loaded."""
        if self._info is None or (self._info.facts is None and not self._info_is_final()):
            with understood(self.path):
                self._info = info_of(self.directory, self._meta())
        return self._info

    def _info_is_final(self) -> bool:
        return self._info is not None and self._info.kind is RunKind.TRAINING

    def status(self) -> RunStatus:
        """How the run stands now, everything that the header shows."""
        info = self.info()
        row = self._status_row()
        last = self._file.row(_LAST_TOTALS)
        ends_s = row.override_ends_s
        training = None
        if info.kind is RunKind.TRAINING:
            training = TrainingStatus(
                timesteps=row.timesteps,
                total_timesteps=row.total_timesteps,
                steps_per_s=row.steps_per_s,
                eta_s=row.eta_s,
                best_score=row.best_score,
                baseline_score=row.baseline_score,
            )
        return RunStatus(
            run_id=info.run_id,
            kind=info.kind,
            state=self._state(row),
            message=row.message,
            environment=info.environment,
            scenario=info.scenario,
            policy=info.policy,
            mode=row.mode,
            former_mode=row.former_mode,
            override_target=row.override_target,
            override_remaining_s=None if ends_s is None else max(0.0, ends_s - row.time_s),
            speed=row.speed,
            paused=row.paused,
            degraded=row.degraded,
            time_s=row.time_s,
            step=row.step,
            episode=row.episode,
            steps_per_s=row.steps_per_s,
            totals=read_totals(last),
            training=training,
            started_wall_time=row.started_wall_time,
            ended_wall_time=row.ended_wall_time,
        )

    def _status_row(self) -> StatusRow:
        row = self._file.row("SELECT * FROM status")
        if row is None:
            raise RunError(f"expected a status in {self.path}, found none.", "Delete the run.")
        with understood(self.path):
            return status_of(row)

    def _state(self, row: StatusRow) -> RunState:
        if not row.state.is_live:
            return row.state
        if not is_alive(self.directory):
            # The engine may have ended in order between the query and the probe: look again.
            again = self._status_row().state
            return RunState.LOST if again.is_live else again
        return RunState.PAUSED if row.paused and row.state is RunState.RUNNING else row.state

    def config(self) -> RunConfig:
        """What the run was asked to do."""
        from core.runs.config import parse_config

        with understood(self.path):
            return parse_config(self.info().kind, json.dumps(self._meta()["config"]))

    def scenario(self) -> Scenario:
        """The scenario as it was when the run began, whatever became of its file since.

        Traces are not part of it: the scenario names their files.

        Raises:
            RunError: The run is a training, which has no single scenario, or is on a real
                cluster without a twin.
        """
        from core.traffic.scenario import Scenario

        document = self._meta().get("scenario")
        if document is None and self.info().target:
            raise RunError(
                f"expected a run with a scenario, found {self.info().run_id} on a real cluster "
                "without a twin of the service."
            )
        if document is None and self.info().kind is RunKind.INFERENCE:
            raise RunError(f"expected a run with its scenario, found {self.info().run_id} without.")
        if document is None:
            raise RunError(
                f"expected an inference run, found {self.info().kind} {self.info().run_id}.",
                "A training has no single scenario.",
            )
        with understood(self.path):
            return Scenario.model_validate(document)

    def meta(self, key: str) -> Any:
        """One fact from the table `meta`, decoded; None if there is none of that name."""
        return self._meta().get(key)

    # -- steps --------------------------------------------------------------------------------

    def last_step(self) -> int:
        """Number of the newest step; -1 if there is none yet."""
        return int(self._file.rows("SELECT coalesce(max(step), -1) FROM steps")[0][0])

    def unmeasured_steps(self) -> int:
        """How many of the intervals that were lived through have no request rate."""
        sql = "SELECT count(*) FROM steps WHERE step > 0 AND rps IS NULL"
        return int(self._file.rows(sql)[0][0])

    def step_at(self, time_s: float) -> int:
        """The last step up to a time, to the second; -1 if there is none yet.

        Before the first step it is that one. In a training, whose time begins anew with every
        episode, it is a time of the newest one.
        """
        return last_step_at(self._file.rows, self.last_step(), time_s)

    def steps_after(self, step: int, limit: int = 1000) -> Steps:
        """Up to `limit` steps that follow `step` (-1 for the first), oldest first."""
        return read_columns(self._file.rows, step + 1, step + limit)

    def tail(self, count: int) -> Steps:
        """The newest `count` steps, oldest first; fewer if there are fewer."""
        last = self.last_step()
        return read_columns(self._file.rows, max(0, last - count + 1), last)

    def window(self, first: int, last: int, max_points: int) -> Window:
        """Steps `first` to `last` (inclusive, clipped to what there is) for drawing.

        If there are more than `max_points` steps they are reduced to at most `max_points / 2`
        buckets of two points each (least and greatest); long stretches come from coarse buckets,
        so that the whole of a run of a million steps takes milliseconds.
        """
        return read_window(self._file.rows, max(0, first), min(last, self.last_step()), max_points)

    def step(self, step: int) -> Step:
        """One step with everything about it: decision, values, observation.

        Raises:
            RunError: There is no such step.
        """
        row = self._file.row("SELECT * FROM steps WHERE step = ?", step)
        if row is None:
            raise RunError(f"expected a step from 0 to {self.last_step()}, found {step}.")
        return read_step(row)

    def steps(self, first: int, last: int) -> list[Step]:
        """Steps `first` to `last` (inclusive), each with everything about it."""
        return [
            read_step(dict(zip(STEPS.names, row, strict=True)))
            for row in self.raw_steps(STEPS.names, first, last)
        ]

    def raw_steps(self, names: Sequence[str], first: int, last: int) -> list[tuple[Any, ...]]:
        """The named columns of steps `first` to `last` (inclusive), as they are in the file."""
        return self._file.rows(
            f"SELECT {', '.join(names)} FROM steps WHERE step BETWEEN ? AND ? ORDER BY step",
            first,
            last,
        )

    def totals(self, step: int | None = None) -> RunTotals:
        """Sums of the episode up to and including `step`; None means the newest."""
        if step is None:
            return read_totals(self._file.row(_LAST_TOTALS))
        return read_totals(self._file.row(f"SELECT {_TOTALS} FROM steps WHERE step = ?", step))

    # -- logs: all rows whose id follows the last one seen (0 for all), oldest first ------------

    def events_after(self, event_id: int, limit: int = 1000) -> list[Event]:
        """Events that follow `event_id`."""
        return [
            Event(number, step, time_s, wall, EventKind(kind), Actor(actor), message)
            for number, step, time_s, wall, kind, actor, message in self._after(
                "events", event_id, limit
            )
        ]

    def last_events(self, count: int) -> list[Event]:
        """The newest `count` events, oldest first."""
        last = int(self._file.rows("SELECT coalesce(max(id), 0) FROM events")[0][0])
        return self.events_after(max(0, last - count), count)

    def scalings_after(self, scaling_id: int, limit: int = 1000) -> list[Scaling]:
        """Calls that changed replicas."""
        return [
            Scaling(
                id=number,
                step=step,
                time_s=time_s,
                wall_time=wall_time,
                actor=Actor(actor),
                replicas_before=before,
                target=target,
                done_wall_time=done,
                accepted=None if accepted is None else bool(accepted),
                message=message,
            )
            for number, step, time_s, wall_time, actor, before, target, done, accepted, message in (
                self._after("scalings", scaling_id, limit)
            )
        ]

    def commands_after(self, command_id: int, limit: int = 1000) -> list[CommandRecord]:
        """Commands and their answers: the audit trail."""
        return [command_record(row) for row in self._after("commands", command_id, limit)]

    def last_command(self) -> int:
        """Number of the newest command; 0 if there is none."""
        return int(self._file.rows("SELECT coalesce(max(id), 0) FROM commands")[0][0])

    def training_after(self, row_id: int, limit: int = 100_000) -> list[TrainingRow]:
        """Reports of a training's progress."""
        return [TrainingRow(*row) for row in self._after("training", row_id, limit)]

    def evaluations_after(self, row_id: int, limit: int = 100_000) -> list[EvaluationRow]:
        """Evaluations during a training."""
        return [
            replace(EvaluationRow(*row), best=bool(row[-1]))
            for row in self._after("evaluations", row_id, limit)
        ]

    def _after(self, table: str, row_id: int, limit: int) -> list[tuple[Any, ...]]:
        return self._file.rows(
            f"SELECT * FROM {table} WHERE id > ? ORDER BY id LIMIT ?", row_id, limit
        )

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the whole run to `target`, also while the engine writes.

        Raises:
            RunError: `target` exists or cannot be written.
        """
        self._file.rows("VACUUM INTO ?", str(target))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _meta(self) -> dict[str, Any]:
        rows = self._file.rows("SELECT key, value FROM meta")
        with understood(self.path):
            return {key: json.loads(value) for key, value in rows}
