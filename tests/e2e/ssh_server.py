"""A real SSH server on loopback, with throw-away keys, and clients of it in pseudo-terminals."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.e2e.terminal import Terminal

SSHD: Final = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
MISSING: Final = "expected sshd and ssh (Debian: openssh-server, openssh-client), found none"
INSTALLED: Final = SSHD is not None and shutil.which("ssh") is not None

_STARTING_S: Final = 20.0
_CONFIG: Final = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {home}/host_key
AuthorizedKeysFile {home}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
MaxStartups 50
SetEnv {environment}
"""


class SshServer:
    """A server that lets in whoever holds one of its keys.

    Args:
        home: A directory for its files, which is made.
        environment: Variables of every session.
    """

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self._home = home
        home.mkdir(mode=0o700)
        self._make_key("host_key")
        self.port = _free_port()
        variables = " ".join(f'"{name}={value}"' for name, value in environment.items())
        config = _CONFIG.format(port=self.port, home=home, environment=variables)
        (home / "sshd_config").write_text(config, encoding="utf-8")
        (home / "authorized_keys").touch(0o600)
        kind, key, *_ = (home / "host_key.pub").read_text(encoding="utf-8").split()
        known = f"[127.0.0.1]:{self.port} {kind} {key}\n"
        (home / "known_hosts").write_text(known, encoding="utf-8")
        self._log = (home / "sshd.log").open("wb")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._process = subprocess.Popen(
            [str(SSHD), "-D", "-e", "-f", str(home / "sshd_config")],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + _STARTING_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
                return self
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__(None, None, None)
                    raise AssertionError(f"expected sshd to listen, found:\n{self.log}") from None
                time.sleep(0.02)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()

    @property
    def log(self) -> str:
        """What the server said."""
        return (self._home / "sshd.log").read_text(encoding="utf-8", errors="replace")

    def let_in(self, name: str, options: str = "") -> None:
        """Make a key pair called `name` and let it in, with `options` as in authorized_keys."""
        self._make_key(name)
        public = (self._home / f"{name}.pub").read_text(encoding="utf-8")
        with (self._home / "authorized_keys").open("a", encoding="utf-8") as file:
            file.write(f"{options} {public}".lstrip())

    def command(self, name: str, *options: str, program: str = "ssh") -> list[str]:
        """The command line of a client that holds the key `name`, without the host."""
        settings = (
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "StrictHostKeyChecking=yes",
            f"UserKnownHostsFile={self._home / 'known_hosts'}",
            f"IdentityFile={self._home / name}",
            f"Port={self.port}",
            "LogLevel=INFO",
        )
        return [program, "-F", "none", *(f"-o{setting}" for setting in settings), *options]

    @property
    def host(self) -> str:
        """Who is logged in to, where."""
        return f"{getpass.getuser()}@127.0.0.1"

    def terminal(
        self, name: str, command: Sequence[str] = (), *, columns: int = 80, rows: int = 24
    ) -> Terminal:
        """A client in a pseudo-terminal that holds the key `name` and asks for `command`."""
        return Terminal(
            *command,
            command=[*self.command(name, "-tt"), self.host],
            columns=columns,
            rows=rows,
        )

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A client without a terminal; ends by itself, after a time in any case."""
        return _run([*self.command(name), *arguments])

    def copy(self, name: str, source: Path) -> subprocess.CompletedProcess[str]:
        """Try to put a file there with sftp."""
        batch = self._home / "batch"
        batch.write_text(f"put {source} {self._home}/copied\n", encoding="utf-8")
        command = self.command(name, "-b", str(batch), self.host, program="sftp")
        return _run(command)

    def _make_key(self, name: str) -> None:
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name]
        subprocess.run([*command, "-f", str(self._home / name)], check=True, timeout=30)


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
