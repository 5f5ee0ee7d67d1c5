"""All servers and stand-ins of the stack, started and stopped together."""

from __future__ import annotations

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.stack import users
from tests.stack.assets import Assets
from tests.stack.certificates import make_certificates
from tests.stack.control_plane import control_plane
from tests.stack.kubelet import Kubelet
from tests.stack.loop import LoopThread
from tests.stack.prometheus import Prometheus
from tests.stack.proxy import FaultProxy
from tests.stack.resource_metrics import ResourceMetrics
from tests.stack.rest import Rest
from tests.stack.scaled_objects import ScaledObjects
from tests.stack.service_server import Services


class Machinery:
    """What runs; `tests.stack.stack.Stack` is what tests do with it."""

    def __init__(self, assets: Assets, folder: Path) -> None:
        """Lay everything out in `folder`; nothing is started yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.keys = make_certificates(folder / "certificates")
        self.plane = control_plane(assets, folder, self.keys)
        self.loop = LoopThread()
        trust = ssl.create_default_context(cafile=str(self.keys.ca))
        present = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        present.load_cert_chain(self.keys.serving, self.keys.serving_key)
        url = self.plane.api_url
        self.rest = Rest(url, users.ADMIN.token, self.keys.ca)
        self._kubelet_rest = Rest(url, users.KUBELET.token, self.keys.ca)
        self.kubelet = Kubelet(self.loop, self._kubelet_rest)
        self.services = Services(self.loop, self.kubelet)
        self.prometheus = Prometheus(assets, folder, self.services.target)
        self.api_proxy = FaultProxy(self.loop, url, serve_tls=present, upstream_tls=trust)
        self.prometheus_proxy = FaultProxy(self.loop, self.prometheus.url)
        self.secure_prometheus_proxy = FaultProxy(self.loop, self.prometheus.url, serve_tls=present)
        self._proxies = (self.api_proxy, self.prometheus_proxy, self.secure_prometheus_proxy)
        self.resource_metrics = ResourceMetrics(self.services, present)
        self.scaled_objects = ScaledObjects(present)
        self._listening = (
            self.services,
            *self._proxies,
            self.resource_metrics.extension,
            self.scaled_objects.extension,
        )
        plane = self.plane
        self._servers = (plane.controllers, plane.api_server, self.prometheus, plane.etcd)
        self._life: asyncio.Future[None] | None = None

    def start(self) -> None:
        """Start everything; done when pods can be created.

        Raises:
            RuntimeError: If a server does not come up; with the end of its log.
        """
        plane = self.plane
        try:
            self.loop.call(self._open())
            self.prometheus.launch()
            plane.etcd.start()
            plane.api_server.start()
            plane.controllers.launch()
            self.loop.call(self.kubelet.create_nodes())
            self.loop.call(self._live())
            self.prometheus.wait_ready()
            plane.controllers.wait_ready()
        except BaseException:
            self.stop()
            raise

    def heal(self) -> None:
        """Undo what a test has broken: frozen and killed servers, faults, behaviour of pods."""
        for server in reversed(self._servers):
            server.heal()
        for proxy in self._proxies:
            proxy.heal()
        self.kubelet.behave_again()
        self.scaled_objects.clear()

    def stop(self) -> None:
        """Stop everything."""
        # The last to be asked is the first that the others need.
        for server in self._servers:
            server.ask_to_stop()
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda server: server.stop(), self._servers))
        self.loop.call(self._close())
        self.loop.close()

    async def _live(self) -> None:
        self._life = asyncio.ensure_future(self.kubelet.run())

    async def _open(self) -> None:
        for part in self._listening:
            await part.open()

    async def _close(self) -> None:
        if self._life is not None:
            self._life.cancel()
        for part in self._listening:
            await part.close()
        for rest in (self.rest, self._kubelet_rest):
            await rest.close()
