"""One decision of a simulator run, just before it was taken: all that the future depended on."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.agents.policy import Policy, Situation
from core.cluster.guardrails import Guardrails
from core.cluster.simulator import SimulatorBatch
from core.envs.history import StateHistory
from core.runs.control import Control
from core.state import ClusterState, Step
from core.traffic.scenario import Scenario


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

    @property
    def steps_left(self) -> int:
        """Decision intervals until the scenario ends."""
        left_s = self.scenario.duration_s - self.step.state.time_s
        return max(0, round(left_s / self.scenario.interval_s))

    @property
    def is_exact(self) -> bool:
        """Whether this is the recorded moment, bit for bit."""
        return not self.difference
