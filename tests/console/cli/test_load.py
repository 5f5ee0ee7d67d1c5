from __future__ import annotations

import sys
from types import ModuleType

import pytest

from tests.console.cli.conftest import CommandLine


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), "--target"),
        (("--target", "shop.example"), "expected a URL such as http://shop.example/"),
        (("--target", "ftp://shop.example"), "expected a URL such as"),
        (("--target", "http://shop.example:99999/"), "expected a URL such as"),
        (("--target", "http://me:hidden@shop.example/"), "without a user and password"),
        (("--target", "http://127.0.0.1:1/", "--scenario", "nonesuch"), "'nonesuch'"),
        (("--target", "http://127.0.0.1:1/", "--speed", "0"), "greater than 0"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    cli: CommandLine, arguments: tuple[str, ...], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that nothing of Locust is loaded into the process of the tests.
    nothing = ModuleType("core.load.generator")
    nothing.LoadGenerator = None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, nothing.__name__, nothing)
    answer = cli("load", *arguments)
    assert answer.code == 2
    assert found in answer.error
    assert "hidden" not in answer.error


def test_without_locust_it_says_what_to_install(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gevent", None)
    answer = cli("load", "--target", "http://127.0.0.1:1/")
    assert answer.code == 2
    assert "rlscale-console[load]" in answer.error
