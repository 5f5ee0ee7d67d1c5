"""A real browser without a window, told what to do through its own debugging protocol."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import websocket

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING: Final = "expected chromium (Debian: chromium), found none"

_DEADLINE_S: Final = 60.0
_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)
_KEYS: Final = {
    "enter": ("Enter", "Enter", 13, "\r"),
    "escape": ("Escape", "Escape", 27, ""),
    "space": (" ", "Space", 32, " "),
}
"""Key, code, number and text of the keys that are no letters or digits."""


class Browser:
    """Chromium with one page.

    Args:
        profile: A directory for its files, which is made.
        width: Of the page, in pixels.
        height: Likewise.
    """

    def __init__(self, profile: Path, width: int = 1100, height: int = 760) -> None:
        profile.mkdir()
        self._requested: list[str] = []
        self._received = b""
        self._number = 0
        self._process = subprocess.Popen(
            [
                str(CHROMIUM),
                *_FLAGS,
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "HOME": str(profile)},
        )
        try:
            self._connection = websocket.create_connection(self._page(), timeout=_DEADLINE_S)
            for domain in ("Page", "Runtime", "Network"):
                self._ask(f"{domain}.enable")
            self._ask("Emulation.setFocusEmulationEnabled", enabled=True)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait(20)

    @property
    def requested(self) -> list[str]:
        """Every address that the page asked for."""
        return list(self._requested)

    @property
    def received(self) -> bytes:
        """What came through the page's connection to its terminal, since the last look."""
        self.run("0")
        found, self._received = self._received, b""
        return found

    def open(self, address: str) -> None:
        """Go to a page."""
        self._ask("Page.navigate", url=address)

    def run(self, code: str) -> Any:
        """The value of an expression in the page."""
        answer = self._ask("Runtime.evaluate", expression=code, returnByValue=True)
        return answer["result"].get("value")

    def press(self, name: str) -> None:
        """Press and release a key, as a hand does."""
        letter = (name, f"Key{name.upper()}", ord(name[0].upper()), name)
        key, code, number, text = _KEYS.get(name, letter)
        values = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        typed = {"text": text} if text else {}
        self._ask("Input.dispatchKeyEvent", type="keyDown", **values, **typed)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **values)

    def picture(self) -> bytes:
        """What the page looks like, as PNG."""
        return base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Go on until `condition` holds; fails after a deadline."""
        deadline = time.monotonic() + _DEADLINE_S
        while not condition():
            if time.monotonic() > deadline:
                found = self.run("document.body.innerText")
                raise AssertionError(f"expected {what}, found {found!r}")

    def _page(self) -> str:
        """Where the page is told what to do."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            found = re.search(rb"ws://([^/]+)/devtools/browser/", line)
            if found is not None:
                break
        else:
            raise AssertionError("expected Chromium to start, found it ended")
        import urllib.request

        with urllib.request.urlopen(f"http://{found[1].decode()}/json/list", timeout=20) as answer:
            pages = [one for one in json.load(answer) if one["type"] == "page"]
        return str(pages[0]["webSocketDebuggerUrl"])

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters}
        self._connection.send(json.dumps(asked))
        while True:
            told = json.loads(self._connection.recv())
            if told.get("id") == self._number:
                if "error" in told:
                    raise AssertionError(f"{method}: {told['error']['message']}")
                return dict(told["result"])
            self._take(told)

    def _take(self, told: dict[str, Any]) -> None:
        about = told.get("params", {})
        if told.get("method") == "Network.requestWillBeSent":
            self._requested.append(about["request"]["url"])
        elif told.get("method") == "Network.webSocketCreated":
            self._requested.append(about["url"])
        elif told.get("method") == "Network.webSocketFrameReceived":
            frame = about["response"]
            if frame["opcode"] == 2:
                self._received += base64.b64decode(frame["payloadData"])
