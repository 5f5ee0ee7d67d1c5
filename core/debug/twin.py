"""Moments of a run on a real cluster, rebuilt in the twin that was fitted to its service.

A real cluster cannot be lived through again. Its twin can: it lives through the recorded rates and
replicas of the time before, and then stands where the cluster stood, as far as the fit is right.
What policies look back on are the recorded states themselves.
"""

from __future__ import annotations

import copy
import math
import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from core.agents.hpa import HpaPolicy
from core.agents.learned import LearnedPolicy
from core.agents.policy import Situation
from core.cluster.batch import FactsBatch, StateBatch
from core.cluster.guardrails import Guardrails
from core.cluster.simulated import SimulatedCluster
from core.debug.deciders import RECENT_S
from core.debug.moment import Moment
from core.debug.pasts import RecordedPasts
from core.debug.policies import policy_of
from core.debug.recording import Recording
from core.debug.watching import watch
from core.envs.observation import build_observation
from core.errors import RunError
from core.runs.control import Control
from core.runs.guardrails import guardrails_of
from core.traffic.patterns import StepPattern
from core.traffic.scenario import GuardrailSettings, Scenario

if TYPE_CHECKING:
    from core.debug.moment import Progress
    from core.runs.reader import RunReader
    from core.state import ClusterState, DeploymentFacts, Step

WARM_UP_S: Final = 1200.0
"""How long the twin lives through the recorded past before the moment."""
_AHEAD_STEPS: Final = 240
"""For how many intervals after the moment the twin has traffic."""


class Twin:
    """Rebuilds moments of a run on a real cluster; safe to use from several threads.

    Args:
        reader: The run, which may still be going on.

    Raises:
        RunError: No twin is recorded with the run.
    """

    def __init__(self, reader: RunReader) -> None:
        info = reader.info()
        if reader.meta("scenario") is None:
            raise RunError(
                f"expected the twin of the service in {info.run_id}, found none.",
                "Fit one, and name it as the scenario when the run is started.",
            )
        self.recording = Recording(reader)
        self.scenario = reader.scenario().model_copy(update={"guardrails": guardrails_of(reader)})
        self.policy, self.policy_problem = policy_of(reader)
        self._pasts = RecordedPasts(self.recording)
        self._lock = threading.Lock()

    def moment(self, index: int, on_progress: Progress | None = None) -> Moment:
        """The moment at which the decision of step `index` was due, as the twin sees it.

        Raises:
            InputError: There is no such step.
            RunError: Nothing is known about the deployment.
        """
        with self._lock:
            return self._moment(index)

    def _moment(self, index: int) -> Moment:
        recording, step = self.recording, self.recording.step(index)
        info = recording.reader.info()
        if info.facts is None:
            raise RunError("expected what is known about the deployment in the run, found nothing.")
        first = max(0, index - math.ceil(WARM_UP_S / info.interval_s))
        past = [recording.step(at) for at in range(first, index + 1)]
        scenario = self._scenario(past, info.facts)
        cluster = _lived_through(scenario, info.seed, past)
        history = self._pasts.at(index)
        fallback = HpaPolicy()
        watch(fallback, recording, self._pasts, first, index)
        policy = self.policy
        if policy is not None and not isinstance(policy, LearnedPolicy):
            policy = copy.deepcopy(policy)
            watch(policy, recording, self._pasts, first, index)
        begin = max(0, index - math.ceil(RECENT_S / info.interval_s))
        twin_state = cluster.batch.states().state(0)
        return Moment(
            step=step,
            scenario=scenario,
            situation=Situation(step.state, info.facts, history, build_observation(history)[0]),
            simulator=cluster.batch,
            history=history,
            guardrails=_remembering(scenario.guardrails, info.facts, past),
            policy=policy,
            fallback=fallback,
            recent=tuple(recording.step(at).state for at in range(begin, index)),
            control=Control(step.mode),
            difference="",
            shift_s=step.state.time_s - twin_state.time_s,
            stand_in=self._words(step.state, twin_state, index),
        )

    def _scenario(self, past: list[Step], facts: DeploymentFacts) -> Scenario:
        """The twin with the recorded rates, up to the moment and on from there."""
        recording = self.recording
        index, newest = past[-1].index, recording.newest
        interval_s = max(1, round(facts.interval_s))
        late = self._late_steps(interval_s)
        last = min(index + _AHEAD_STEPS + late, newest)
        measured = range(past[0].index + 1 + late, last + 1)
        rates = [recording.step(at).state.rps for at in measured]
        known = past[0].state.rps or 0.0
        patterns = []
        for place in range(len(past) - 1 + _AHEAD_STEPS):
            rate = rates[place] if place < len(rates) else None
            # Where nothing was measured, and after the end of the records, the last rate holds.
            known = known if rate is None else rate
            patterns.append(StepPattern(at_s=place * interval_s, rps=known, duration_s=interval_s))
        replicas = min(max(past[0].state.replicas_desired, facts.min_replicas), facts.max_replicas)
        bounds = {
            "min_replicas": facts.min_replicas,
            "max_replicas": facts.max_replicas,
            "initial_replicas": replicas,
        }
        return self.scenario.model_copy(
            update={
                "traffic": tuple(patterns),
                "cluster": self.scenario.cluster.model_copy(update=bounds),
                "interval_s": interval_s,
                "duration_s": len(patterns) * interval_s,
                "faults": (),
            }
        )

    def _late_steps(self, interval_s: int) -> int:
        """After how many intervals a rate is measured: half a window, and what samples take."""
        metrics = self.scenario.metrics
        behind_s = (metrics.window_s - interval_s) / 2.0 + metrics.delay_s
        return max(0, round(behind_s / interval_s))

    def _words(self, measured: ClusterState, twin: ClusterState, index: int) -> str:
        def p95(state: ClusterState) -> str:
            value = state.latency_p95_ms
            return "nothing" if value is None else f"{value:.0f} ms"

        coming = "as recorded" if index < self.recording.newest else "held at the last rate"
        return (
            f"in the fitted twin, traffic to come {coming}; there p95 is {p95(twin)} on "
            f"{twin.replicas_ready} ready, measured were {p95(measured)} on "
            f"{measured.replicas_ready}"
        )


def _lived_through(scenario: Scenario, seed: int, past: list[Step]) -> SimulatedCluster:
    cluster = SimulatedCluster(scenario, seed)
    for step in past[1:]:
        cluster.scale(step.state.replicas_desired)
        cluster.advance()
    return cluster


def _remembering(
    settings: GuardrailSettings, facts: DeploymentFacts, past: list[Step]
) -> Guardrails:
    """Guardrails that have let through what was asked for before the moment."""
    guardrails = Guardrails([settings], FactsBatch.from_facts([facts]))
    exempt = np.ones(1, dtype=np.bool_)
    for step in past[:-1]:
        wanted = np.array([step.target], dtype=np.int64)
        guardrails.rule(wanted, StateBatch.from_states([step.state]), exempt)
    return guardrails
