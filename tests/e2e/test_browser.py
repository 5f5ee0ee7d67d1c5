"""`serve` in a real browser: the page shows the live console, and its keys do what they may."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pyte
import pytest

from core.runs.catalogue import stop_run
from core.runs.config import InferenceConfig
from core.runs.launch import launch
from core.runs.reader import RunReader
from tests.core.runs.conftest import engines
from tests.e2e.browser import CHROMIUM, MISSING, Browser

__all__ = ["engines"]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason=MISSING),
    pytest.mark.usefixtures("engines"),
    pytest.mark.slow,
]


class Page:
    """What the terminal of a page shows, as its connection tells it.

    Args:
        browser: Where it is open.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._screen = pyte.Screen(200, 60)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        """The characters, one line per row."""
        self._stream.feed(self._browser.received)
        return "\n".join(self._screen.display)

    def wait_for(self, words: str) -> None:
        """Go on until `words` are on the screen."""
        self._browser.wait_until(lambda: words in self.text, f"{words!r} on the screen")


@pytest.fixture
def run(isolated: Path) -> Iterator[Path]:
    """A live run."""
    directory = launch(InferenceConfig(policy="hpa", scenario="flash-crowd", speed=10.0))
    yield directory
    stop_run(directory)


@contextmanager
def served(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`serve` in a process of its own; gives the address that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "console.cli", "serve", "--port", "0", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as printed:
        try:
            yield printed.readline().strip(), process
        finally:
            process.terminate()
            process.wait(20)


def commands(run: Path) -> list[tuple[str, bool | None]]:
    reader = RunReader(run)
    found = [(command.name, command.ok) for command in reader.commands_after(0)]
    reader.close()
    return found


def test_a_page_shows_the_run_and_cannot_change_it(isolated: Path, run: Path) -> None:
    with served() as (address, _), Browser(isolated / "profile") as browser:
        page = Page(browser)
        browser.open(address)
        page.wait_for("READ-ONLY")
        page.wait_for("engine started")
        assert browser.run("document.title") == f"rlscale-console: {run.name} (read-only)"
        charts = browser.picture()
        # Looking works, by the keyboard alone and from the start, and is drawn.
        browser.press("d")
        page.wait_for("policy wants")
        browser.wait_until(lambda: browser.picture() != charts, "another picture")
        assert len(browser.picture()) > 10_000
        browser.press("d")
        for key in ("space", "n", "m", "r", "x"):
            browser.press(key)
        page.wait_for("expected write access for 'release', found a read-only session")
        browser.press("o")
        page.wait_for("This console may only look")
        browser.press("t")
        page.wait_for("This console only watches this run")
        assert commands(run) == []
        # Nothing comes from anywhere else: it works without a way into the internet.
        assert {urlsplit(one).netloc for one in browser.requested} == {urlsplit(address).netloc}
        assert any(one.endswith(".ttf") for one in browser.requested)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_no_console_outlives_its_server(isolated: Path, run: Path, end: signal.Signals) -> None:
    with served() as (address, server), Browser(isolated / "profile") as browser:
        page = Page(browser)
        browser.open(address)
        page.wait_for("READ-ONLY")
        consoles = psutil.Process(server.pid).children(recursive=True)
        assert len(consoles) == 1
        server.send_signal(end)
        assert server.wait(20) == (0 if end is signal.SIGTERM else -end)
        assert psutil.wait_procs(consoles, timeout=20)[1] == []
        browser.wait_until(
            lambda: "the server has ended" in str(browser.run("document.body.innerText")), "words"
        )


def test_a_page_that_may_command_needs_the_key(isolated: Path, run: Path) -> None:
    with served("--write", run.name) as (address, _), Browser(isolated / "profile") as browser:
        bare, _, key = address.partition("?key=")
        assert len(key) >= 20
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(bare, timeout=20)
        page = Page(browser)
        browser.open(address)
        page.wait_for("engine started")
        assert "READ-ONLY" not in page.text
        assert browser.run("location.href") == bare
        browser.press("space")
        page.wait_for("PAUSED")
        assert commands(run) == [("pause", True)]
        # Who leaves is asked what becomes of the run, and the page then says so.
        browser.press("q")
        page.wait_for("stays paused")
        browser.press("l")
        browser.wait_until(
            lambda: "Open it again" in str(browser.run("document.body.innerText")), "the end"
        )
