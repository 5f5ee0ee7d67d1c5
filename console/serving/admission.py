"""Who gets an answer: the right name of this server, pages of its own, and who has the key."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_COOKIE: Final = "rlscale-console"
"""With the port: a browser takes all servers of one name for one, whatever their ports."""
_USUAL_PORT: Final = 80
_LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain"})
_POLICY: Final = (
    # Nothing is fetched from elsewhere, and no other page may put this one into a frame.
    "default-src 'self'; connect-src 'self' ws://{host}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def is_loopback(host: str) -> bool:
    """Whether a name or an address leads to this machine and is not reached from elsewhere."""
    if host.lower() in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def admission(key: str, *, loopback: bool) -> Middleware:
    """What stands before every page and every connection.

    A web page from elsewhere, opened in a browser on this machine, can reach a server on loopback
    too. It is known by its own name in `Origin`, or by a name of its own in `Host` that it let
    point here, and turned away.

    Args:
        key: What the address must bring once (`?key=`), after which a cookie stands for it; empty
            where none is asked for.
        loopback: Whether the server listens there alone, and so only has names of this machine.
    """

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        name, port = _name_and_port(request.host)
        if loopback and not is_loopback(name):
            raise web.HTTPForbidden(text=f"expected this machine's name, found {name!r}.\n")
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"http://{request.host}":
            raise web.HTTPForbidden(text="expected this server's own page, found another.\n")
        brought = request.query.get("key", "")
        if key and _same(brought, key) and request.path == "/":
            found = web.HTTPFound("/")
            found.set_cookie(f"{_COOKIE}-{port}", key, httponly=True, samesite="Strict", path="/")
            raise found
        if key and not _same(request.cookies.get(f"{_COOKIE}-{port}", ""), key):
            raise web.HTTPForbidden(
                text="expected the whole address that rlscale-console printed, with its key.\n"
            )
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.update(_HEADERS)
            answer.headers["Content-Security-Policy"] = _POLICY.format(host=request.host)
        return answer

    return admit


def _name_and_port(host: str) -> tuple[str, int]:
    """What a `Host` header says; no name where it makes no sense."""
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname or "", parts.port or _USUAL_PORT
    except ValueError:
        return "", _USUAL_PORT


def _same(brought: str, key: str) -> bool:
    # Headers may hold bytes that are no characters.
    return hmac.compare_digest(brought.encode(errors="surrogateescape"), key.encode())
