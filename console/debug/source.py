"""Makes pictures of a run under the debugger, reusing what did not change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.debug.view import DebugView, Inquiry, Outlook, Picture, Played
from console.live.snapshot import View
from console.live.source import RunSource
from core.debug.debugger import Debugger
from core.debug.explain import Baseline, Explanation, Question, Why
from core.debug.whatif import Asking
from core.errors import RlscaleError

if TYPE_CHECKING:
    from core.debug.moment import Progress
    from core.state import Step


class DebugSource:
    """Answers views of one run.

    Args:
        debugger: The run.
    """

    def __init__(self, debugger: Debugger) -> None:
        self.debugger = debugger
        self._run = RunSource(debugger.reader)
        self._explained: tuple[Step, Explanation] | None = None
        self._asked: tuple[Step, Inquiry, Why | str] | None = None

    def look(self, view: DebugView) -> Picture:
        """Read what is new.

        Raises:
            RunError: The file cannot be read.
        """
        snapshot = self._run.look(View(view.navigation, points=view.points))
        self._run.read_guardrails()
        step = snapshot.shown_step
        breakpoints = self.debugger.breakpoints
        return Picture(
            view=view,
            snapshot=snapshot,
            explanation=None if step is None else self._explain(step),
            why="" if step is None else self._why(step, view.inquiry),
            counts=tuple(breakpoints.counts()),
            stops=breakpoints.stops(),
            here=() if step is None else breakpoints.at(step.index),
        )

    def _explain(self, step: Step) -> Explanation:
        # A step that was amended since is another one.
        if self._explained is None or self._explained[0] != step:
            self._explained = (step, self.debugger.explainer.explain(step.index))
        return self._explained[1]

    def _why(self, step: Step, inquiry: Inquiry) -> Why | str:
        if self._asked is None or self._asked[:2] != (step, inquiry):
            question = Question.TARGET if inquiry.about_target else Question.ACTION
            baseline = Baseline.PREVIOUS if inquiry.since_previous else Baseline.MEAN
            found = self.debugger.explainer.why(step.index, question, baseline, inquiry.rival)
            self._asked = (step, inquiry, found)
        return self._asked[2]

    def play(self, index: int, outlook: Outlook, on_progress: Progress) -> Played:
        """Play the moment of a step forward."""
        debugger = self.debugger
        if debugger.speculation is None:
            return Played(index, outlook, problem=debugger.problem)
        faithfulness = ""
        try:
            faithfulness = debugger.faithfulness(index, on_progress)
            asking = Asking(outlook.steps, outlook.samples, policies=outlook.policies)
            found = debugger.speculation.ask(index, asking)
        except RlscaleError as error:
            return Played(index, outlook, problem=str(error), faithfulness=faithfulness)
        return Played(index, outlook, found, faithfulness=faithfulness)

    def close(self) -> None:
        """Let go of the file."""
        self.debugger.close()
