from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import core
from console.cli import doctor
from console.cli.entry import build_parser
from tests.console.cli.conftest import CommandLine

_ROOT = Path(__file__).parents[3]


def _commands(
    parser: argparse.ArgumentParser, before: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    yield before
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield from _commands(child, (*before, name))


_ALL = list(_commands(build_parser()))


@pytest.mark.parametrize("command", _ALL, ids=[" ".join(words) or "none" for words in _ALL])
def test_every_command_has_help(cli: CommandLine, command: tuple[str, ...]) -> None:
    answer = cli(*command, "--help")
    assert answer.code == 0
    assert answer.err == ""
    assert answer.out.startswith(f"usage: {' '.join(('rlscale-console', *command))}")
    assert max(len(line) for line in answer.out.splitlines()) <= 100


def test_the_promised_commands_are_there() -> None:
    names = {words[0] for words in _ALL if words}
    assert names >= {
        *("demo", "train", "run", "bench", "runs", "attach", "replay", "control"),
        *("scenario", "policy", "doctor"),
    }


def test_every_command_that_does_something_has_json() -> None:
    parser = build_parser()
    opens_the_console = {(), ("attach",), ("replay",), ("serve",)}
    for words in _ALL:
        if words in opens_the_console or any(
            other[: len(words)] == words and other != words for other in _ALL
        ):
            continue
        assert "--json" in _parser_of(parser, words)._option_string_actions, words


def _parser_of(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> argparse.ArgumentParser:
    for word in words:
        [children] = [
            action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
        ]
        parser = children.choices[word]
    return parser


def test_the_version(cli: CommandLine) -> None:
    answer = cli("--version")
    assert (answer.code, answer.out) == (0, f"rlscale-console {core.__version__}\n")


def test_help_loads_nothing_that_costs_time() -> None:
    script = (
        "import sys; from console.cli import main; main(['--help']); "
        "heavy = {'numpy', 'pydantic', 'rich', 'textual', 'yaml', 'torch', 'plotext', 'sqlite3'}; "
        "sys.exit(' '.join(heavy & sys.modules.keys()) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("trian",), "Did you mean 'train'?"),
        (("xyz",), "found 'xyz'"),
        (("--vresion",), "Did you mean '--version'?"),
        (("runs", "lsit"), "Did you mean 'list'?"),
        (("doctor", "--jsn"), "Did you mean '--json'?"),
        (("doctor", "now"), "unknown argument 'now'"),
        (("control", "latest"), "expected one of pause"),
        (("runs", "show"), "expected RUN (a run's name, "),
        (("runs",), "error: expected one of list, show, export, resume, restart, delete; found"),
        (("policy",), "error: expected one of list, show, import; found none. See rlscale-console"),
        (("control", "override", "x"), "error: expected N (replicas to pin); found none. See"),
        (("control", "override"), "or its directory) and N (replicas to pin); found none."),
        (("control", "override", "x", "ten"), "error: expected a whole number, at least 0; found"),
        (("control", "mode", "x"), "error: expected one of AUTO, SHADOW, MANUAL, HOLD; found none"),
        (("control", "mode", "x", "y"), "error: expected one of AUTO, SHADOW, MANUAL, HOLD; found"),
        (("control", "speed", "x", "fast"), "error: expected 'max' or a number greater than 0"),
        (("runs", "shw"), "error: expected one of list, show, "),
        (("runs", "export", "x", "--format", "xml"), "csv, json, db"),
        (("bench", "--seeds", "0"), "--seeds"),
        (("bench", "--policies", ","), "--policies"),
        (("train", "--steps", "-5"), "--steps"),
        (("train", "--algo", "sac"), "ppo, dqn"),
        (("train", "--mode", "auto"), "--env k8s"),
        (("train", "--detach", "--resume", "x"), "not allowed with"),
        (("train", "--learning-rate", "0"), "--learning-rate"),
        (("run", "--headless", "--detach"), "not allowed with"),
    ],
)
def test_usage_errors_are_one_line_and_2(
    cli: CommandLine, arguments: tuple[str, ...], words: str
) -> None:
    answer = cli(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert words in answer.error


def _break(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def execute(arguments: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(doctor, "_execute", execute)


def test_the_unexpected_is_one_line_too(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, ZeroDivisionError("division\nby zero"))
    answer = cli("doctor")
    assert answer.code == 1
    assert "unexpected ZeroDivisionError: division by zero" in answer.error
    monkeypatch.setenv("RLSCALE_TRACEBACK", "1")
    answer = cli("doctor")
    assert answer.code == 1
    assert answer.err.startswith("Traceback")


def test_errors_of_the_system_say_where(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, PermissionError(13, "Permission denied", "/srv/x"))
    answer = cli("doctor")
    assert answer.code == 1
    assert "/srv/x: permission denied." in answer.error
    assert "RLSCALE_DATA_DIR" in answer.error


def test_an_interruption_is_130(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(monkeypatch, KeyboardInterrupt())
    answer = cli("doctor")
    assert (answer.code, answer.err) == (130, "interrupted\n")
