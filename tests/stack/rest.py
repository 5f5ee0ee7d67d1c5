"""The API server as the stand-ins speak to it: plain JSON, no models.

Not the client library that the project uses: what plays the cluster must not share its mistakes,
and 100 pods a second are cheaper this way.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

Json = dict[str, Any]

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
_JSON = "application/json"
_TIMEOUT_S = 10.0


class Refused(Exception):
    """The API server answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status beside the message."""
        super().__init__(f"{status}: {message}")
        self.status = status


class Rest:
    """One user's connection; to be used in the loop that it was made in."""

    def __init__(self, url: str, token: str, ca: Path) -> None:
        """Connect lazily to `url`."""
        self._url = url
        self._tls = ssl.create_default_context(cafile=str(ca))
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=20, ssl=self._tls)
            self._session = aiohttp.ClientSession(headers=self._headers, connector=connector)
        return self._session

    async def send(
        self, method: str, path: str, body: Json | None = None, content_type: str = _JSON
    ) -> Json:
        """One request; the answer's object.

        Raises:
            Refused: If the status says so.
            OSError: If there is no answer.
        """
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type}
        try:
            async with self._open().request(
                method, self._url + path, data=data, headers=headers, timeout=timeout
            ) as reply:
                text = await reply.text()
        except (TimeoutError, aiohttp.ClientError) as error:
            raise OSError(f"{method} {path}: {error!r}") from error
        if reply.status >= 400:
            raise Refused(reply.status, _message(text))
        answer: Json = json.loads(text) if text else {}
        return answer

    async def get(self, path: str) -> Json:
        """The object at `path`."""
        return await self.send("GET", path)

    async def watch(self, path: str, version: str) -> AsyncIterator[Json]:
        """Events of the collection at `path` after `version`, until the server ends the stream."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=3.0, sock_read=60.0)
        query = f"watch=true&resourceVersion={version}&allowWatchBookmarks=true&timeoutSeconds=300"
        try:
            async with self._open().get(f"{self._url}{path}?{query}", timeout=timeout) as reply:
                if reply.status >= 400:
                    raise Refused(reply.status, _message(await reply.text()))
                buffer = b""
                async for chunk in reply.content.iter_any():
                    *lines, buffer = (buffer + chunk).split(b"\n")
                    for line in lines:
                        yield json.loads(line)
        except (TimeoutError, aiohttp.ClientError) as error:
            raise OSError(f"watch {path}: {error!r}") from error

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:200]
