"""What an engine that was killed had begun, found out by the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.cluster.base import ScaleOutcome
from core.runs.database import create_run_file
from core.runs.reader import RunReader
from core.runs.reconcile import reconcile_last
from core.runs.records import RunKind
from core.runs.rows import StatusRow
from core.runs.store import RunWriter
from core.state import Actor
from tests.core.runs.clocks import ManualClock

ENVIRONMENT = "k8s prod/shop/checkout"
CLOCK = ManualClock()


def begun(directory: Path, kind: RunKind, *outcomes: bool | None, steers_floor: bool) -> RunWriter:
    """A run that asked for 3 → 6 again and again, the last time it may be without an outcome."""
    meta: dict[str, Any] = {
        "run_id": directory.name,
        "kind": kind.value,
        "created_wall_time": 1_800_000_000.0,
        "environment": ENVIRONMENT,
        "target": "prod/shop/checkout",
        "steers_floor": steers_floor,
        "scenario_name": "shop/checkout",
        "policy_name": "dqn",
        "seed": 0,
        "interval_s": 15.0,
        "duration_s": None,
        "parent": None,
        "program_version": "0.1.0",
        "config": {},
    }
    create_run_file(directory, meta, StatusRow())
    writer = RunWriter(directory, CLOCK, durable=True)
    for outcome in outcomes:
        number = writer.begin_scaling(
            step=1, time_s=15.0, actor=Actor.POLICY, replicas_before=3, target=6
        )
        if outcome is not None:
            writer.finish_scaling(number, ScaleOutcome(accepted=outcome))
    return writer


def outcomes(directory: Path) -> list[bool | None]:
    reader = RunReader(directory)
    found = [row.accepted for row in reader.scalings_after(0)]
    reader.close()
    return found


@pytest.mark.parametrize("kind", RunKind)
@pytest.mark.parametrize("steers_floor", [False, True])
def test_a_floor_is_compared_with_the_floor(
    tmp_path: Path, kind: RunKind, steers_floor: bool
) -> None:
    begun(tmp_path / "1", kind, None, steers_floor=steers_floor).close()
    own = begun(tmp_path / "2", RunKind.INFERENCE, steers_floor=False)

    def look(at_floor: bool) -> int:
        return 6 if at_floor is steers_floor else 9

    words = reconcile_last(tmp_path / "2", ENVIRONMENT, CLOCK, own, look)
    own.close()
    assert words == "3 → 6 of 1, which was killed, had been carried out"
    assert outcomes(tmp_path / "1") == [True]


def test_a_training_that_goes_on_finds_its_own_first(tmp_path: Path) -> None:
    begun(tmp_path / "1", RunKind.INFERENCE, None, steers_floor=True).close()
    begun(tmp_path / "2", RunKind.TRAINING, True, None, steers_floor=True).close()
    own = RunWriter(tmp_path / "2", CLOCK, durable=True)
    words = reconcile_last(tmp_path / "2", ENVIRONMENT, CLOCK, own, lambda at_floor: 3)
    assert words == "3 → 6 of 2, which was killed, had not been carried out"
    assert outcomes(tmp_path / "2") == [True, False]
    words = reconcile_last(tmp_path / "2", ENVIRONMENT, CLOCK, own, lambda at_floor: 3)
    own.close()
    assert words == "3 → 6 of 1, which was killed, had not been carried out"


@pytest.mark.parametrize(("later", "told"), [(False, True), (True, False)])
def test_what_was_followed_by_another_write_can_no_longer_be_told(
    tmp_path: Path, later: bool, told: bool
) -> None:
    own = begun(tmp_path / "1", RunKind.TRAINING, None, later, steers_floor=True)
    words = reconcile_last(tmp_path / "1", ENVIRONMENT, CLOCK, own, lambda at_floor: 6)
    own.close()
    assert bool(words) is told
    assert outcomes(tmp_path / "1") == [True if told else None, later]


def test_what_cannot_be_written_down_is_said_and_stops_nobody(tmp_path: Path) -> None:
    begun(tmp_path / "1", RunKind.INFERENCE, None, steers_floor=False).close()
    own = begun(tmp_path / "2", RunKind.INFERENCE, steers_floor=False)
    (tmp_path / "1" / "operator.key").write_bytes(b"")
    words = reconcile_last(tmp_path / "2", ENVIRONMENT, CLOCK, own, lambda at_floor: 6)
    own.close()
    assert words.startswith("what became of 3 → 6 of 1, which was killed, could not be written")
    assert outcomes(tmp_path / "1") == [None]
