"""Starting a run without making the console wait."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RlscaleError

if TYPE_CHECKING:
    from console.app import RlscaleApp
    from core.runs.config import RunConfig


def start_in_background(
    application: RlscaleApp,
    config: RunConfig,
    *,
    started: Callable[[Path], None],
    failed: Callable[[str], None],
) -> None:
    """Create a run and start its engine in a worker; exactly one of the callbacks follows.

    Args:
        application: Whose worker it is; the callbacks run in its thread.
        config: What the run is asked to do.
        started: Takes the run's directory once its engine works.
        failed: Takes the reason, in one line.
    """
    application.run_worker(
        partial(_start, application, config, started, failed),
        thread=True,
        group="launch",
        exclusive=True,
    )


def _start(
    application: RlscaleApp,
    config: RunConfig,
    started: Callable[[Path], None],
    failed: Callable[[str], None],
) -> None:
    # Imported here: it leads to the simulator, which the first paint must not wait for.
    from core.runs.launch import launch

    try:
        directory = launch(config)
    except (RlscaleError, OSError) as error:
        application.call_from_thread(failed, str(error))
    else:
        application.call_from_thread(started, directory)
