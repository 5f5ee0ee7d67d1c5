"""Going back to any decision of a simulator run, by living through it again.

A simulator run is a function of its scenario, its seed, its decisions and its operator's orders,
all of which are in its file. So the control loop itself repeats it, with copies kept every few
steps so that going back is instant, and every repeated step is compared with the recorded one,
bit for bit: a run of another version or another machine may differ, and then that is said.
"""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from core import __version__ as version
from core.agents.learned import LearnedPolicy
from core.agents.policy import Policy, Situation
from core.clock import SystemClock
from core.cluster.simulated import SimulatedCluster
from core.debug.deciders import RECENT_S
from core.debug.moment import Moment, Progress
from core.debug.policies import policy_of
from core.debug.recording import Recording
from core.envs.pipeline import EpisodeSettings
from core.errors import RunError
from core.runs.config import InferenceConfig
from core.runs.differences import first_difference
from core.runs.loop import ControlLoop
from core.runs.records import RunKind
from core.runs.replay import RepeatingPolicy, SilentJournal, carry_out, starting_control
from core.state import ClusterState, Decision, DeploymentFacts, Step

if TYPE_CHECKING:
    from core.runs.reader import RunReader

_EVERY: Final = 16
"""Steps between two kept copies, in a run that is not very long."""
_MOST_COPIES: Final = 600
_REPORT_STEPS: Final = 64


