"""The command palette: every action by name, and what has no key of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console.keys import entries
from console.start import StartSetup
from console.themes import THEMES
from core.locations import (
    shipped_policies_directory,
    shipped_scenarios_directory,
    trained_policies_directory,
)

if TYPE_CHECKING:
    from textual.screen import Screen

    from console.app import RlscaleApp
    from console.dialogs.export import ExportRequest

_BASELINES = ("hpa", "threshold", "static:10")


@dataclass(frozen=True, slots=True)
class PaletteCommand:
    """One line of the palette."""

    text: str
    help: str
    run: Callable[[], object]
    at_once: bool = True
    """Whether it is offered before anything is typed."""


class ConsoleCommands(Provider):
    """What this console can do, as commands with names."""

    async def search(self, query: str) -> Hits:
        """The commands that match what is typed, best first."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = matcher.match(command.text)
            if score > 0:
                yield Hit(score, matcher.highlight(command.text), command.run, help=command.help)

    async def discover(self) -> Hits:
        """What is offered before anything is typed."""
        for command in self._commands():
            if command.at_once:
                yield DiscoveryHit(command.text, command.run, help=command.help)

    @property
    def console_app(self) -> RlscaleApp:
        """The application, by its own type."""
        return cast("RlscaleApp", self.app)

    def _commands(self) -> Iterable[PaletteCommand]:
        screen: Screen[Any] = self.screen
        if self.console_app.watching:
            yield from _key_commands(screen)
            yield from self._themes("For this console alone")
            return
        yield from self._own_traffic()
        yield from _key_commands(screen)
        yield from self._run_commands()
        yield from self._themes("Remembered for the next start")
        yield from self._settings_commands()

    def _own_traffic(self) -> Iterable[PaletteCommand]:
        yield PaletteCommand(
            "Use my own traffic...",
            "Record it from Prometheus, fit a twin, train in it, shadow, report: step by step",
            self.console_app.open_guide,
        )
        yield PaletteCommand(
            "Open a trace or scenario file...",
            "A recorded trace (CSV) or a scenario of your own (YAML), checked while you type",
            self._use_own_file,
        )
        yield PaletteCommand(
            "Connect to a cluster (shadow)...",
            "Pick a Deployment; a policy advises beside whatever scales it, nothing is written",
            self._connect_to_cluster,
        )
        yield PaletteCommand(
            "Export this run...",
            "As data, as the file itself, or as a recording: asciinema, SVG, HTML",
            self._export,
        )
        yield PaletteCommand(
            "Save a screenshot",
            "As SVG, in the present directory",
            self._screenshot,
        )

    def _run_commands(self) -> Iterable[PaletteCommand]:
        # Names alone, from the directories: nothing is read until one of them is started.
        scenarios = sorted(path.stem for path in shipped_scenarios_directory().glob("*.yaml"))
        policies = [*_bundles(), *_BASELINES]
        for scenario in scenarios:
            for policy in policies:
                yield PaletteCommand(
                    f"Run {scenario} with {policy}",
                    "Starts at once, at the speed and in the mode of the last start",
                    partial(self._run, scenario, policy),
                    at_once=False,
                )
        for scenario in scenarios:
            yield PaletteCommand(
                f"Set up {scenario}",
                "Shows its traffic and lets you choose the rest",
                partial(self._set_up, scenario),
                at_once=False,
            )

    def _themes(self, words: str) -> Iterable[PaletteCommand]:
        for theme in THEMES:
            choose = partial(self._choose_theme, theme.name)
            yield PaletteCommand(f"Theme: {theme.name}", words, choose)

    def _settings_commands(self) -> Iterable[PaletteCommand]:
        settings = self.console_app.settings
        turned = "off" if settings.ascii else "on"
        yield PaletteCommand(
            f"Draw in ASCII alone: turn {turned}",
            "From the next start on",
            partial(self._remember, "ascii", not settings.ascii),
            at_once=False,
        )
        for choice in ("auto", "on", "off"):
            yield PaletteCommand(
                f"Low bandwidth: {choice}",
                "One redraw a second, no animation; auto means over SSH. From the next start on",
                partial(self._remember, "low_bandwidth", choice),
                at_once=False,
            )

    # -- what they do ---------------------------------------------------------------------------

    def _use_own_file(self) -> None:
        self.console_app.open_setup(StartSetup(own_file=True))

    def _set_up(self, scenario: str) -> None:
        self.console_app.open_setup(StartSetup(scenario=scenario))

    def _connect_to_cluster(self) -> None:
        self.console_app.open_setup(StartSetup(cluster=True))

    def _run(self, scenario: str, policy: str) -> None:
        from console.launching import start_in_background
        from console.setup.plan import run_config

        application = self.console_app
        choices = application.settings.setup.model_copy(
            update={
                "kind": "policy",
                "scenario": scenario,
                "policy": policy,
                "peak_rps": None,
                "seed": None,
            }
        )
        start_in_background(
            application,
            run_config(choices, None),
            started=application.open_live,
            failed=lambda reason: application.notify(reason, severity="error", markup=False),
        )

    def _export(self) -> None:
        from console.dialogs.export import ExportDialog
        from console.screens.live import LiveScreen
        from console.screens.runs import RunsScreen

        screen: Screen[Any] = self.screen
        if isinstance(screen, RunsScreen):
            screen.action_export()
            return
        snapshot = screen.scene.snapshot if isinstance(screen, LiveScreen) else None
        if snapshot is None:
            self.app.notify("Expected a run on the screen to export, found none. R lists them.")
            return
        directory = snapshot.info.directory

        def answered(request: ExportRequest | None) -> None:
            if request is not None:
                self.app.run_worker(
                    partial(_export, self.console_app, directory, request), thread=True
                )

        self.app.push_screen(ExportDialog(snapshot.info.run_id, Path.cwd()), answered)

    def _screenshot(self) -> None:
        try:
            path = self.app.save_screenshot(path=str(Path.cwd()))
        except OSError as error:
            self.app.notify(f"Screenshot not saved: {error}", severity="error", markup=False)
        else:
            self.app.notify(f"Saved {path}", markup=False)

    def _choose_theme(self, name: str) -> None:
        self.app.theme = name
        self._remember("theme", name)

    def _remember(self, field: str, value: object) -> None:
        application = self.console_app
        application.remember(application.settings.model_copy(update={field: value}))


def _key_commands(screen: Screen[Any]) -> Iterable[PaletteCommand]:
    everywhere = cast("RlscaleApp", screen.app).contexts_everywhere
    contexts = (*getattr(screen, "key_contexts", ()), *everywhere)
    for entry in entries(*contexts):
        if entry.action == "app.command_palette":
            continue
        yield PaletteCommand(
            entry.help,
            f"key {entry.display}",
            partial(screen.run_action, entry.action),
            at_once=entry.footer > 0,
        )


def _bundles() -> list[str]:
    # As the registry finds them: a shipped name stands for the shipped policy.
    homes = (shipped_policies_directory(), trained_policies_directory())
    names = [sorted(path.parent.name for path in home.glob("*/policy.json")) for home in homes]
    return list(dict.fromkeys(name for found in names for name in found))


def _export(application: RlscaleApp, directory: Path, request: ExportRequest) -> None:
    from console.runs import deeds
    from core.errors import RlscaleError

    try:
        notice = partial(application.notify, deeds.export(directory, request), markup=False)
    except (RlscaleError, OSError) as error:
        notice = partial(application.notify, str(error), severity="error", markup=False)
    application.call_from_thread(notice)
