"""Logging to Weights & Biases, which may neither slow a training down nor end it."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter

from core.agents.sink import TrainingSink

PROJECT: Final = "rlscale-console"
_WAITING_ROWS: Final = 1000
_FINISH_TIMEOUT_S: Final = 10.0
_INIT_TIMEOUT_S: Final = 30.0


class WandbCallback(BaseCallback):
    """Sends every row of the log to wandb, from a thread of its own.

    Without an account everything stays in files below the run's directory; with `WANDB_API_KEY`
    set it goes online, unless `WANDB_MODE` says otherwise. Whatever wandb does wrong becomes one
    line for the event log, and rows that it is too slow for are dropped.

    Args:
        directory: The run's directory; wandb makes `wandb/` in it.
        name: Name of the run.
        config: What is being trained, for wandb's table.
        sink: Where failures are told.
    """

    def __init__(
        self, directory: Path, name: str, config: Mapping[str, Any], sink: TrainingSink
    ) -> None:
        super().__init__()
        self._writer = _WandbWriter(directory, name, dict(config))
        self._sink = sink

    def _on_training_start(self) -> None:
        self._writer.start()
        self.logger.output_formats.append(self._writer)

    def _on_step(self) -> bool:
        return True

    def _on_training_end(self) -> None:
        self.logger.dump(self.num_timesteps)
        self.logger.output_formats.remove(self._writer)
        self._writer.close()
        if self._writer.failure:
            self._sink.event(f"wandb: {self._writer.failure}")
        if self._writer.dropped:
            self._sink.event(f"wandb: {self._writer.dropped} rows dropped, it was too slow")


class _WandbWriter(KVWriter):
    """Rows go into a bounded queue, and a daemon thread takes them out."""

    def __init__(self, directory: Path, name: str, config: dict[str, Any]) -> None:
        self._directory = directory
        self._name = name
        self._config = config
        self._rows: queue.Queue[tuple[int, dict[str, Any]] | None] = queue.Queue(_WAITING_ROWS)
        self._thread = threading.Thread(target=self._work, name="wandb", daemon=True)
        self.failure = ""
        self.dropped = 0

    def start(self) -> None:
        self._thread.start()

    def write(
        self,
        key_values: dict[str, Any],
        key_excluded: dict[str, tuple[str, ...]],
        step: int = 0,
    ) -> None:
        """Take one row of the log."""
        numbers = {
            name: value for name, value in key_values.items() if isinstance(value, int | float)
        }
        try:
            self._rows.put_nowait((step, numbers))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Let the thread finish, but not for long."""
        if not self._thread.is_alive():
            return
        try:
            self._rows.put(None, timeout=_FINISH_TIMEOUT_S)
        except queue.Full:
            self.failure = self.failure or "does not take rows any more"
            return
        self._thread.join(_FINISH_TIMEOUT_S)
        if self._thread.is_alive():
            self.failure = self.failure or "did not finish in time"

    def _work(self) -> None:
        # A logging service must never end a training, so whatever it raises ends here, in words.
        try:
            self._log_rows()
        except Exception as error:
            self.failure = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            while self._rows.get() is not None:
                self.dropped += 1

    def _log_rows(self) -> None:
        import wandb

        has_account = bool(os.environ.get("WANDB_API_KEY"))
        settings = wandb.Settings(
            console="off",
            silent=True,
            disable_git=True,
            init_timeout=_INIT_TIMEOUT_S,
            x_disable_stats=True,
        )
        with _environment("WANDB_CACHE_DIR", str(self._directory / "wandb" / "cache")):
            run = wandb.init(
                project=PROJECT,
                name=self._name,
                dir=str(self._directory),
                # None leaves the choice to WANDB_MODE.
                mode=None
                if os.environ.get("WANDB_MODE")
                else ("online" if has_account else "offline"),
                config=self._config,
                settings=settings,
            )
        while (row := self._rows.get()) is not None:
            step, numbers = row
            run.log(numbers, step=step)
        run.finish()


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set a variable unless it is set, and for as long as the block lasts."""
    if name in os.environ:
        yield
        return
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)
