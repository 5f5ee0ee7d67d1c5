"""Passing one request on to the real server, and its answer back."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from tests.stack.faults import GONE_EVENT, shift_samples

_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "accept-encoding"}
)
GONE_LINE = json.dumps(GONE_EVENT).encode() + b"\n"

Change = Callable[[Any], Any]


def is_watch(request: web.Request) -> bool:
    """Whether the answer is a stream of events."""
    return request.query.get("watch", "").lower() in ("1", "true")


@dataclass(slots=True, eq=False)
class _Stream:
    """A watch that is being passed on."""

    path: str
    end: asyncio.Event = field(default_factory=asyncio.Event)
    last_words: bytes = b""


def _passed(headers: Any, skew_s: float = 0.0) -> CIMultiDict[str]:
    kept = CIMultiDict((k, v) for k, v in headers.items() if k.lower() not in _HOP_BY_HOP)
    if skew_s and "Date" in kept:
        moved = parsedate_to_datetime(kept["Date"]) + timedelta(seconds=skew_s)
        kept["Date"] = format_datetime(moved, usegmt=True)
    return kept


class Forwarder:
    """The road to one server; lives in the stack's loop."""

    def __init__(self, upstream: str, tls: ssl.SSLContext | None) -> None:
        """Pass on to `upstream`, checking its certificate with `tls`."""
        self._upstream = upstream
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._streams: list[_Stream] = []

    async def open(self) -> None:
        """Make the pool of connections."""
        connector = aiohttp.TCPConnector(limit=0, ssl=self._tls or True)
        timeout = aiohttp.ClientTimeout(total=None)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout)

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()

    async def forward(
        self, request: web.Request, changes: Sequence[Change] = (), skew_s: float = 0.0
    ) -> web.StreamResponse:
        """The server's answer, changed by `changes`, its clock `skew_s` ahead.

        Raises:
            aiohttp.ClientError: If the server gives none.
        """
        if self._session is None:
            raise RuntimeError("expected an open forwarder")
        body = await request.read()
        url = URL(self._upstream + request.raw_path, encoded=True)
        async with self._session.request(
            request.method,
            url,
            data=body or None,
            headers=_passed(request.headers),
            skip_auto_headers=("Accept-Encoding", "User-Agent", "Accept", "Content-Type"),
            allow_redirects=False,
        ) as reply:
            headers = _passed(reply.headers, skew_s)
            if is_watch(request) and reply.status == 200:
                return await self._stream(request, reply, headers)
            text = await reply.read()
            if skew_s:
                asked = request.query.get("query", "") + body.decode(errors="replace")
                times = "timestamp" in asked or "time()" in asked
                changes = [*changes, shift_samples(skew_s, times)]
            return web.Response(status=reply.status, body=_changed(text, changes), headers=headers)

    async def end_streams(self, path: str, last_words: bytes) -> int:
        """End the watches whose path contains `path` after `last_words`; how many there were."""
        chosen = [stream for stream in self._streams if path in stream.path]
        for stream in chosen:
            stream.last_words = last_words
            stream.end.set()
        return len(chosen)

    async def _stream(
        self, request: web.Request, reply: aiohttp.ClientResponse, headers: CIMultiDict[str]
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=reply.status, headers=headers)
        await response.prepare(request)
        stream = _Stream(request.path)
        self._streams.append(stream)
        ended = asyncio.ensure_future(stream.end.wait())
        try:
            while True:
                piece = asyncio.ensure_future(reply.content.readany())
                await asyncio.wait({piece, ended}, return_when=asyncio.FIRST_COMPLETED)
                if ended.done():
                    piece.cancel()
                    if stream.last_words:
                        await response.write(stream.last_words)
                    break
                if not (data := piece.result()):
                    break
                await response.write(data)
        finally:
            ended.cancel()
            self._streams.remove(stream)
        await response.write_eof()
        return response


def _changed(text: bytes, changes: Sequence[Change]) -> bytes:
    if not changes:
        return text
    try:
        document = json.loads(text)
    except ValueError:
        return text  # nothing to change in what is no JSON
    for change in changes:
        document = change(document)
    return json.dumps(document).encode()
