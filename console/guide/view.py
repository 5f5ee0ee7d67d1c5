"""What the guide shows: the five steps, and the one that is looked at in more words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from textual.content import Content

from console.guide.progress import RunGlance
from console.guide.state import STEPS, GuideState, Step
from console.words import span

_ABOUT = {
    Step.RECORD: "Reads the Deployment's request rate, latency, replicas and CPU from Prometheus.",
    Step.FIT: "Estimates capacity, service time, start-up and CPU of a pod, and judges the result "
    "on the last quarter of the recording.",
    Step.TRAIN: "Trains PPO on your traffic in the twin; an engine does it, also when this console "
    "is closed.",
    Step.SHADOW: "The trained policy advises on the real Deployment. Nothing is written to the "
    "cluster.",
    Step.REPORT: "What the policy would have done and cost, against what happened. The longer "
    "the shadow run, the more it says; it goes on meanwhile.",
}
_VERBS = {
    Step.RECORD: "record",
    Step.FIT: "fit",
    Step.TRAIN: "train",
    Step.SHADOW: "shadow",
    Step.REPORT: "make the report",
}
_NUMBER_WIDTH = 34
_LEAST_SHARE = 0.03
"""Before so much is done an estimate of the time left would be a guess."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What a job does now."""

    step: Step
    share: float | None = None
    what: str = ""
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is drawn."""

    state: GuideState
    step: Step
    """The one that is looked at."""
    glances: Mapping[Step, RunGlance]
    doing: Doing | None = None
    problem: str = ""

    def status(self, step: Step) -> str:
        """A step in a few words."""
        if self.doing is not None and self.doing.step is step:
            # The time left stands below, where there is room.
            return _progress(replace(self.doing, left_s=None))
        glance = self.glances.get(step)
        if glance is not None:
            return glance.text
        if self.state.made(step):
            return "done"
        return "" if self.ready(step) else "waits for the step before"

    def done(self, step: Step) -> bool:
        """Whether the next step can build on it."""
        glance = self.glances.get(step)
        if step is Step.TRAIN:
            return glance is not None and glance.finished
        if step is Step.SHADOW:
            # A report may be made while it goes on.
            return glance is not None and glance.decisions > 0
        return self.state.made(step)

    def ready(self, step: Step) -> bool:
        """Whether a step can be done now."""
        position = STEPS.index(step)
        return position == 0 or self.done(STEPS[position - 1])

    @property
    def next_step(self) -> Step:
        """The first that is not done."""
        return next((step for step in STEPS if not self.done(step)), Step.REPORT)


def step_lines(scene: Scene, *, ascii_only: bool) -> list[Content]:
    """One line per step: a mark, the title, how it stands."""
    lines = []
    for number, step in enumerate(STEPS, start=1):
        mark, style = " ", "$series-axis"
        if scene.done(step):
            mark, style = ("x" if ascii_only else "✓"), "$success"
        elif scene.ready(step):
            mark, style = ("*" if ascii_only else "•"), "$accent"
        pointer = ">" if step is scene.step else " "
        title = f"{number} {step.value}"
        lines.append(
            Content.assemble(
                (f"{pointer} ", "bold $accent"),
                (f"{mark} ", style),
                (f"{title:<{_NUMBER_WIDTH}} ", "bold" if step is scene.step else ""),
                (scene.status(step), "$series-axis"),
            )
        )
    return lines


def detail_lines(scene: Scene) -> list[Content]:
    """The step that is looked at: what it is for, or what came of it."""
    result = scene.state.results.get(scene.step)
    lines = [Content.styled(_ABOUT[scene.step], "$series-axis"), Content("")]
    if scene.problem:
        lines += [Content.styled(scene.problem, "$error"), Content("")]
    if result is not None:
        lines += [Content(line) for line in result.lines]
        if result.rows:
            lines += [Content(""), *_table(result.rows)]
        if scene.step is Step.REPORT and scene.state.markdown:
            lines += [Content(""), Content(f"As Markdown: {scene.state.markdown}")]
        if result.notes:
            lines.append(Content(""))
            lines += [Content.styled(f"! {note}", "$warning") for note in result.notes]
    return lines


def sentence(scene: Scene) -> Content:
    """What enter would do."""
    key = ("enter ", "bold $footer-key-foreground")
    if scene.doing is not None:
        doing = scene.doing
        return Content.assemble((f"{_progress(doing)}. ", "$accent"), "x cancels it.")
    glance = scene.glances.get(scene.step)
    if glance is not None and glance.live:
        return Content.assemble("It runs on its own: a watches it, x stops it.")
    if not scene.ready(scene.step):
        return Content.styled("The step before comes first.", "$warning")
    verb = _VERBS[scene.step]
    if not scene.state.made(scene.step):
        fields = (("   tab ", key[1]), "goes to the fields") if scene.step is STEPS[0] else ()
        return Content.assemble(key, verb, *fields)
    if scene.step is STEPS[-1]:
        return Content.assemble(key, f"{verb} again")
    again = f"{verb} again; what followed is made anew"
    if not scene.done(scene.step):
        return Content.assemble(key, again)
    return Content.assemble(("down ", key[1]), "goes on   ", key, again)


def left_after(passed_s: float, share: float) -> float | None:
    """Seconds left once a share of the work is done; None while that would be a guess."""
    return passed_s * (1.0 - share) / share if share > _LEAST_SHARE else None


def _progress(doing: Doing) -> str:
    share = "" if doing.share is None else f"{100 * doing.share:.0f} % "
    left = "" if doing.left_s is None else f", {span(doing.left_s)} left"
    return f"{share}{doing.what or 'starting'}{left}"


def _table(rows: Sequence[Sequence[str]]) -> list[Content]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(rows):
        cells = [f"{row[0]:<{widths[0]}}"]
        cells += [f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)]
        text = "  ".join(cells)
        lines.append(Content.styled(text, "$series-axis") if number == 0 else Content(text))
    return lines
