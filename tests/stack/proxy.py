"""A reverse proxy in front of a real server that can break what passes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from tests.stack.faults import (
    Answer,
    Delay,
    Drop,
    Fault,
    Hang,
    Rewrite,
    Skew,
    WatchGone,
    api_status,
)
from tests.stack.forwarding import GONE_LINE, Change, Forwarder, is_watch
from tests.stack.injections import Injection, Injections
from tests.stack.loop import LoopThread
from tests.stack.ports import free_port

_HANG_CHECK_S = 0.05


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that has been dealt with, and the status it got (0: no answer)."""

    method: str
    path: str
    query: str
    status: int


class FaultProxy:
    """Passes everything on to one server, except where a fault is injected.

    Its methods may be called from any thread.
    """

    def __init__(
        self,
        loop: LoopThread,
        upstream: str,
        *,
        serve_tls: ssl.SSLContext | None = None,
        upstream_tls: ssl.SSLContext | None = None,
    ) -> None:
        """Stand before `upstream`, with TLS on either side where a context is given."""
        self._loop = loop
        self._serve_tls = serve_tls
        self._port = free_port()
        self.url = f"{'https' if serve_tls else 'http'}://127.0.0.1:{self._port}"
        self.seen: list[Seen] = []
        self._forwarder = Forwarder(upstream, upstream_tls)
        self._injections = Injections()
        self._authorization: str | None = None
        self._runner: web.AppRunner | None = None

    def inject(
        self,
        fault: Fault,
        *,
        method: str = ".*",
        path: str = "",
        query: str = "",
        times: int | None = None,
    ) -> Injection:
        """Have matching requests meet `fault`, only the next `times` if given.

        Where several faults match, all of them happen, the newest first, up to one that answers.
        """
        return self._injections.add(Injection(fault, method, path, query, times))

    def require(self, authorization: str | None) -> None:
        """Answer 401 unless the Authorization header is exactly this; None: let everybody in."""
        self._authorization = authorization

    def refuse(self) -> None:
        """Refuse connections from now on, and cut those there are."""
        self._loop.call(self._close_port())

    def accept(self) -> None:
        """Take connections again."""
        self._loop.call(self._open_port())

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse connections within the block."""
        self.refuse()
        try:
            yield
        finally:
            self.accept()

    def end_watches(self, path: str = "", *, gone: bool = False) -> int:
        """End the watches under way whose path contains `path`; how many there were.

        With `gone` their last event is the ERROR of code 410.
        """
        return self._loop.call(self._forwarder.end_streams(path, GONE_LINE if gone else b""))

    def heal(self) -> None:
        """Be a plain proxy again that has seen nothing."""
        self._injections.clear()
        self._authorization = None
        self.accept()
        self.seen.clear()

    async def open(self) -> None:
        """Begin to listen."""
        await self._forwarder.open()
        await self._open_port()

    async def close(self) -> None:
        """Stop listening."""
        self._injections.clear()
        await self._close_port()
        await self._forwarder.close()

    async def _open_port(self) -> None:
        if self._runner is not None:
            return
        application = web.Application(client_max_size=2**26)
        application.router.add_route("*", "/{rest:.*}", self._handle)
        # A watch under way must not be waited for; to aiohttp a timeout of 0 would be none.
        self._runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=0.01
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._serve_tls)
        await site.start()

    async def _close_port(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        status = 0
        try:
            response = await self._answer(request)
            status = response.status
            return response
        except (aiohttp.ClientError, OSError):
            return _dropped(request)
        finally:
            self.seen.append(Seen(request.method, request.path, request.query_string, status))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._authorization not in (None, request.headers.get("Authorization")):
            return web.Response(status=401, text="Unauthorized\n")
        changes: list[Change] = []
        skew_s = 0.0
        for injection in self._injections.taken_by(request):
            match injection.fault:
                case Delay(seconds):
                    await asyncio.sleep(seconds)
                case Hang():
                    while injection.active:
                        await asyncio.sleep(_HANG_CHECK_S)
                case Drop():
                    raise ConnectionResetError
                case Answer() as answer:
                    return _made(answer)
                case WatchGone():
                    return await _gone(request)
                case Skew(seconds):
                    skew_s += seconds
                case Rewrite(change):
                    changes.append(change)
        return await self._forwarder.forward(request, changes, skew_s)


def _made(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status,
        body=answer.body.encode(),
        content_type=answer.content_type,
        headers=dict(answer.headers),
    )


async def _gone(request: web.Request) -> web.StreamResponse:
    if not is_watch(request):
        return _made(api_status(410, "too old resource version"))
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(GONE_LINE)
    await response.write_eof()
    return response


def _dropped(request: web.Request) -> web.Response:
    """What aiohttp wants returned although the connection is closed by then."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)
