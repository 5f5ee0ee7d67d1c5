"""Screens, made where they are asked for: each costs time at the first paint."""

from __future__ import annotations

from pathlib import Path

from textual.screen import Screen

from console.start import StartAttach, StartDebug, StartReplay, StartRuns, StartSetup


def live_screen(directory: Path, *, read_only: bool = False) -> Screen[None]:
    """The Live screen on a run, perhaps only to look."""
    from console.screens.live import LiveScreen

    return LiveScreen(directory, read_only=read_only)


def replay_screen(request: StartReplay) -> Screen[None]:
    """The Live screen on a run, with a play head of its own."""
    from console.live.playhead import PlayHead
    from console.screens.live import LiveScreen

    head = PlayHead(request.begin_s, speed=request.speed)
    return LiveScreen(request.run_directory, replay=True, head=head)


def debug_screen(request: StartDebug) -> Screen[None]:
    """The debugger on a run, or on two side by side."""
    if request.versus is not None:
        from console.screens.versus import VersusScreen

        return VersusScreen(request.run_directory, request.versus, request.step, request.time_s)
    from console.screens.debug import DebugScreen

    return DebugScreen(
        request.run_directory, request.step, request.time_s, read_only=request.read_only
    )


def screen_of(
    request: StartAttach | StartReplay | StartDebug | StartRuns | StartSetup,
) -> Screen[None]:
    """The screen that a console begins with."""
    match request:
        case StartAttach(run_directory=directory, read_only=read_only):
            return live_screen(directory, read_only=read_only)
        case StartReplay():
            return replay_screen(request)
        case StartDebug():
            return debug_screen(request)
        case StartRuns():
            from console.screens.runs import RunsScreen

            return RunsScreen()
        case StartSetup():
            from console.screens.setup import SetupScreen

            return SetupScreen(request)
