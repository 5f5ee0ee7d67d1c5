"""What the machine does while an agent learns."""

from __future__ import annotations

from typing import Final

import psutil
from stable_baselines3.common.callbacks import BaseCallback

from core.clock import Clock

_EVERY_S: Final = 2.0
_MIB: Final = 1024.0 * 1024.0


class SystemMetricsCallback(BaseCallback):
    """Logs CPU and memory of the host and of this process, every two seconds.

    Args:
        clock: Where time comes from.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._process = psutil.Process()
        self._next_s = 0.0

    def _on_training_start(self) -> None:
        # The first call of each only sets the beginning of the interval that is measured.
        psutil.cpu_percent()
        self._process.cpu_percent()
        self._next_s = self._clock.monotonic() + _EVERY_S

    def _on_step(self) -> bool:
        now_s = self._clock.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + _EVERY_S
            self.log()
        return True

    def log(self) -> None:
        """Log the numbers of now."""
        memory = psutil.virtual_memory()
        record = self.logger.record_mean
        record("system/host_cpu_percent", psutil.cpu_percent())
        record("system/host_memory_percent", memory.percent)
        record("system/process_cpu_percent", self._process.cpu_percent())
        record("system/process_memory_mib", self._process.memory_info().rss / _MIB)
