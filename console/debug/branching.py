"""From the debugger into a new run: what the dialog offers, and what becomes of the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.dialogs.branch import BranchDialog, BranchOffer, BranchRequest
from core.errors import RlscaleError
from core.state import ControlMode
from core.times import clock

if TYPE_CHECKING:
    from console.app import RlscaleApp
    from console.debug.view import Picture
    from core.debug.whatif import Outcome


def branch_dialog(picture: Picture, outcome: Outcome | None) -> BranchDialog | None:
    """The dialog for the shown decision; None if nothing is known about the deployment.

    Args:
        picture: The decision.
        outcome: The alternative that is selected, which it then offers.
    """
    found, facts = picture.explanation, picture.snapshot.facts
    if found is None or facts is None:
        return None
    step = found.step
    target, policy = None, ""
    if outcome is not None and outcome.takes_over:
        policy = outcome.labels[0].removesuffix(" from here").partition(" (")[0]
    elif outcome is not None and not outcome.as_decided:
        target = outcome.wanted
    offer = BranchOffer(
        run_id=picture.snapshot.info.run_id,
        step=step.index,
        clock=clock(step.state.time_s),
        policy=picture.snapshot.info.policy,
        decided=step.decision.target,
        target=target,
        low=facts.min_replicas,
        high=facts.max_replicas,
    )
    return BranchDialog(offer, policy)


def start_branch(
    application: RlscaleApp,
    directory: Path,
    step: int,
    request: BranchRequest,
    failed: Callable[[str], None],
) -> None:
    """Create the branch and start its engine in a worker; then show it.

    Args:
        application: Whose worker it is.
        directory: The run to branch from.
        step: The first decision that is taken anew.
        request: What was asked for.
        failed: Takes the reason, in one line.
    """
    application.run_worker(
        partial(_start, application, directory, step, request, failed),
        thread=True,
        group="launch",
        exclusive=True,
    )


def _start(
    application: RlscaleApp,
    directory: Path,
    step: int,
    request: BranchRequest,
    failed: Callable[[str], None],
) -> None:
    # Imported here: it leads to the simulator, which the first paint must not wait for.
    from core.runs.launch import launch_branch

    try:
        branched = launch_branch(
            directory,
            step,
            policy=request.policy,
            target=request.target,
            mode=ControlMode.AUTO,
            speed=request.speed,
            paused=request.paused,
        )
    except (RlscaleError, OSError) as error:
        application.call_from_thread(failed, str(error))
        return
    if request.paused:
        application.call_from_thread(application.open_debug, branched, step)
    else:
        application.call_from_thread(application.open_live, branched)
