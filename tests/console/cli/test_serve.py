from __future__ import annotations

import socket
from pathlib import Path

import pytest

from core.locations import runs_directory
from tests.console.cli.conftest import CommandLine
from tests.core.runs.factory import write_run


@pytest.fixture
def run(isolated: Path) -> Path:
    """A run that has ended."""
    return write_run(runs_directory() / "20261122-141503-ppo-flash-crowd-3f2a", 20)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "demo.example"])
def test_others_are_let_in_only_when_it_is_said(cli: CommandLine, run: Path, host: str) -> None:
    answer = cli("serve", run.name, "--host", host)
    assert answer.code == 2
    assert answer.err.startswith(f"error: expected a loopback address with --host, found {host}")
    assert "--allow-remote" in answer.err
    assert answer.err.count("\n") == 1
    assert answer.out == ""


def test_there_is_nothing_live_to_serve(cli: CommandLine, run: Path) -> None:
    answer = cli("serve")
    assert (answer.code, answer.out) == (2, "")
    assert "expected a live run, found none" in answer.err


def test_a_port_that_is_taken(cli: CommandLine, run: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = cli("serve", run.name, "--port", str(port))
    assert (answer.code, answer.out) == (1, "")
    assert f"expected to listen on 127.0.0.1 port {port}, found that impossible" in answer.err
    assert "--port" in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("host", "key", "address", "words"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:8000/", "every user of this machine can open it"),
        ("::1", "k", "http://[::1]:8000/?key=k", "whoever has this address can watch"),
        ("0.0.0.0", "k", f"http://{socket.gethostname()}:8000/?key=k", "can watch"),
    ],
)
def test_what_is_said_of_the_address(
    host: str, key: str, address: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from console.cli.serve import _tell

    _tell(host, 8000, key, Path("run"), write=False, local=host != "0.0.0.0")
    said = capsys.readouterr()
    assert said.out == f"{address}\n"
    assert words in said.err
    assert ("every user" in said.err) is not bool(key)


def test_without_the_library_it_says_what_to_install(
    cli: CommandLine, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    monkeypatch.delitem(sys.modules, "console.serving.server", raising=False)
    answer = cli("serve", run.name)
    assert answer.code == 2
    assert "expected the extra `browser` for serving" in answer.err
    assert "rlscale-console[browser]" in answer.err
