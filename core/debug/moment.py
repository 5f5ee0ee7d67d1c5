"""One decision of a simulator run, just before it was taken: all that the future depended on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from core.agents.policy import Policy, Situation
from core.cluster.guardrails import Guardrails
from core.cluster.simulator import SimulatorBatch
from core.envs.history import StateHistory
from core.runs.control import Control
from core.state import ClusterState, Step
from core.traffic.scenario import Scenario

if TYPE_CHECKING:
    from core.debug.recording import Recording

Progress = Callable[[int, int], None]
"""Hears now and then how many steps of how many are lived through; may raise to end it."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """The simulator, the guardrails and the policy when a decision was due.

    Everything in it belongs to this moment alone; whoever plays on from here takes copies.
    """

    step: Step
    """As it is recorded."""
    scenario: Scenario
    situation: Situation
    """What the policy looked at."""
    simulator: SimulatorBatch = field(repr=False)
    """The one cluster, not yet asked for anything at this step."""
    history: StateHistory = field(repr=False)
    guardrails: Guardrails = field(repr=False)
    """With their memory, before they ruled at this step."""
    policy: Policy | None
    """With its memory, before it decided at this step; None if it can no longer be loaded."""
    fallback: Policy
    """The reactive baseline with its memory, likewise."""
    recent: tuple[ClusterState, ...] = field(repr=False)
    """The states before this one, as far back as an HPA remembers."""
    control: Control
    """Mode and override when the decision was taken."""
    difference: str
    """Where playing the run again first departed from the recording; empty if nowhere."""
    shift_s: float = 0.0
    """What has to be added to the simulator's time to have that of the run."""
    stand_in: str = ""
    """What stands in for a real cluster, in words; empty if the run itself was simulated."""

    @property
    def steps_left(self) -> int:
        """Decision intervals until the scenario ends."""
        left_s = self.scenario.duration_s - (self.step.state.time_s - self.shift_s)
        return max(0, round(left_s / self.scenario.interval_s))

    @property
    def is_exact(self) -> bool:
        """Whether this is the recorded moment, bit for bit."""
        return not self.difference


class Moments(Protocol):
    """Gives the moments of one run; safe to use from several threads."""

    @property
    def recording(self) -> Recording:
        """The steps of the run."""

    @property
    def policy_problem(self) -> str:
        """Why the policy that decided cannot be loaded; empty if it can."""

    def moment(self, index: int, on_progress: Progress | None = None) -> Moment:
        """The moment at which the decision of step `index` was due.

        Raises:
            InputError: There is no such step.
        """
