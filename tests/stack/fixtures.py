"""The fixtures `stack` and `namespace`; loaded from the tests' conftest."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.stack.assets import AssetsMissing, find_assets

if TYPE_CHECKING:
    from tests.stack.stack import Stack


Reported = Generator[None, pytest.TestReport, pytest.TestReport]


@pytest.fixture(scope="session")
def running_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack itself, started once per session; tests take `stack`."""
    try:
        assets = find_assets()
    except AssetsMissing as missing:
        pytest.skip(str(missing))
    # Here, so that a session without it pays nothing.
    from tests.stack.machinery import Machinery
    from tests.stack.stack import Stack

    machinery = Machinery(assets, tmp_path_factory.mktemp("stack"))
    machinery.start()
    yield Stack(machinery)
    machinery.stop()


@pytest.fixture
def stack(running_stack: Stack) -> Iterator[Stack]:
    """A cluster; whole again after the test."""
    yield running_stack
    running_stack.heal()


@pytest.fixture
def namespace(stack: Stack) -> str:
    """A fresh namespace, deleted after the test."""
    return stack.create_namespace()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say beside a failure where the servers' logs are."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("running_stack")
    if report.failed and stack is not None:
        report.sections.append(("stack", f"logs of the servers: {stack.directory}/*.log"))
    return report
