"""What the tests of whole sessions share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import RlscaleError
from core.runs.catalogue import list_runs, stop_run


@pytest.fixture
def clean_engines(isolated: Path) -> Iterator[None]:
    """Leave no engine behind, however the test ends."""
    yield
    for entry in list_runs():
        if entry.status is not None and entry.status.state.is_live:
            try:
                stop_run(entry.directory, timeout_s=60.0)
            except RlscaleError as error:
                pytest.fail(f"an engine could not be stopped: {error}")
