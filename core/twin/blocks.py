"""Cuts a recording into stretches that are simulated side by side, and picks telling ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.traffic.scenario import Scenario
from core.twin.recording import Floats
from core.twin.replay import Simulated, replay

_WARM_UP_S = 300
_BLOCK_S = 3600


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Recorded traffic and pods, whole, for replaying parts of them."""

    rps: Floats
    """Shape (steps,), without gaps."""
    ready: Floats
    """Likewise."""
    step_s: int
    window_steps: int
    bounds_s: Floats

    @property
    def block_steps(self) -> int:
        """Length of a block that is compared."""
        return max(4 * self.window_steps, _BLOCK_S // self.step_s)

    def blocks(self, begin: int, end: int) -> list[int]:
        """First steps of consecutive blocks that cover `begin` … `end`."""
        return list(range(begin, end, self.block_steps))

    def busiest(self, begin: int, end: int, count: int) -> list[int]:
        """Blocks with the highest loads per pod, and others spread over the rest of the range."""
        starts = self.blocks(begin, end)
        if len(starts) <= count:
            return starts
        load = self.rps / np.maximum(self.ready, 1.0)
        peaks = [float(load[start : min(start + self.block_steps, end)].max()) for start in starts]
        order = np.argsort(peaks)[::-1]
        top = order[: count // 2]
        rest = order[count // 2 :]
        spread = rest[np.linspace(0, len(rest) - 1, count - len(top)).astype(np.int64)]
        return sorted(starts[index] for index in {*top.tolist(), *spread.tolist()})

    def play(
        self, scenarios: Sequence[Scenario], starts: Sequence[int], end: int
    ) -> tuple[Simulated, NDArray[np.int64]]:
        """Replay blocks with each of several services.

        Args:
            scenarios: k services.
            starts: First steps of b blocks.
            end: Where the range ends; no step from there on is compared.

        Returns:
            Results of shape (…, block_steps, k·b), the blocks of the first service first, and the
            step that each row and block is, −1 where it is none to compare, (block_steps, b).
        """
        warm = -(-_WARM_UP_S // self.step_s)
        length = self.block_steps
        offsets = np.arange(-warm, length + self.window_steps)
        index = np.array(starts)[None, :] + offsets[:, None]
        # Before the start the service ran as it did then.
        rows = np.clip(index, 0, len(self.rps) - 1)
        rps = np.tile(self.rps[rows], (1, len(scenarios)))
        ready = np.tile(self.ready[rows], (1, len(scenarios)))
        columns = [scenario for scenario in scenarios for _ in starts]
        found = replay(columns, rps, ready, self.step_s, self.window_steps, self.bounds_s)
        kept = slice(warm, warm + length)
        step = index[kept]
        return (
            Simulated(found.latency_ms[:, kept], found.busy[kept], found.violation_ratio[kept]),
            np.where(step < end, step, -1),
        )
