"""Clusters under a fixed rule that run beside those that are learned in.

What happens in them does not depend on the learner, so a process of its own can simulate them
ahead of time, on another core, and hand over nothing but their rewards.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import IO, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from core.envs.actions import Headroom
from core.envs.batch_env import BatchEnv, FixedScenarios, RandomTraffic, ScenarioSource
from core.subprocesses import module_command, module_environment
from core.traffic.scenario import Scenario

TWIN_ACTION: Final = "3-minute ×1.4"
"""What always acts in the twins: a plain rate rule, near the best of its kind on random traffic."""

LEAST_FOR_A_PROCESS: Final = 32
"""With fewer clusters a process of its own costs more than it saves."""

_BLOCK_STEPS: Final = 16


class Twins(Protocol):
    """Gives the rewards of the twins, step by step."""

    def restart(self, seed: int) -> None:
        """Start all episodes over, with all randomness from `seed`."""

    def rewards(self) -> NDArray[np.float32]:
        """Rewards of the next step, shape (n,)."""

    def close(self) -> None:
        """Let go of processes."""


class TwinsHere:
    """Twins that are simulated in this process.

    Args:
        source: Where scenarios come from.
        size: Number of clusters.
        interval_s: Seconds between decisions.
        stagger: See `BatchEnv`.
    """

    def __init__(self, source: ScenarioSource, size: int, interval_s: int, stagger: bool) -> None:
        headroom = Headroom()
        self._batch = BatchEnv(source, size, 0, headroom, interval_s=interval_s, stagger=stagger)
        self._actions = np.full(size, headroom.labels.index(TWIN_ACTION))

    def restart(self, seed: int) -> None:
        """See `Twins`."""
        self._batch.seed(seed)
        self._batch.reset()

    def rewards(self) -> NDArray[np.float32]:
        """See `Twins`."""
        return self._batch.step(self._actions).rewards.total.astype(np.float32)

    def close(self) -> None:
        """See `Twins`; there is nothing to let go of."""


class TwinsBeside:
    """The same twins, simulated ahead of time by a process of its own.

    The process is held back by the pipe when it is too far ahead, and ends when the pipe breaks,
    so that it never outlives this process, however that ends.

    Args:
        source: Where scenarios come from; one that `describe` knows.
        size: Number of clusters.
        interval_s: Seconds between decisions.
        stagger: See `BatchEnv`.
    """

    def __init__(self, source: ScenarioSource, size: int, interval_s: int, stagger: bool) -> None:
        self._order = {
            "scenarios": describe(source),
            "size": size,
            "interval_s": interval_s,
            "stagger": stagger,
        }
        self._size = size
        self._process: subprocess.Popen[bytes] | None = None
        self._block = np.zeros((0, size), dtype=np.float32)

    def restart(self, seed: int) -> None:
        """See `Twins`."""
        self.close()
        # In a session of its own, so that Ctrl-C reaches only who decides how to end.
        self._process = subprocess.Popen(
            module_command("core.envs.twins"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=module_environment(),
        )
        assert self._process.stdin is not None
        with self._process.stdin as stream:
            stream.write(json.dumps({**self._order, "seed": seed}).encode())
        self._block = self._block[:0]

    def rewards(self) -> NDArray[np.float32]:
        """See `Twins`."""
        if not len(self._block):
            self._block = self._read()
        first: NDArray[np.float32] = self._block[0]
        self._block = self._block[1:]
        return first

    def _read(self) -> NDArray[np.float32]:
        if self._process is None:
            raise RuntimeError("expected a restart before the first rewards, found none")
        assert self._process.stdout is not None
        wanted = _BLOCK_STEPS * self._size * 4
        content = self._process.stdout.read(wanted)
        if len(content) < wanted:
            raise RuntimeError(
                f"expected rewards of the twins, found their process ended ({self._process.wait()})"
            )
        return np.frombuffer(content, dtype=np.float32).reshape(_BLOCK_STEPS, self._size)

    def close(self) -> None:
        """See `Twins`."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def __del__(self) -> None:
        self.close()


def twins(source: ScenarioSource, size: int, interval_s: int, stagger: bool) -> Twins:
    """Twins in a process of their own where that pays and is possible, else in this one."""
    beside = size >= LEAST_FOR_A_PROCESS and describe(source) is not None
    return (TwinsBeside if beside else TwinsHere)(source, size, interval_s, stagger)


def describe(source: ScenarioSource) -> list[str] | None:
    """The source as JSON documents, none for random traffic; None if that cannot be done."""
    if isinstance(source, RandomTraffic):
        return []
    if not isinstance(source, FixedScenarios):
        return None
    documents = [scenario.model_dump_json() for scenario in source.scenarios]
    try:
        copies = [Scenario.model_validate_json(text) for text in documents]
    except ValidationError:
        return None
    return documents if copies == source.scenarios else None


def simulate(order: bytes, stream: IO[bytes]) -> None:
    """Follow the order of a `TwinsBeside` until nobody reads any more."""
    values = json.loads(order)
    documents = values["scenarios"]
    source: ScenarioSource = RandomTraffic()
    if documents:
        source = FixedScenarios([Scenario.model_validate_json(text) for text in documents])
    clusters = TwinsHere(source, values["size"], values["interval_s"], values["stagger"])
    clusters.restart(values["seed"])
    while True:
        block = np.stack([clusters.rewards() for _ in range(_BLOCK_STEPS)])
        try:
            stream.write(block.tobytes())
            stream.flush()
        except BrokenPipeError:
            return


if __name__ == "__main__":
    simulate(sys.stdin.buffer.read(), sys.stdout.buffer)
