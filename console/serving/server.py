"""The console in a browser: textual-serve runs one process of ours per page that is open."""

from __future__ import annotations

import asyncio
import logging
import shlex
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp_jinja2
import jinja2
from aiohttp import web
from textual_serve.server import Server

from console.serving.admission import admission, is_loopback
from core.errors import RunError

_FOLDER: Final = Path(__file__).resolve().parent
_MOST_PAGES: Final = 16
"""Each is a process of some 80 MB on this machine."""
_PATIENCE_S: Final = 0.5
"""How long open pages may hold up the end; then their consoles are told to go."""
_FONT_SIZES: Final = (8, 16, 40)
"""In pixels: the smallest, the usual and the largest."""
_LONGEST_NUMBER: Final = 9


@dataclass(frozen=True, slots=True)
class Serving:
    """What is served, and where."""

    command: tuple[str, ...]
    """The console that is run for each page."""
    title: str
    host: str
    port: int
    """0 takes any free one."""
    key: str = ""
    """What the address must bring; empty for nothing."""


class ConsoleServer(Server):
    """A page with a terminal, and the connection behind it.

    Args:
        serving: What is served, and where.
    """

    def __init__(self, serving: Serving) -> None:
        super().__init__(
            # The shell makes room, so that the console is a child of this very process.
            f"exec {shlex.join(serving.command)}",
            host=serving.host,
            port=serving.port,
            title=serving.title,
            templates_path=_FOLDER,
        )
        self._serving = serving
        self._pages = 0

    async def application(self) -> web.Application:
        """The web application."""
        check = admission(self._serving.key, loopback=is_loopback(self._serving.host))
        application = web.Application(middlewares=[check])
        loader = jinja2.FileSystemLoader(_FOLDER)
        aiohttp_jinja2.setup(application, loader=loader, autoescape=True)
        application.add_routes(
            [
                web.get("/", self.handle_index),
                web.get("/page.js", self.handle_script),
                web.get("/ws", self.handle_websocket),
                web.static("/static", self.statics_path),
            ]
        )
        return application

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page; it connects back to the name under which it was asked for."""
        least, usual, most = _FONT_SIZES
        asked = request.query.get("fontsize", "")
        number = asked.isascii() and asked.isdigit() and len(asked) <= _LONGEST_NUMBER
        size = min(max(int(asked), least), most) if number else usual
        values = {
            "title": self._serving.title,
            "static": "/static/",
            "websocket": f"ws://{request.host}/ws",
            "font_size": size,
        }
        return aiohttp_jinja2.render_template("page.html", request, values)

    async def handle_script(self, request: web.Request) -> web.FileResponse:
        """What the page does besides its terminal."""
        return web.FileResponse(_FOLDER / "page.js")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One open page, until it is closed; there may only be so many."""
        if self._pages >= _MOST_PAGES:
            raise web.HTTPServiceUnavailable(text=f"expected at most {_MOST_PAGES} pages.\n")
        self._pages += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._pages -= 1


def serve(serving: Serving, ready: Callable[[int], None]) -> None:
    """Serve until SIGINT or SIGTERM; every console that was opened through it ends with it.

    Args:
        serving: What and where.
        ready: Called with the port once the page can be opened.

    Raises:
        RunError: The address is in use or cannot be had.
    """
    # What textual-serve logs is its own state, and a page that was closed at a bad moment.
    logging.getLogger("textual-serve").setLevel(logging.CRITICAL)
    asyncio.run(_serve(serving, ready))


async def _serve(serving: Serving, ready: Callable[[int], None]) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    application = await ConsoleServer(serving).application()
    runner = web.AppRunner(application, handle_signals=False, shutdown_timeout=_PATIENCE_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, serving.host, serving.port)
        try:
            await site.start()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise RunError(
                f"expected to listen on {serving.host} port {serving.port}, "
                f"found that impossible: {reason}.",
                "Choose another with --port.",
            ) from error
        addresses: Sequence[tuple[str, int]] = runner.addresses
        ready(addresses[0][1])
        await ended.wait()
    finally:
        await runner.cleanup()
