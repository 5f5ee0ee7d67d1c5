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
def pytest_runtest_makereport(item: pytest.Item) -> Reported:
    """Say beside a failure where the servers' logs are, and once why all these tests skip."""
    report = yield
    funcargs = getattr(item, "funcargs", {})
    if report.failed and "running_stack" in funcargs:
        folder = funcargs["running_stack"].directory
        report.sections.append(("stack", f"logs of the servers: {folder}/*.log"))
    needs_stack = "running_stack" in getattr(item, "fixturenames", ())
    if report.when == "setup" and needs_stack and isinstance(report.longrepr, tuple):
        # Skips from one place are folded into one line.
        report.longrepr = (__file__, 1, report.longrepr[2])
    return report
