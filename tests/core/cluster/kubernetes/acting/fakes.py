"""A Deployment that does as it is told, for everything around it that needs no server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from core.cluster.base import ScaleOutcome
from core.cluster.kubernetes.actuator import Write
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.kubernetes.observer import Health
from core.cluster.kubernetes.target import Target
from core.cluster.kubernetes.view import DeploymentView, PodCounts
from core.errors import InputError
from core.state import ClusterState, DeploymentFacts
from tests.core.runs.clocks import ManualClock
from tests.core.runs.fakes import FACTS, state_at

TARGET = Target("prod", "shop", "checkout")


def view_of(desired: int, **changes: object) -> DeploymentView:
    view = DeploymentView(
        desired=desired,
        pods=PodCounts(ready=desired),
        rollout_in_progress=False,
        uid="uid-1",
        pod_problem="",
        startup_s=(),
        nodes=1,
    )
    return replace(view, **changes)  # type: ignore[arg-type]


@dataclass
class FakeObserver:
    """Shows what it is given; the view is as old as the test says."""

    view: DeploymentView = field(default_factory=lambda: view_of(4))
    view_age_s: float = 0.0
    health: Health = field(default_factory=Health)
    refreshed: int = 0
    closed: bool = False

    def start(self) -> None:
        """It has begun."""

    def observe(self, time_s: float) -> ClusterState:
        return state_at(time_s, self.view.desired)

    def refresh(self) -> None:
        self.refreshed += 1

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeAccess:
    """Grants control to whoever says the right word, and notes what is written."""

    in_control: bool = False
    restores_at_exit: bool = False
    setpoint: int | None = None
    degraded: str = ""
    write: Write | None = None
    looked: Write | None = None
    loss: str = ""
    back: int | None = None
    stands: int | None = None
    calls: list[tuple[int, int]] = field(default_factory=list)
    disowned: int = 0
    closed: bool = False

    def take(self, confirmation: str, *, patient: bool = False) -> str:
        if confirmation != str(TARGET):
            raise InputError("expected a confirmation, found none.")
        self.in_control = True
        return "found 4 replicas"

    def take_loss(self) -> str:
        loss, self.loss = self.loss, ""
        self.in_control = self.in_control and not loss
        return loss

    def drop(self) -> None:
        self.in_control = False

    def disown(self) -> None:
        self.in_control = False
        self.disowned += 1

    def look(self) -> Write | None:
        return self.looked

    def standing(self) -> int | None:
        return self.stands

    def reachable(self, target: int) -> int:
        return target

    def needs(self, expected: int, target: int) -> bool:
        return target != (expected if self.setpoint is None else self.setpoint)

    def apply(self, expected: int, target: int) -> Write:
        self.calls.append((expected, target))
        return self.write or Write(ScaleOutcome(accepted=True))

    def giving_back(self, *, at_exit: bool) -> int | None:
        return self.back

    def give_back(self, expected: int) -> Write:
        return self.apply(expected, self.back or 0)

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeRecorder:
    """Keeps events."""

    posted: list[tuple[str, str]] = field(default_factory=list)
    closed: bool = False

    def post(self, reason: str, message: str, uid: str, *, warning: bool = False) -> None:
        self.posted.append((reason, message))

    def close(self) -> None:
        self.closed = True


@dataclass
class Scene:
    """A cluster on fakes."""

    observer: FakeObserver = field(default_factory=FakeObserver)
    access: FakeAccess = field(default_factory=FakeAccess)
    recorder: FakeRecorder = field(default_factory=FakeRecorder)
    clock: ManualClock = field(default_factory=ManualClock)
    scaled_by: str = ""
    facts: DeploymentFacts = FACTS
    duration_s: float | None = None

    def cluster(self) -> KubernetesCluster:
        return KubernetesCluster(
            TARGET,
            self.facts,
            self.observer,
            self.access,
            self.recorder,
            lambda: self.scaled_by,
            self.clock,
            self.duration_s,
        )
