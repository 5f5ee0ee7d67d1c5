"""The Prometheus server of the stack."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.stack.assets import Assets
from tests.stack.control_plane import answers
from tests.stack.ports import free_port
from tests.stack.processes import Server

SCRAPE_INTERVAL_S = 1


class Prometheus(Server):
    """Prometheus that scrapes one target, with a way to give it a past."""

    def __init__(self, assets: Assets, folder: Path, target: str) -> None:
        """Scrape `target` ("host:port") every second into a database under `folder`."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._data = folder / "prometheus"
        self._promtool = assets.promtool
        self._config = folder / "prometheus.json"
        self._target = target
        self._configure({})
        command: list[str | Path] = [
            assets.prometheus,
            f"--config.file={self._config}",
            f"--storage.tsdb.path={self._data}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]
        log = folder / "prometheus.log"
        super().__init__("prometheus", command, log, lambda: answers(f"{self.url}/-/ready"))

    def _configure(self, others: dict[str, str]) -> None:
        every = f"{SCRAPE_INTERVAL_S}s"
        jobs = [
            {
                "job_name": name,
                "honor_labels": True,
                "static_configs": [{"targets": [target]}],
            }
            for name, target in {"cluster": self._target, **others}.items()
        ]
        document = {
            "global": {"scrape_interval": every, "scrape_timeout": every},
            "scrape_configs": jobs,
        }
        self._config.write_text(json.dumps(document), encoding="utf-8")

    @contextmanager
    def also_scraping(self, job: str, target: str) -> Iterator[None]:
        """Scrape `target` ("host:port") too, as `job`, while it is entered."""
        self._configure({job: target})
        self._reload()
        try:
            yield
        finally:
            self._configure({})
            self._reload()

    def _reload(self) -> None:
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGHUP)

    def query(self, promql: str) -> list[dict[str, Any]]:
        """The result of an instant query, as the API gives it."""
        query = urllib.parse.urlencode({"query": promql})
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{query}", timeout=5) as reply:
            result: list[dict[str, Any]] = json.load(reply)["data"]["result"]
        return result

    def value(self, promql: str) -> float | None:
        """The one number that a query gives; None where there is no result."""
        result = self.query(promql)
        if not result:
            return None
        if len(result) > 1:
            raise ValueError(f"expected one series of {promql}, found {len(result)}")
        return float(result[0]["value"][1])

    def backfill(self, openmetrics: str) -> None:
        """Give it samples of the past: OpenMetrics text with timestamps, ending in `# EOF`.

        The server is stopped and started again for it.
        """
        running = self.running
        self.stop()
        source = self._data.parent / "backfill.txt"
        source.write_text(openmetrics, encoding="utf-8")
        tool = [self._promtool, "tsdb", "create-blocks-from", "openmetrics", source, self._data]
        done = subprocess.run(
            [str(part) for part in tool], capture_output=True, text=True, check=False, timeout=120
        )
        if done.returncode != 0:
            raise RuntimeError(f"promtool failed: {done.stderr.strip()}")
        if running:
            self.start()
