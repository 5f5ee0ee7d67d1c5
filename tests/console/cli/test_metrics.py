from __future__ import annotations

import pytest

from tests.console.cli.conftest import CommandLine


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--metrics-port", "0"), "expected --headless beside --metrics-port"),
        (("--metrics-port", "0", "--detach"), "expected --headless beside --metrics-port"),
        (("--headless", "--metrics-address", "::1"), "expected --metrics-port beside"),
        (("--headless", "--metrics-port", "65536"), "0 to 65535; found '65536'"),
    ],
)
def test_metrics_are_for_headless_runs(
    cli: CommandLine, arguments: tuple[str, ...], found: str
) -> None:
    answer = cli("run", *arguments)
    assert answer.code == 2
    assert found in answer.error


def test_the_port_is_named(cli: CommandLine) -> None:
    answer = cli("run", "--headless", "--policy", "static:4", "--metrics-port", "0")
    assert answer.code == 0
    assert answer.err.startswith("Metrics at http://127.0.0.1:")
