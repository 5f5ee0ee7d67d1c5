"""Short, eventful runs of the simulator, made by the real engine code in no time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from core.clock import Clock
from core.runs.commands import Command, CommandSender
from core.runs.config import InferenceConfig
from core.runs.creation import create_run
from core.runs.execution import execute
from core.state import ControlMode
from core.traffic.faults import MetricsGapFault, PodCrashFault, ScaleRejectedFault
from core.traffic.patterns import ConstantPattern, SpikePattern
from core.traffic.scenario import GuardrailSettings, Scenario
from tests.core.runs.clocks import ManualClock

SPEED = 60.0
STEPS = 80

EVENTFUL = Scenario(
    name="eventful",
    description="A spike, old metrics, a crash and refused scaling, under strict guardrails.",
    traffic=(ConstantPattern(rps=250.0), SpikePattern(at_s=240, rps=600, hold_s=180)),
    guardrails=GuardrailSettings(
        largest_step_up=4,
        stabilization_down_s=60.0,
        cooldown_down_s=45.0,
        stale_after_intervals=2,
        fallback_after_intervals=4,
    ),
    faults=(
        MetricsGapFault(at_s=600, duration_s=120),
        PodCrashFault(at_s=800, count=2),
        ScaleRejectedFault(at_s=260, duration_s=30),
    ),
    duration_s=STEPS * 15,
    seed=5,
)

ORDERS = (
    (320.0, Command.override(3, 60.0)),
    (335.0, Command.override(9, 120.0)),
    (500.0, Command.mode(ControlMode.HOLD)),
    (530.0, Command.mode(ControlMode.HOLD)),
    (560.0, Command.mode(ControlMode.AUTO)),
    (700.0, Command.mode(ControlMode.MANUAL)),
    (760.0, Command.override(20)),
    (900.0, Command.release()),
    (1000.0, Command.mode(ControlMode.SHADOW)),
    (1060.0, Command.mode(ControlMode.AUTO)),
)
"""Simulated seconds, and what the operator does then."""


class OperatorClock(ManualClock):
    """A manual clock on which an operator gives orders at simulated times."""

    def __init__(self, directory: Path, orders: Sequence[tuple[float, Command]]) -> None:
        super().__init__()
        self._started = self.time
        self._waiting = list(orders)
        self._sender = CommandSender(directory)

    def wait(self, seconds: float, wake: threading.Event | None = None) -> None:
        super().wait(seconds, wake)
        while self._waiting and self._waiting[0][0] <= (self.time - self._started) * SPEED:
            self._sender.post(self._waiting.pop(0)[1])


def played(
    home: Path,
    policy: str = "ppo",
    scenario: Scenario = EVENTFUL,
    *,
    orders: Sequence[tuple[float, Command]] = (),
    **settings: object,
) -> Path:
    """A finished run and its directory.

    Args:
        home: Where its directory is made.
        policy: Who decides.
        scenario: What happens.
        orders: What the operator does, and when; without any it runs as fast as possible.
        settings: Further fields of the config.
    """
    config = InferenceConfig.model_validate(
        {"policy": policy, "scenario": scenario.name, **settings}
        | {"speed": SPEED if orders else None}
    )
    directory = create_run(config, home=home, scenario=scenario)
    clock: Clock = OperatorClock(directory, orders) if orders else ManualClock()
    execute(directory, clock)
    return directory
