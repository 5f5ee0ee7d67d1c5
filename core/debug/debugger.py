"""One run under the debugger: everything that can be asked about its decisions, in one place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.debug.breakpoints import Breakpoints
from core.debug.explain import Explainer
from core.debug.policies import policy_of
from core.debug.recording import Recording
from core.debug.rewind import Rewind
from core.debug.search import RunSearch
from core.debug.twin import Twin
from core.debug.whatif import Speculation
from core.errors import RlscaleError, RunError
from core.runs.moments import decision_at
from core.runs.reader import RunReader
from core.runs.records import RunInfo, RunKind

if TYPE_CHECKING:
    from core.debug.moment import Progress


class Debugger:
    """What can be asked about a run; safe to use from several threads.

    Args:
        path: A run directory, or a run file.
        keep: Whether breakpoints are read from and kept in the run directory.

    Raises:
        RunError: The run is a training, or cannot be read.
    """

    def __init__(self, path: Path, *, keep: bool = True) -> None:
        self.reader = RunReader(path)
        info = self.reader.info()
        if info.kind is not RunKind.INFERENCE:
            self.reader.close()
            raise RunError(
                f"expected a policy's run to debug, found training {info.run_id}.",
                "Run its policy on a scenario, then debug that run.",
            )
        self.rewind: Rewind | None = None
        """Goes back to moments; None if this run's past cannot be lived through again."""
        self.problem = ""
        """Why there are no futures to be played; empty if there are."""
        moments = self._moments()
        self.recording = Recording(self.reader) if moments is None else moments.recording
        self.search = RunSearch(self.reader)
        self.breakpoints = Breakpoints(self.search, path if keep and path.is_dir() else None)
        if moments is None:
            policy, problem = policy_of(self.reader)
        else:
            policy, problem = moments.policy, moments.policy_problem
        self.explainer = Explainer(self.recording, policy, problem)
        self.speculation = None if moments is None else Speculation(moments, self.explainer)

    def _moments(self) -> Rewind | Twin | None:
        try:
            if self.reader.info().environment == "sim":
                self.rewind = Rewind(self.reader)
                return self.rewind
            return Twin(self.reader)
        except RlscaleError as error:
            self.problem = str(error)
            return None

    @property
    def info(self) -> RunInfo:
        """What never changes about the run."""
        return self.reader.info()

    @property
    def newest(self) -> int:
        """Number of the newest step; -1 before the first."""
        return self.reader.last_step()

    def faithfulness(self, index: int, on_progress: Progress | None = None) -> str:
        """Whether living through the run again came to the recorded step, in words.

        Raises:
            InputError: There is no such step.
        """
        if self.rewind is None:
            return self.problem or "not lived through again: a real cluster's past is its own"
        difference = self.rewind.moment(index, on_progress).difference
        if difference:
            return f"lived through again, it differs from {difference}"
        return "lived through again, bit for bit"

    def step_at(self, time_s: float) -> int:
        """The last step up to a time of the run, to the second.

        Raises:
            InputError: The run has not come to that time.
            RunError: The run has no step yet.
        """
        return decision_at(self.reader, time_s)

    def close(self) -> None:
        """Let go of the file."""
        self.reader.close()