class Witness:
    """The policy itself, which sees all that the run saw but decides nothing.

    Args:
        policy: None if it can no longer be loaded.
        labels: Of the actions that were recorded.
    """

    def __init__(self, policy: Policy | None, name: str, labels: tuple[str, ...]) -> None:
        self.policy = policy
        self.name = name
        """See `Policy`."""
        self.action_labels = labels
        """See `Policy`."""
        self.said: Decision | None = None
        """What it would have decided last; None if it is not there."""
        self.when_asked: Callable[[Situation], None] | None = None
        """Called before it answers."""

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`."""
        if self.policy is not None:
            self.policy.reset(facts)

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`."""
        if self.when_asked is not None:
            self.when_asked(situation)
        if self.policy is None:
            return Decision(situation.state.replicas_desired, 0, "")
        self.said = self.policy.decide(situation)
        return self.said


@dataclass(slots=True)
class _Course:
    """The run, lived through up to and including the decision of `step`."""

    loop: ControlLoop
    cluster: SimulatedCluster
    witness: Witness
    step: int


class Rewind:
    """Rebuilds the moments of a simulator run; safe to use from several threads.

    Args:
        reader: The run, which may still be going on.

    Raises:
        RunError: It is a training or on a real cluster, whose past cannot be lived through again.
        InputError: Its scenario cannot be simulated here, as without its trace.
    """

    def __init__(self, reader: RunReader) -> None:
        info, config = reader.info(), reader.config()
        if info.kind is not RunKind.INFERENCE or not isinstance(config, InferenceConfig):
            raise RunError(
                f"expected a policy's run to go back in, found training {info.run_id}.",
                "Run its policy on a scenario, then debug that run.",
            )
        if info.environment != "sim":
            raise RunError(
                f"expected a simulator run to go back in, found {info.environment}.",
                "A real cluster's past is not repeatable; its records can still be looked at.",
            )
        self.recording = Recording(reader)
        self.scenario = reader.scenario()
        self._info, self._config = info, config
        self._lock = threading.Lock()
        self._kept: dict[int, _Course] = {}
        self._head: _Course | None = None
        self._difference: tuple[int, str] | None = None
        self.policy_difference = ""
        """Where the policy, as it is now, first decided otherwise than then; empty so far."""
        self.policy, self.policy_problem = policy_of(reader)
        """Who decided, without memory of the run; or None, and why it cannot be loaded."""
        steps = self.scenario.duration_s // self.scenario.interval_s
        self._every = max(_EVERY, -(-steps // _MOST_COPIES))

    @property
    def difference(self) -> str:
        """Where repeating the run first departed from the recording; empty if nowhere so far."""
        return "" if self._difference is None else self._difference[1]

    def moment(self, index: int, on_progress: Progress | None = None) -> Moment:
        """The moment at which the decision of step `index` was due.

        Raises:
            InputError: There is no such step.
        """
        with self._lock:
            recorded = self.recording.step(index)
            course, self._head = self._course_before(index), None
            first, caught = course.step, list[Moment]()
            while course.step < index:
                if course.step + 1 == index:
                    course.witness.when_asked = lambda situation: caught.append(
                        self._catch(course, situation, recorded)
                    )
                self._turn(course)
                course.witness.when_asked = None
                done = course.step - first
                if on_progress is not None and done % _REPORT_STEPS == 0:
                    on_progress(done, index - first)
            self._head = course
            differs = self._difference is not None and self._difference[0] <= index
            return replace(caught[0], difference=self.difference if differs else "")

    def _course_before(self, index: int) -> _Course:
        """The run lived through to a step before `index`, as near as there is, to go on with."""
        kept = max((step for step in self._kept if step < index), default=-1)
        if self._head is not None and kept <= self._head.step < index:
            return self._head
        return self._begin() if kept < 0 else self._copy(self._kept[kept])

    def _begin(self) -> _Course:
        cluster = SimulatedCluster(self.scenario, self._info.seed)
        witness = Witness(self.policy, self._info.policy, self._info.action_labels)
        loop = ControlLoop(
            cluster,
            RepeatingPolicy(witness, self._decision),
            EpisodeSettings(self.scenario.reward, self.scenario.guardrails),
            SilentJournal(),
            SystemClock(),
            starting_control(self._config),
            self.scenario.faults,
        )
        return _Course(loop, cluster, witness, -1)

    def _decision(self, index: int) -> Decision:
        return self.recording.step(index).decision

    def _turn(self, course: _Course) -> None:
        if course.step < 0:
            course.loop.start(self._info.seed)
        else:
            for order in self.recording.orders_at(course.step):
                carry_out(order, course.loop)
            course.loop.turn()
        course.step += 1
        self._compare(course)
        if course.step % self._every == 0 and course.step not in self._kept:
            self._kept[course.step] = self._copy(course)

    def _compare(self, course: _Course) -> None:
        index, recorded = course.step, self.recording.step(course.step)
        if self._difference is None:
            # The newest step may be amended at any moment; what it led to will tell.
            open_ended = index >= self.recording.newest
            amended = open_ended or bool(self.recording.orders_at(index))
            words = first_difference(course.loop.last, recorded, amended=amended)
            if words:
                self._difference = (index, f"step {index}: {words}{self._version()}")
        said = course.witness.said
        if said is not None and not self.policy_difference and not self._difference:
            wanted = recorded.decision.target
            if said.target != wanted:
                self.policy_difference = (
                    f"step {index}: {self._info.policy} wants {said.target} now, "
                    f"wanted {wanted} then"
                )

    def _version(self) -> str:
        then = self._info.program_version
        return "" if then == version else f"; recorded by version {then}, this is {version}"

    def _copy(self, course: _Course) -> _Course:
        # What never changes is shared: the weights of a network, and all that this object holds.
        shared: list[object] = [self]
        if isinstance(self.policy, LearnedPolicy):
            shared.append(self.policy)
        return copy.deepcopy(course, {id(one): one for one in shared})

    def _recent(self, index: int) -> tuple[ClusterState, ...]:
        first = max(0, index - math.ceil(RECENT_S / self.scenario.interval_s))
        return tuple(self.recording.step(at).state for at in range(first, index))

    def _catch(self, course: _Course, situation: Situation, recorded: Step) -> Moment:
        loop = course.loop
        history = copy.deepcopy(loop.history)
        policy = course.witness.policy
        if not isinstance(policy, LearnedPolicy):
            policy = copy.deepcopy(policy)
        return Moment(
            step=recorded,
            scenario=self.scenario,
            situation=replace(situation, history=history),
            simulator=course.cluster.batch.snapshot().batch,
            history=history,
            guardrails=copy.deepcopy(loop.guardrails),
            policy=policy,
            fallback=copy.deepcopy(loop.fallback),
            recent=self._recent(recorded.index),
            control=loop.control,
            difference="",
        )
