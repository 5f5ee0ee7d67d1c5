"""The engine of rendered manifests, running on the tests' cluster as its pod would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import yaml

from tests.deploy.manifests import ACCOUNT, CONTAINER_PLACE, Json, command, environment, find
from tests.stack.ports import free_port
from tests.stack.stack import Stack


def apply_all(stack: Stack, items: list[Json]) -> None:
    """Create the objects, and see that the server has taken them whole."""
    for item in items:
        lost = list(missing_from(stack.apply(item), item))
        assert not lost, f"{item['kind']} {item['metadata']['name']}: the server dropped {lost}"


def missing_from(taken: object, given: object, place: str = "") -> list[str]:
    """Fields that were given and not taken: a server drops what it does not know."""
    if isinstance(given, dict) and isinstance(taken, dict):
        return [
            lost
            for key, value in given.items()
            for lost in (
                missing_from(taken[key], value, f"{place}.{key}")
                if key in taken
                else [f"{place}.{key}"]
            )
        ]
    if isinstance(given, list) and isinstance(taken, list) and len(given) == len(taken):
        return [
            lost
            for index, pair in enumerate(zip(taken, given, strict=True))
            for lost in missing_from(*pair, f"{place}[{index}]")
        ]
    return [] if taken == given else [f"{place}: {given} became {taken}"]


class EnginePod:
    """A process with the container's arguments and variables; a context manager.

    What differs from the pod: where its files and the API server are, and the address of its own
    metrics.
    """

    def __init__(self, stack: Stack, items: list[Json], folder: Path) -> None:
        """Start it with the rights of its account."""
        namespace = find(items, "ServiceAccount")["metadata"]["namespace"]
        self.user = f"system:serviceaccount:{namespace}:{ACCOUNT}"
        credentials = yaml.safe_load(stack.service_account(namespace, ACCOUNT).read_text())
        (folder / "token").write_text(credentials["users"][0]["user"]["token"])
        (folder / "ca.crt").write_bytes(stack.ca_file.read_bytes())
        (folder / "namespace").write_text(namespace)
        for name, text in find(items, "ConfigMap", "rlscale-console-settings")["data"].items():
            (folder / name).write_text(text)
        self.port = free_port()
        server = urlsplit(stack.api_url)
        self._folder = folder
        self._log = folder / "engine.log"
        self._variables = environment(items) | {
            "RLSCALE_DATA_DIR": str(folder / "data"),
            "RLSCALE_CONFIG_DIR": str(folder / "config"),
            "KUBERNETES_SERVICE_HOST": str(server.hostname),
            "KUBERNETES_SERVICE_PORT": str(server.port),
        }
        self._arguments = [self._at_home(argument) for argument in command(items)]
        self._process = self._start(self._arguments)

    def _at_home(self, argument: str) -> str:
        if argument.startswith("--metrics-port="):
            return f"--metrics-port={self.port}"
        if argument.startswith("--metrics-address="):
            return "--metrics-address=127.0.0.1"
        return argument.replace(CONTAINER_PLACE, f"{self._folder}/")

    def _start(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.deploy.pod", str(self._folder), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | self._variables,
                cwd=Path(__file__).parents[2],
            )

    def examine(self) -> int:
        """Run `doctor` in the same pod; its exit code."""
        shared = ("--env", "--in-cluster", "--config", "--scenario", "--deployment")
        given = [argument for argument in self._arguments if argument.startswith(shared)]
        return self._start(["doctor", *given]).wait(30.0)

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave no process behind."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10.0)

    def probe(self, path: str) -> int:
        """The HTTP status of a probe, as the kubelet gets it; 0: no answer."""
        assert self._process.poll() is None, self.log
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    @property
    def log(self) -> str:
        """What it has said."""
        return self._log.read_text()

    def terminate(self) -> int:
        """End it as the kubelet does; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20.0)
