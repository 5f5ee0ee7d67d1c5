"""The runs of a story: started when they are needed, read, and commanded."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.story.figures import Moment
from core.errors import InputError, RlscaleError, RunError
from core.runs.commands import Command, CommandSender
from core.runs.reader import RunReader
from core.state import ControlMode

if TYPE_CHECKING:
    from console.story.script import RunPlan, Script
    from core.runs.config import InferenceConfig
    from core.runs.records import RunStatus
    from core.traffic.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the story has left a run, to be put back after somebody else steered."""

    speed: float | None
    mode: ControlMode
    pinned: int | None = None
    paused: bool = False


class Company:
    """All runs of a script. Its methods wait for files and engines: call them from a thread.

    Args:
        script: Which runs there are.
        folder: Where the paths in it begin.
        pace: How much faster than written everything goes.
        seed: For runs that have none of their own; None takes the scenario's.
    """

    def __init__(
        self, script: Script, folder: Path, *, pace: float = 1.0, seed: int | None = None
    ) -> None:
        self._plans = script.runs
        self._folder = folder
        self._pace = pace
        self._seed = seed
        self._directories: dict[str, Path] = {}
        self._readers: dict[str, RunReader] = {}
        self._wanted: dict[str, Wanted] = {}
        self._locks = {name: threading.Lock() for name in script.runs}
        self.is_held = False
        """Whether the runs stand still because the story does."""

    def problems(self) -> list[tuple[str, str]]:
        """Runs that could not be started, such as of an unknown policy, and why not."""
        from core.agents.registry import load_policy

        found = []
        for name, plan in self._plans.items():
            try:
                load_policy(self._config(plan).policy)
                self._scenario(plan)
            except InputError as error:
                found.append((name, str(error)))
        return found

    def open(self, name: str) -> Path:
        """The directory of a run; starts its engine the first time.

        Raises:
            RlscaleError: The engine did not start.
        """
        from core.runs.creation import create_run
        from core.runs.launch import start_engine

        with self._locks[name]:
            known = self._directories.get(name)
            if known is not None:
                return known
            plan = self._plans[name]
            config = self._config(plan)
            directory = create_run(config, scenario=self._scenario(plan))
            start_engine(directory)
            self._directories[name] = directory
            self._wanted[name] = Wanted(config.speed, config.mode)
            return directory

    def open_all(self, names: tuple[str, ...]) -> None:
        """Start some runs, one after the other; what goes wrong is said where they are shown."""
        for name in names:
            with suppress(RlscaleError):
                self.open(name)

    def moment(self, name: str) -> Moment:
        """How a run stands.

        Raises:
            RlscaleError: It cannot be read.
        """
        reader = self._reader(name)
        status = reader.status()
        return Moment(status, reader.step(status.step) if status.step >= 0 else None)

    def status(self, name: str) -> RunStatus:
        """How a run stands, without its newest decision."""
        return self._reader(name).status()

    def has_ended(self, name: str) -> bool:
        """Whether a run was started and works no more."""
        return name in self._directories and not self.status(name).state.is_live

    def has_reached(self, name: str, time_s: float) -> bool:
        """Whether a run has come to a moment, or will not: it has ended or stands still."""
        status = self.status(name)
        stuck = not status.state.is_live or self._wanted[name].paused
        return stuck or status.time_s >= time_s

    def step_at(self, name: str, time_s: float) -> int:
        """The number of the decision at a moment."""
        interval_s = self._reader(name).info().interval_s
        return round(time_s / interval_s)

    def speed(self, name: str, speed: float | None) -> None:
        """Another speed, times the pace."""
        scaled = None if speed is None else speed * self._pace
        self._want(name, speed=scaled)
        self._send(name, Command.speed(scaled))

    def mode(self, name: str, mode: ControlMode) -> None:
        """Another control mode."""
        self._want(name, mode=mode, pinned=None)
        self._send(name, Command.mode(mode))

    def pinned(self, name: str, replicas: int | None) -> None:
        """Take note of an override that the story gave, or ended."""
        self._want(name, pinned=replicas)

    def pause(self, name: str) -> None:
        """Let it stand still."""
        self._want(name, paused=True)
        self._send(name, Command.pause())

    def resume(self, name: str) -> None:
        """Let it go on."""
        self._want(name, paused=False)
        self._send(name, Command.resume())

    def hold(self, held: bool) -> None:
        """While the story pauses, its living runs do, save those at full speed."""
        self.is_held = held
        for name, wanted in list(self._wanted.items()):
            if not wanted.paused and wanted.speed is not None and self.status(name).state.is_live:
                self._send(name, Command.pause() if held else Command.resume())

    def let_go(self) -> None:
        """Let everything go on that stands still because of the story."""
        for name, wanted in list(self._wanted.items()):
            if wanted.paused or (self.is_held and wanted.speed is not None):
                self.resume(name)
        self.is_held = False

    def put_back(self, name: str) -> None:
        """Leave a run as the story had it, after somebody else steered."""
        wanted, status = self._wanted[name], self.status(name)
        if not status.state.is_live:
            return
        if status.mode is ControlMode.MANUAL and status.override_target != wanted.pinned:
            self._send(name, Command.release())
        if wanted.pinned is None and self.status(name).mode is not wanted.mode:
            self._send(name, Command.mode(wanted.mode))
        if status.speed != wanted.speed:
            self._send(name, Command.speed(wanted.speed))
        if status.paused != wanted.paused:
            self._send(name, Command.pause() if wanted.paused else Command.resume())

    def close(self) -> None:
        """Let go of the files; the engines go on."""
        for reader in list(self._readers.values()):
            reader.close()
        self._readers.clear()

    def _want(self, name: str, **changes: object) -> None:
        self._wanted[name] = replace(self._wanted[name], **changes)  # type: ignore[arg-type]

    def _reader(self, name: str) -> RunReader:
        directory = self.open(name)
        with self._locks[name]:
            if name not in self._readers:
                self._readers[name] = RunReader(directory)
            return self._readers[name]

    def _send(self, name: str, command: Command) -> None:
        directory = self.open(name)
        if not self.status(name).state.is_live:
            return
        sender = CommandSender(directory)
        try:
            sender.send(command)
        except RunError:
            # It may have ended on its own in that moment.
            if self.status(name).state.is_live:
                raise
        finally:
            sender.close()

    def _config(self, plan: RunPlan) -> InferenceConfig:
        from core.runs.config import InferenceConfig

        # A name means what it means everywhere; only what is written as a path is one.
        policy = plan.policy
        if "/" in policy:
            policy = str((self._folder / policy).resolve())
        return InferenceConfig(
            policy=policy,
            scenario=self._scenario_name(plan),
            peak_rps=plan.peak_rps,
            seed=self._seed if plan.seed is None else plan.seed,
            speed=None if plan.speed is None else plan.speed * self._pace,
            mode=ControlMode(plan.mode),
        )

    def _scenario_name(self, plan: RunPlan) -> str:
        if not plan.scenario.lower().endswith((".yaml", ".yml", ".csv")):
            return plan.scenario
        return str((self._folder / plan.scenario).resolve())

    def _scenario(self, plan: RunPlan) -> Scenario:
        from pydantic import ValidationError

        from core.traffic.library import load_scenario
        from core.traffic.scenario import Scenario as Model

        scenario = load_scenario(self._scenario_name(plan), peak_rps=plan.peak_rps)
        if not plan.faults:
            return scenario
        # Another name: it is no longer the same experiment.
        content = dict(scenario) | {
            "name": f"{scenario.name}-faults",
            "faults": (*scenario.faults, *plan.faults),
        }
        try:
            return Model.model_validate(content)
        except ValidationError as error:
            words = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise InputError(f"{plan.scenario}: {words}.") from None
