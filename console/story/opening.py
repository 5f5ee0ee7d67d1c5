"""The beginning of a story: its script is read and its first run started, away from the screen."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RlscaleError

if TYPE_CHECKING:
    from console.start import StartDemo
    from console.story.company import Company
    from console.story.script import Script


class Opening:
    """Called once in the thread of whoever shows the first run; others wait for it.

    Args:
        request: Which script, at which pace.
    """

    def __init__(self, request: StartDemo) -> None:
        self._request = request
        self._ready = threading.Event()
        self._begun = False
        self._error: RlscaleError | None = None
        self._directory = Path()
        self._cast: tuple[Script, Company] | None = None

    def __call__(self) -> Path:
        """Start the first run and return its directory.

        Raises:
            RlscaleError: The script cannot be read or the engine did not start; again and again,
                without a further try.
        """
        if not self._begun:
            self._begun = True
            try:
                self._directory = self._open()
            except RlscaleError as error:
                self._error = error
            finally:
                self._ready.set()
        if self._error is not None:
            raise self._error
        return self._directory

    def wait(self) -> tuple[Script, Company] | None:
        """Script and runs once the first run is there; None if that failed."""
        self._ready.wait()
        return self._cast

    def give_up(self) -> None:
        """Let nobody wait any longer, such as when the console is left before anything began."""
        self._ready.set()

    def _open(self) -> Path:
        # Imported in the thread: the first paint must not wait for schemas and the simulator.
        from console.story.company import Company
        from console.story.script import SHIPPED, load_script

        request = self._request
        path = request.script or SHIPPED
        script = load_script(path)
        company = Company(script, path.resolve().parent, pace=request.pace, seed=request.seed)
        directory = company.open(script.first_run)
        self._cast = (script, company)
        return directory
