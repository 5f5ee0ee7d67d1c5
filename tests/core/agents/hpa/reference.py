"""The rules once more, pod by pod and with lists that are overwritten in place.

Written down separately from `core.agents.hpa`, in the shape of kubernetes
`pkg/controller/podautoscaler`, to be held against it on random inputs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from core.agents.hpa import HpaSettings, HpaSpec, PodGroup
from core.agents.hpa.metrics import MetricSpec, TargetKind
from core.agents.hpa.rules import PolicyType, ScalingRules, SelectPolicy


@dataclass
class Event:
    change: int
    time_s: float
    outdated: bool = False


@dataclass
class ReferenceHpa:
    spec: HpaSpec
    settings: HpaSettings
    recommendations: list[tuple[int, float]] = field(default_factory=list)
    ups: list[Event] = field(default_factory=list)
    downs: list[Event] = field(default_factory=list)

    def decide(
        self, now_s: float, pods: Sequence[PodGroup], current: int
    ) -> tuple[int | None, int | None]:
        """Proposed and desired."""
        spec = self.spec
        if not self.recommendations:
            self.recommendations.append((current, now_s))
        proposed: int | None = None
        if current == 0:
            return None, 0
        if current > spec.max_replicas:
            desired = spec.max_replicas
        elif current < spec.min_replicas:
            desired = spec.min_replicas
        else:
            proposed, failed = 0, 0
            for metric in spec.metrics:
                try:
                    found = self._metric(metric, pods, current, now_s)
                except LookupError:
                    failed += 1
                    continue
                if proposed == 0 or found > proposed:
                    proposed = found
            if failed >= len(spec.metrics) or (failed > 0 and proposed < current):
                return None, None
            if spec.behavior is None:
                desired = self._plain(now_s, current, proposed)
            else:
                desired = self._with_behavior(now_s, current, proposed)
        if desired != current:
            self._store(now_s, current, desired)
        return proposed, desired

    def _metric(
        self, metric: MetricSpec, groups: Sequence[PodGroup], current: int, now_s: float
    ) -> int:
        names = count()
        pods = {next(names): group for group in groups for _ in range(group.count)}
        samples = {
            name: pod.samples[metric.key].milli
            for name, pod in pods.items()
            if metric.key in pod.samples
        }
        ready, unready, missing, ignored = 0, set[int](), set[int](), set[int]()
        for name, pod in pods.items():
            if pod.deleting or pod.phase == "Failed":
                ignored.add(name)
            elif pod.phase == "Pending":
                unready.add(name)
            elif name not in samples:
                missing.add(name)
            elif metric.name == "cpu" and self._is_unready(pod, metric, now_s):
                unready.add(name)
            else:
                ready += 1
        for name in ignored | unready:
            samples.pop(name, None)
        if not samples:
            raise LookupError("no samples")
        of_request = metric.target_kind is TargetKind.UTILIZATION
        requests = {}
        if of_request:
            requests = {name: pod.requests_milli[metric.key] for name, pod in pods.items()}

        def ratio_now() -> float:
            if not of_request:
                return (sum(samples.values()) // len(samples)) / metric.target
            total = sum(requests[name] for name in samples)
            if total == 0:
                raise LookupError("no requests")
            return (sum(samples.values()) * 100 // total) / metric.target

        ratio = ratio_now()
        up_with_unready = bool(unready) and ratio > 1.0
        if not up_with_unready and not missing:
            return current if self._within(ratio) else math.ceil(ratio * ready)
        for name in missing:
            if ratio < 1.0:
                whole = requests[name] * max(100, metric.target) // 100 if of_request else 0
                samples[name] = whole if of_request else metric.target
            elif ratio > 1.0:
                samples[name] = 0
        if up_with_unready:
            samples.update(dict.fromkeys(unready, 0))
        new = ratio_now()
        if self._within(new) or (ratio < 1.0 < new) or (ratio > 1.0 > new):
            return current
        replicas = math.ceil(new * len(samples))
        if (new < 1.0 and replicas > current) or (new > 1.0 and replicas < current):
            return current
        return replicas

    def _is_unready(self, pod: PodGroup, metric: MetricSpec, now_s: float) -> bool:
        if pod.ready is None or pod.started_s is None:
            return True
        sample = pod.samples[metric.key]
        if pod.started_s + self.settings.cpu_initialization_s > now_s:
            return pod.ready is False or sample.time_s < pod.ready_changed_s + sample.window_s
        delay_s = self.settings.initial_readiness_delay_s
        return pod.ready is False and pod.started_s + delay_s > pod.ready_changed_s

    def _within(self, ratio: float) -> bool:
        down = up = self.settings.tolerance
        if self.spec.behavior is not None:
            own = self.spec.behavior.scale_down.tolerance, self.spec.behavior.scale_up.tolerance
            down, up = (self.settings.tolerance if one is None else one for one in own)
        return (1.0 - down) <= ratio <= (1.0 + up)

    def _remember(self, old: int | None, proposed: int, now_s: float) -> None:
        if old is None:
            self.recommendations.append((proposed, now_s))
        else:
            self.recommendations[old] = (proposed, now_s)

    def _plain(self, now_s: float, current: int, proposed: int) -> int:
        highest, old = proposed, None
        cutoff_s = now_s - self.settings.downscale_stabilization_s
        for index, (replicas, time_s) in enumerate(self.recommendations):
            if time_s < cutoff_s:
                old = index
            elif replicas > highest:
                highest = replicas
        self._remember(old, proposed, now_s)
        most = min(self.spec.max_replicas, int(max(2.0 * current, 4.0)))
        if highest < self.spec.min_replicas:
            return self.spec.min_replicas
        return min(highest, most)

    def _with_behavior(self, now_s: float, current: int, proposed: int) -> int:
        behavior = self.spec.behavior
        assert behavior is not None
        down_s = behavior.scale_down.stabilization_s
        if down_s is None:
            down_s = int(self.settings.downscale_stabilization_s)
        up_cutoff_s = now_s - (behavior.scale_up.stabilization_s or 0)
        down_cutoff_s = now_s - down_s
        lowest = highest = proposed
        old = None
        for index, (replicas, time_s) in enumerate(self.recommendations):
            if time_s > up_cutoff_s:
                lowest = min(replicas, lowest)
            if time_s > down_cutoff_s:
                highest = max(replicas, highest)
            if time_s < up_cutoff_s and time_s < down_cutoff_s:
                old = index
        aim = current
        if aim < lowest:
            aim = lowest
        if aim > highest:
            aim = highest
        self._remember(old, proposed, now_s)
        if aim > current:
            limit = self._limit(now_s, current, behavior.scale_up, +1)
            return min(aim, self.spec.max_replicas, max(limit, current))
        if aim < current:
            limit = self._limit(now_s, current, behavior.scale_down, -1)
            return max(aim, self.spec.min_replicas, min(limit, current))
        return aim

    def _limit(self, now_s: float, current: int, rules: ScalingRules, sign: int) -> int:
        if rules.select is SelectPolicy.DISABLED:
            return current
        changes = []
        for policy in rules.policies:
            cutoff_s = now_s - policy.period_s
            added = sum(one.change for one in self.ups if one.time_s > cutoff_s)
            deleted = sum(one.change for one in self.downs if one.time_s > cutoff_s)
            start = current - added + deleted
            if policy.type is PolicyType.PODS:
                changes.append(start + sign * policy.value)
            elif sign > 0:
                changes.append(math.ceil(float(start) * (1 + float(policy.value) / 100)))
            else:
                changes.append(int(float(start) * (1 - float(policy.value) / 100)))
        smallest = rules.select is SelectPolicy.MIN
        return min(changes) if smallest is (sign > 0) else max(changes)

    def _store(self, now_s: float, before: int, after: int) -> None:
        behavior = self.spec.behavior
        if behavior is None:
            return
        rules = behavior.scale_up if after > before else behavior.scale_down
        events = self.ups if after > before else self.downs
        longest_s = max(policy.period_s for policy in rules.policies)
        old = None
        for event in events:
            if event.time_s < now_s - longest_s:
                event.outdated = True
        for index, event in enumerate(events):
            if event.outdated:
                old = index
        new = Event(abs(after - before), now_s)
        if old is None:
            events.append(new)
        else:
            events[old] = new
