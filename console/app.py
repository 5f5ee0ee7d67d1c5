"""The application: wires screens, settings and signals together, and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.command import Provider
from textual.events import Event, InputEvent, Key
from textual.filter import LineFilter
from textual.screen import Screen

from console.ascii_filter import AsciiFilter
from console.handover import comes_from_who_goes
from console.keys import KeyContext, bindings
from console.leaving import LeftRun, ask_about
from console.run_screens import debug_screen, live_screen, replay_screen, screen_of
from console.settings import LoadedSettings, Settings, load_settings, save_settings
from console.start import (
    DrawingOptions,
    StartDebug,
    StartDemo,
    StartReplay,
    StartRequest,
    StartSetup,
)
from console.themes import register_themes, stylesheet_defaults
from console.unseen import KeysInSight

if TYPE_CHECKING:
    from console.settings import ClusterChoices
    from console.story.director import Director
    from console.story.opening import Opening

ScreenKind = TypeVar("ScreenKind", bound=Screen[Any])


def _palette() -> type[Provider]:
    from console.commands import ConsoleCommands

    return ConsoleCommands


class RlscaleApp(KeysInSight):
    """The console.

    Args:
        start: What to open with.
        ascii_only: Draw without Unicode, whatever the settings say.
        low_bandwidth: Save bytes, or do not; None goes by the settings and the kind of terminal.
        fps: Redraws per second; None goes by `low_bandwidth`.
        loaded: Settings; read from the operator's file if not given.
    """

    TITLE = "rlscale-console"
    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(KeyContext.EVERYWHERE, KeyContext.ELSEWHERE, KeyContext.STORY)
    ]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}

    def __init__(
        self,
        start: StartRequest,
        *,
        ascii_only: bool = False,
        low_bandwidth: bool | None = None,
        fps: float | None = None,
        loaded: LoadedSettings | None = None,
    ) -> None:
        super().__init__()
        self._start_request = start
        self._loaded = loaded or load_settings()
        self._settings = self._loaded.settings
        self.drawing = DrawingOptions(
            ascii=ascii_only or self._settings.ascii,
            low_bandwidth=self._settings.low_bandwidth_now(os.environ)
            if low_bandwidth is None
            else low_bandwidth,
            fps=fps,
        )
        self.watching = getattr(start, "read_only", False)
        """Whether this console may only watch the one run that it was opened on."""
        self._left_runs: list[LeftRun] = []
        self._opening: Opening | None = None
        self.story: Director | None = None
        """The story that is told at the moment."""
        self._ascii_filter = AsciiFilter(enabled=self.drawing.ascii)
        if self.drawing.low_bandwidth:
            self.animation_level = "none"
        register_themes(self)
        self.theme = self._settings.theme

    @property
    def settings(self) -> Settings:
        """What is remembered; change it through `remember`."""
        return self._settings

    def remember(self, settings: Settings) -> None:
        """Keep `settings` for the next start; says so if the file cannot be written."""
        self._settings = settings
        if self.watching:
            return
        try:
            save_settings(settings)
        except OSError as error:
            self.notify(f"Settings not saved: {error}", severity="warning")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line goes through; in ASCII mode also Textual's own borders and bars."""
        filters = super().get_line_filters()
        return [*filters, self._ascii_filter] if self._ascii_filter.enabled else filters

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Values of our stylesheet variables under a theme that does not define them."""
        return stylesheet_defaults()

    def get_default_screen(self) -> Screen[None]:
        """The screen that the start request names, so that the first paint is already it."""
        return self._screen_at_start()

    def on_mount(self) -> None:
        """Leave cleanly on the signals that otherwise end a terminal application abruptly."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(number, self.exit)
        if self._loaded.notice:
            self.notify(self._loaded.notice, severity="warning")
        if isinstance(self._start_request, StartDemo) and self._opening is not None:
            from console.story.director import Director

            self.story = Director(self, self._opening, self._start_request.pace)
            self.run_worker(self._tell(self.story), group="story", exit_on_error=True)

    async def _tell(self, story: Director) -> None:
        try:
            await story.play()
        finally:
            self.story = None
            story.close()

    @property
    def contexts_everywhere(self) -> tuple[KeyContext, ...]:
        """Whose keys apply besides those of the screen."""
        if self.watching:
            return (KeyContext.EVERYWHERE,)
        story = () if self.story is None else (KeyContext.STORY,)
        return (*story, KeyContext.EVERYWHERE, KeyContext.ELSEWHERE)

    def refuse_while_watching(self) -> bool:
        """Say that this console does nothing but watch, if that is so; returns whether it is."""
        if self.watching:
            self.notify("This console only watches this run", severity="warning")
        return self.watching

    def open_live(self, run_directory: Path, *, read_only: bool = False) -> None:
        """Show a run live, on top of the present screen."""
        self.push_screen(live_screen(run_directory, read_only=read_only))

    def open_replay(self, run_directory: Path) -> None:
        """Show a run with a play head of its own, on top of the present screen."""
        self.push_screen(replay_screen(StartReplay(run_directory)))

    def open_debug(
        self, run_directory: Path, step: int | None = None, *, read_only: bool = False
    ) -> None:
        """Show a run in the debugger, on top of the present screen."""
        self.push_screen(debug_screen(StartDebug(run_directory, step, read_only=read_only)))

    def open_setup(self, request: StartSetup) -> None:
        """Go to Setup, as it was left if it is still open, and choose what is asked for."""
        if self.refuse_while_watching():
            return
        from console.screens.setup import SetupScreen

        present = self._return_to(SetupScreen)
        if present is None:
            self.push_screen(SetupScreen(request))
        else:
            present.choose(request)

    def open_guide(self, cluster: ClusterChoices | None = None) -> None:
        """Go to the guide from one's own traffic to a shadow run, as it was left.

        Args:
            cluster: What a new guide begins with; the last choices if not given.
        """
        if self.refuse_while_watching():
            return
        from console.screens.guide import GuideScreen

        if self._return_to(GuideScreen) is None:
            self.push_screen(GuideScreen(cluster))

    def action_open_setup(self) -> None:
        """Go to Setup."""
        self.open_setup(StartSetup())

    def action_open_training(self) -> None:
        """Go to Setup with training chosen."""
        self.open_setup(StartSetup(training=True))

    def action_open_runs(self) -> None:
        """Go to the list of runs."""
        if self.refuse_while_watching():
            return
        from console.screens.runs import RunsScreen

        if self._return_to(RunsScreen) is None:
            self.push_screen(RunsScreen())

    def action_open_bench(self) -> None:
        """Go to the benchmarks."""
        if self.refuse_while_watching():
            return
        from console.screens.bench import BenchScreen

        if self._return_to(BenchScreen) is None:
            self.push_screen(BenchScreen())

    def action_command_palette(self) -> None:
        """Show every action by name."""
        from console.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def action_help(self) -> None:
        """Show the keys."""
        from console.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(getattr(self.screen, "key_contexts", ())))

    def _handle_exception(self, error: Exception) -> None:
        # The one place that every handler's error comes through; Textual has no public one.
        if comes_from_who_goes():
            self.log.error(error)
        else:
            super()._handle_exception(error)

    async def on_event(self, event: Event) -> None:
        """Take events, but no input once the console is leaving: it is meant for the shell."""
        if isinstance(event, InputEvent):
            if self._exit:
                return
            ignored = isinstance(event, Key) and not self.acts(event)
            if self.story is not None and not ignored:
                self.story.notice(event)
        await super().on_event(event)

    def is_blind(self, key: Key) -> bool:
        """Whether whoever pressed a key cannot have seen what it means; a story's own are seen."""
        own = self.story is not None and self.story.stage.is_own(key)
        return not own and super().is_blind(key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of the story mean something while one is told, and nothing otherwise."""
        return not action.endswith("_story") or (
            self.story is not None and self.story.takes(action.removesuffix("_story"))
        )

    async def action_pause_story(self) -> None:
        """Let the story and its run stand still, or go on."""
        if self.story is not None:
            await self.story.toggle_pause()

    def action_resume_story(self) -> None:
        """Let the story steer again."""
        if self.story is not None:
            self.story.go_on()

    def action_end_story(self) -> None:
        """End the story; what it started goes on."""
        if self.story is not None:
            self.story.end()

    def action_leave(self) -> None:
        """Quit, after asking what becomes of a running engine that this console may command."""
        from console.screens.live import LiveScreen

        for screen in reversed(self.screen_stack):
            if isinstance(screen, LiveScreen) and screen.commands_running_engine:
                screen.ask_to_leave()
                return
        left = next((run for run in reversed(self._left_runs) if run.is_live), None)
        if left is None:
            self.exit()
        else:
            ask_about(self, left)

    def pop_screen(self) -> AwaitComplete:
        """Close the screen on top; a run that it leaves behind is remembered."""
        from console.screens.live import LiveScreen

        screen = self.screen
        if isinstance(screen, LiveScreen) and screen.commands_running_engine:
            snapshot = screen.scene.snapshot
            if snapshot is not None:
                training = snapshot.status.training is not None
                left = LeftRun(snapshot.info.directory, training, snapshot.controls)
                self._left_runs.append(left)
        return super().pop_screen()

    def _return_to(self, kind: type[ScreenKind]) -> ScreenKind | None:
        # A screen of that kind further down comes back as it was left.
        for present in reversed(self.screen_stack):
            if isinstance(present, kind):
                while self.screen is not present:
                    self.pop_screen()
                return present
        return None

    def _screen_at_start(self) -> Screen[None]:
        if not isinstance(self._start_request, StartDemo):
            return screen_of(self._start_request)
        # Imported where it is made: it costs time at the first paint.
        from console.screens.live import LiveScreen
        from console.story.opening import Opening

        self._opening = Opening(self._start_request)
        return LiveScreen(self._opening)


def run_console(
    start: StartRequest,
    *,
    ascii_only: bool = False,
    low_bandwidth: bool | None = None,
    fps: float | None = None,
) -> int:
    """Run the console until it is left; returns the exit code. For the arguments see the class."""
    application = RlscaleApp(start, ascii_only=ascii_only, low_bandwidth=low_bandwidth, fps=fps)
    application.run()
    return application.return_code or 0
