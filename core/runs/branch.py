"""Branching: a new run that repeats the past of another up to a step and goes on by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import InputError, RunError
from core.runs.commands import CommandName
from core.runs.config import BranchPoint, InferenceConfig
from core.runs.creation import create_run
from core.runs.differences import first_difference
from core.runs.reader import RunReader
from core.runs.records import EventKind
from core.runs.replay import BRANCHED_AT_KEY, ORDERS_KEY, Order, carry_out, recorded_orders
from core.state import Actor, ControlMode, Decision

if TYPE_CHECKING:
    from core.clock import Clock
    from core.runs.loop import ControlLoop
    from core.runs.session import StopFlag
    from core.runs.store import RunWriter

_PAGE: Final = 256


def create_branch(
    directory: Path,
    step: int,
    *,
    policy: str | None = None,
    target: int | None = None,
    mode: ControlMode | None = None,
    speed: float | None = None,
    paused: bool = False,
    home: Path | None = None,
    clock: Clock | None = None,
) -> Path:
    """Create a run that repeats another one up to a step and then goes on by itself.

    Args:
        directory: The run to branch from; it stays as it is.
        step: The first step that is decided anew.
        policy: Who decides from there on; by default who decided before.
        target: Replicas wanted at `step`, instead of what the policy wants; guardrails apply.
        mode: The control mode from there on; by default as it was then.
        speed: Simulated seconds per second; None runs as fast as possible.
        paused: Whether to wait at `step`.
        home: See `create_run`.
        clock: See `create_run`.

    Returns:
        The new run's directory, for an engine to begin on.

    Raises:
        InputError: There is no such step to branch at, or no such policy.
        RunError: The run is none that can be repeated.
    """
    reader = RunReader(directory)
    try:
        info, config = reader.info(), reader.config()
        if not isinstance(config, InferenceConfig) or info.environment != "sim":
            raise RunError(
                f"expected a policy's run in the simulator to branch from, found {info.run_id}.",
                "Only what was simulated can be lived through again.",
            )
        scenario, newest = reader.scenario(), reader.last_step()
        start = {} if mode is None or step != 0 else _beginning(reader, mode)
    finally:
        reader.close()
    last = min(newest, scenario.duration_s // scenario.interval_s - 1)
    if not 0 <= step <= last:
        raise InputError(
            f"expected a step from 0 to {last} to branch at, found {step}.",
            "At its last step a run has no future to change.",
        )
    point = BranchPoint(run=str(directory.resolve()), step=step, target=target, mode=mode)
    again = config.model_copy(
        update={
            "policy": policy or config.policy,
            "seed": info.seed,
            "speed": speed,
            "paused": paused,
            "branch": point,
            **start,
        }
    )
    return create_run(again, home=home, parent=info.run_id, scenario=scenario, clock=clock)


def _beginning(reader: RunReader, mode: ControlMode) -> dict[str, ControlMode | int | None]:
    """What makes a run begin in a mode: before its first decision there is no time for an order."""
    pinned = None
    if mode is ControlMode.MANUAL and reader.last_step() >= 0:
        pinned = reader.step(0).state.replicas_desired
    return {"mode": mode, "override_replicas": pinned}


class Past:
    """What a branch repeats before it goes on by itself.

    Args:
        point: Where it branches off.

    Raises:
        RunError: The run to repeat is gone or unreadable.
    """

    def __init__(self, point: BranchPoint) -> None:
        self._point = point
        self._reader = RunReader(Path(point.run))
        self._decisions: dict[int, Decision] = {}
        last = point.step - 1
        orders = [order for order in recorded_orders(self._reader) if order.step <= last]
        if point.mode is not None and last >= 0:
            orders.append(Order(last, CommandName.MODE, {"value": point.mode.value}))
        self._orders = orders

    def decision(self, index: int) -> Decision | None:
        """The decision of a step that is repeated, or was prescribed; None from there on."""
        point = self._point
        if index == point.step and point.target is not None:
            then = self._reader.step(index)
            desired = then.state.replicas_desired
            words = f"branch: {point.target} instead of {then.decision.target}"
            return Decision(point.target, point.target - desired, words)
        if index >= point.step:
            return None
        if index not in self._decisions:
            steps = self._reader.steps(index, min(index + _PAGE, point.step) - 1)
            self._decisions = {step.index: step.decision for step in steps}
        return self._decisions[index]

    def repeat(self, loop: ControlLoop, seed: int, writer: RunWriter, stop: StopFlag) -> None:
        """Let `loop` live through it and take the first decision of its own.

        Args:
            loop: Not yet started; its policy must ask `decision`.
            seed: That of the run which is repeated.
            writer: Keeps which orders were repeated.
            stop: Ends it early when set.

        Raises:
            RunError: It comes out differently, so that the branch would have another past.
        """
        point = self._point
        writer.set_meta(
            {
                BRANCHED_AT_KEY: point.step,
                ORDERS_KEY: [
                    {"step": one.step, "name": one.name.value, "arguments": dict(one.arguments)}
                    for one in self._orders
                ],
            }
        )
        waiting = list(reversed(self._orders))
        loop.start(seed)
        while True:
            index = loop.last.index
            self._check(loop, index)
            if index >= point.step or stop.reason:
                break
            while waiting and waiting[-1].step <= index:
                carry_out(waiting.pop(), loop)
            loop.turn()
        words = f"repeated the first {point.step} decisions of {Path(point.run).name}"
        time_s = loop.last.state.time_s
        writer.add_event(EventKind.ENGINE, Actor.NOBODY, words, time_s=time_s, step=index)
        self._reader.close()

    def _check(self, loop: ControlLoop, index: int) -> None:
        # What is asked for may be amended by an order, or differ from here on; states may not.
        words = first_difference(loop.last, self._reader.step(index), amended=True)
        if words:
            raise RunError(
                f"expected step {index} as in {Path(self._point.run).name}, found that {words}.",
                "It was recorded by another version of this program, or on another machine.",
            )
