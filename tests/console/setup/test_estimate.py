from __future__ import annotations

from console.setup.estimate import TrainingSpeed, estimate, measured_speeds
from core.agents.config import Algorithm
from core.locations import runs_directory
from core.runs.records import RunKind
from tests.core.runs.factory import write_odd_run, write_run


def test_the_estimate_follows_what_was_measured_here() -> None:
    speed = TrainingSpeed(20_000.0, "the last one here")
    assert estimate(1_500_000, speed) == (
        "about 75 s: 1,500,000 steps at the 20,000 steps/s of the last one here."
    )
    assert "about 1 s" in estimate(1000, speed)


def test_without_a_measurement_no_time_is_made_up() -> None:
    assert "about" not in estimate(1000, None)
    assert "1,000 steps" in estimate(1000, None)


def test_speeds_come_from_former_trainings() -> None:
    home = runs_directory()
    write_run(home / "20260101-000000-run", 20)
    write_run(home / "20260102-000000-training", 20, kind=RunKind.TRAINING)
    (home / "20260103-000000-broken").mkdir()
    (home / "20260103-000000-broken" / "run.db").write_text("no database")
    speeds = measured_speeds()
    assert set(speeds) == {Algorithm.PPO}
    assert speeds[Algorithm.PPO].steps_per_s == 21_500.0


def test_odd_runs_are_passed_over() -> None:
    home = runs_directory()
    write_run(home / "20260102-000000-training", 20, kind=RunKind.TRAINING)
    write_odd_run(home / "20260103-000000-facts", "facts", '{"zone": "a"}')
    write_odd_run(home / "20260104-000000-config", "config", "5", kind=RunKind.TRAINING)
    assert set(measured_speeds()) == {Algorithm.PPO}


def test_without_runs_there_are_no_speeds() -> None:
    assert measured_speeds() == {}
