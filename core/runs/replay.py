"""Repeating a recorded run: its decisions, and the orders that its operator gave between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from core.agents.policy import Policy, PolicyWrapper, Situation
from core.cluster.base import ScaleOutcome
from core.runs.commands import CommandName
from core.runs.config import InferenceConfig
from core.runs.control import Control
from core.runs.reader import RunReader
from core.runs.records import CommandRecord, Event, EventKind
from core.runs.rows import StepRecord
from core.state import Actor, ControlMode, Decision, DeploymentFacts

ORDERS_KEY: Final = "orders"
"""In `meta` of a branch: the orders of the run that it repeats at first."""
BRANCHED_AT_KEY: Final = "branched_at"
"""In `meta` of a branch: the first step that is not repeated."""

_ORDERS: Final = (CommandName.MODE, CommandName.OVERRIDE, CommandName.RELEASE)
_EXPIRED: Final = "override ended"
_NOTHING_DONE: Final = "already"


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator did between two decisions."""

    step: int
    """The newest step at that moment; what was ordered holds from there on."""
    name: CommandName
    """`mode`, `override` or `release`."""
    arguments: Mapping[str, Any]
    """Those of the command."""


class Orderly(Protocol):
    """Takes orders, as a control loop does."""

    def set_mode(self, mode: ControlMode) -> str:
        """Change the control mode."""

    def override(self, replicas: int, ttl_s: float | None) -> str:
        """Pin replicas."""

    def release(self) -> str:
        """End an override."""


def carry_out(order: Order, loop: Orderly) -> None:
    """Give `order` to `loop` once more."""
    match order.name:
        case CommandName.MODE:
            loop.set_mode(ControlMode(order.arguments["value"]))
        case CommandName.OVERRIDE:
            loop.override(order.arguments["replicas"], order.arguments.get("ttl_s"))
        case _:
            loop.release()


def recorded_orders(reader: RunReader) -> list[Order]:
    """Every order that the engine of a run has carried out so far, oldest first.

    An event tells at which step, a command exactly what; there is one of each per order, and a
    command is answered after its event is written.
    """
    repeated = [
        Order(one["step"], CommandName(one["name"]), one["arguments"])
        for one in reader.meta(ORDERS_KEY) or ()
    ]
    begin = reader.meta(BRANCHED_AT_KEY) or 0
    commands = [one for one in _all(reader.commands_after) if _changed_control(one)]
    events = [one for one in _all(reader.events_after) if _is_order(one) and one.step >= begin]
    return repeated + [
        Order(event.step, CommandName(command.name), command.arguments)
        for event, command in zip(events, commands, strict=False)
    ]


def _changed_control(command: CommandRecord) -> bool:
    done = command.ok is True and not command.result.startswith(_NOTHING_DONE)
    return done and command.name in _ORDERS


def _is_order(event: Event) -> bool:
    by_operator = event.actor is Actor.OPERATOR and not event.message.startswith(_EXPIRED)
    return by_operator and event.kind in (EventKind.MODE, EventKind.OVERRIDE)


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


_Row = TypeVar("_Row", bound=_Numbered)


def _all(read: Callable[[int], Sequence[_Row]]) -> Iterator[_Row]:
    last = 0
    while rows := read(last):
        yield from rows
        last = rows[-1].id


def starting_control(config: InferenceConfig) -> Control:
    """Mode and override at the start of a run."""
    if config.override_replicas is None:
        return Control(config.mode)
    return Control().with_override(config.override_replicas, None, 0.0)


class SilentJournal:
    """A journal that keeps nothing, for repeating what is written down already."""

    def add_step(self, record: StepRecord) -> None:
        """See `Journal`."""

    def amend_step(self, mode: ControlMode, actor: Actor, target: int, guardrail: str) -> None:
        """See `Journal`."""

    def add_event(
        self, kind: EventKind, actor: Actor, message: str, *, time_s: float, step: int
    ) -> None:
        """See `Journal`."""

    def begin_scaling(
        self, *, step: int, time_s: float, actor: Actor, replicas_before: int, target: int
    ) -> int:
        """See `Journal`."""
        return 0

    def finish_scaling(self, number: int, outcome: ScaleOutcome) -> None:
        """See `Journal`."""


class RepeatingPolicy(PolicyWrapper):
    """Repeats decisions that were recorded, and decides itself where there are none.

    Args:
        policy: Is asked at every step, so that it remembers what it has seen; its own decision
            counts only where none was recorded.
        recorded: The decision of a step, or None.
    """

    def __init__(self, policy: Policy, recorded: Callable[[int], Decision | None]) -> None:
        super().__init__(policy)
        self._recorded = recorded
        self._step = 0

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`."""
        super().reset(facts)
        self._step = 0

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`."""
        own = self._policy.decide(situation)
        recorded = self._recorded(self._step)
        self._step += 1
        return own if recorded is None else recorded
