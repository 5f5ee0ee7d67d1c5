"""`/metrics`, `/healthz` and `/readyz` of a run over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, ProcessCollector, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from core.clock import Clock
from core.errors import InputError, RunError
from core.monitor.collector import RunCollector
from core.monitor.health import Health, Verdict, examine
from core.runs.reader import RunReader

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

_IDLE_S = 10.0
"""Whoever connects and says nothing is let go after this."""
_PROBES: dict[str, Callable[[Health], Verdict]] = {
    "/healthz": lambda health: health.alive,
    "/readyz": lambda health: health.ready,
}


class _Handler(WSGIRequestHandler):
    timeout = _IDLE_S

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: probes come every few seconds."""


@contextmanager
def monitoring(directory: Path, clock: Clock, address: str, port: int) -> Iterator[int]:
    """Answer to Prometheus and to probes for as long as it is entered; gives the port.

    It reads the run's file as any console does, in threads of its own, so that nobody who asks
    can hold up the engine.

    Args:
        directory: Of the run.
        clock: Decides how old the newest decision is.
        address: To listen on, such as 127.0.0.1, or 0.0.0.0 for all interfaces.
        port: To listen on; 0 takes a free one.

    Raises:
        InputError: The address cannot be listened on.
        RunError: There is no run.
    """
    reader = RunReader(directory)
    try:
        server = _listen(address, port, _application(reader, clock))
        thread = threading.Thread(target=server.serve_forever, name="monitor", daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
    finally:
        reader.close()


def _listen(address: str, port: int, application: WSGIApplication) -> ThreadingWSGIServer:
    try:
        return make_server(address, port, application, ThreadingWSGIServer, _Handler)
    except OSError as error:
        raise InputError(
            f"expected an address to serve metrics on, found {address}:{port}: "
            f"{error.strerror or error}.",
            "Give another --metrics-address or --metrics-port.",
        ) from None


def _application(reader: RunReader, clock: Clock) -> WSGIApplication:
    registry = CollectorRegistry()
    registry.register(RunCollector(reader))
    ProcessCollector(registry=registry)
    metrics = make_wsgi_app(registry)

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        try:
            if environ["REQUEST_METHOD"] != "GET":
                return _plain(start_response, "405 Method Not Allowed", "expected GET")
            if path == "/metrics":
                served: Iterable[bytes] = metrics(environ, start_response)
                return served
            if path in _PROBES:
                verdict = _PROBES[path](examine(reader, clock))
                status = "200 OK" if verdict.ok else "503 Service Unavailable"
                return _plain(start_response, status, verdict.words)
        except RunError as error:
            return _plain(start_response, "503 Service Unavailable", str(error))
        return _plain(start_response, "404 Not Found", "there are /metrics, /healthz and /readyz")

    return answer


def _plain(start_response: StartResponse, status: str, words: str) -> list[bytes]:
    body = f"{words}\n".encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]
