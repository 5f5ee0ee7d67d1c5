"""How often the console draws, over a thin line and otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.timer import Timer
from textual.widgets import Input

from console.app import RlscaleApp
from console.cli.entry import build_parser
from console.screens.live import LiveScreen
from console.settings import LoadedSettings, Settings
from console.start import StartAttach
from tests.console.pilots import shown, until

SSH = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}


@pytest.mark.parametrize(
    ("environment", "words", "rate", "animation"),
    [
        ({}, "", 2.0, "full"),
        (SSH, "", 1.0, "none"),
        ({"SSH_TTY": "/dev/pts/3"}, "", 1.0, "none"),
        ({}, "--low-bandwidth", 1.0, "none"),
        (SSH, "--no-low-bandwidth", 2.0, "full"),
        ({}, "--fps 5", 5.0, "full"),
        (SSH, "--fps 0.5", 0.5, "none"),
        ({}, "--low-bandwidth --fps 2", 2.0, "none"),
    ],
)
async def test_the_rate_follows_the_line_unless_it_is_given(
    finished_run: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    words: str,
    rate: float,
    animation: str,
) -> None:
    monkeypatch.delenv("TEXTUAL_ANIMATIONS", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    periods: list[float] = []
    start = LiveScreen.set_interval

    def set_interval(screen: LiveScreen, period: float, *rest: Any, **others: Any) -> Timer:
        periods.append(period)
        return start(screen, period, *rest, **others)

    monkeypatch.setattr(LiveScreen, "set_interval", set_interval)
    arguments = build_parser().parse_args(["attach", "latest", *words.split()])
    app = RlscaleApp(
        StartAttach(finished_run),
        ascii_only=arguments.ascii,
        low_bandwidth=arguments.low_bandwidth,
        fps=arguments.fps,
        loaded=LoadedSettings(Settings()),
    )
    assert app.animation_level == animation
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "p99" in shown(pilot))
        # Another timer is Textual's own, which repaints what has changed.
        assert 1 / rate in periods
        assert all(period <= 1 / 60 or period == 1 / rate for period in periods)


@pytest.mark.parametrize("words", ["--fps 0", "--fps 11", "--fps nan", "--fps often"])
def test_another_rate_is_refused_in_one_line(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from console.cli import main

    assert main(["attach", "latest", *words.split()]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: --fps: expected ")
    assert error.count("\n") == 1


def test_before_the_command_the_options_mean_the_same() -> None:
    arguments = build_parser().parse_args(["--low-bandwidth", "--fps", "3", "demo"])
    assert (arguments.low_bandwidth, arguments.fps) == (True, 3.0)


async def test_the_cursor_of_the_palette_stands_still(finished_run: Path) -> None:
    app = RlscaleApp(StartAttach(finished_run), loaded=LoadedSettings(Settings()))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await until(pilot, lambda: bool(app.screen.query(Input)))
        assert not app.screen.query_one(Input).cursor_blink
