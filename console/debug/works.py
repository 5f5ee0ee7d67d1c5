"""What can be asked of a run under the debugger; each is carried out away from the screen."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from console.debug.feed import Work
from console.debug.view import Done

if TYPE_CHECKING:
    from console.debug.driver import Driver
    from console.debug.view import Inquiry, Played
    from core.debug.debugger import Debugger


class StopChange(StrEnum):
    """What becomes of a breakpoint."""

    TOGGLE = "toggle"
    SWITCH = "switch"
    REMOVE = "remove"


def go_to_stop(by: int, driver: Driver | None) -> Work:
    """On to the next stop, or back to the one before.

    Args:
        by: Above 0: on; below: back.
        driver: Runs on where there is no stop yet; None if the engine may not be driven, whose
            decisions are then watched as they come.
    """

    def work(debugger: Debugger, present: int) -> Done:
        points = debugger.breakpoints
        if not any(one.enabled for one in points.all):
            return Done("no breakpoint is on: p adds one", failed=True)
        found = points.after(present) if by > 0 else points.before(present)
        if found is not None:
            return Done(goto=found)
        if by < 0:
            return Done("no stop before this decision")
        if driver is None:
            if not debugger.reader.status().state.is_live:
                return Done("no further stop")
            return Done("waiting for the next stop; any move ends it", follow=True, watch=True)
        driver.run_on(debugger)
        return Done("running to the next stop; any move halts it", follow=True)

    return work


def go_to_time(time_s: float, driver: Driver | None) -> Work:
    """To the last step up to a time, to the second.

    Args:
        time_s: Of the run.
        driver: Runs on to a time that is still to come; None if the engine may not be driven.
    """

    def work(debugger: Debugger, present: int) -> Done:
        newest = debugger.newest
        if driver is not None and newest >= 0:
            # What is still to come is simulated, one step per interval.
            left_s = time_s - debugger.recording.step(newest).state.time_s
            to_come = int(left_s // debugger.info.interval_s)
            if to_come > 0:
                return run_until(newest + to_come, driver)(debugger, present)
        return Done(goto=debugger.step_at(time_s))

    return work


def run_until(step: int, driver: Driver) -> Work:
    """Take decisions until a step is reached."""

    def work(debugger: Debugger, present: int) -> Done:
        driver.run_on(debugger, step)
        return Done(f"running to decision {step}; any move halts it", follow=True)

    return work


def add_stop(text: str) -> Work:
    """Add a breakpoint, and say how often it stops so far."""

    def work(debugger: Debugger, present: int) -> Done:
        added = debugger.breakpoints.add(text)
        found = next(one for one in debugger.breakpoints.counts() if one.breakpoint == added)
        times = "decision" if found.hits == 1 else "decisions"
        return Done(f"stops at {added.text}: {found.hits:,} {times} so far")

    return work


def change_stop(row: int, change: StopChange) -> Work:
    """Switch a breakpoint, or remove it."""

    def work(debugger: Debugger, present: int) -> Done:
        points = debugger.breakpoints
        if 0 <= row < len(points.all):
            getattr(points, change.value)(row)
        return Done()

    return work


def find_rival(directory: Path, text: str) -> Work:
    """The run to hold beside this one, made if it is a policy.

    Args:
        directory: Of this run.
        text: A policy or a run.
    """

    def work(debugger: Debugger, present: int) -> Done:
        from console.debug.rivals import rival_of

        return Done(rival=rival_of(debugger, directory, text))

    return work


def write_report(index: int, target: Path, inquiry: Inquiry, played: Played | None) -> Work:
    """Write everything about a decision to a file.

    Args:
        index: The step.
        target: A new file whose name ends in `.md` or `.json`.
        inquiry: How it is explained.
        played: Its futures, if there are any yet.
    """

    def work(debugger: Debugger, present: int) -> Done:
        from core.debug.explain import Baseline, Question
        from core.debug.export import export_report
        from core.debug.report import report

        document = report(
            debugger,
            index,
            question=Question.TARGET if inquiry.about_target else Question.ACTION,
            baseline=Baseline.PREVIOUS if inquiry.since_previous else Baseline.MEAN,
            what_if=None if played is None else played.found,
        )
        return Done(f"wrote {export_report(document, target)}")

    return work
