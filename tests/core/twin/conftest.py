"""A fit that several tests look at."""

from __future__ import annotations

import pytest

from core.twin.fit import TwinFit, fit_twin
from core.twin.gaps import bridge_gaps
from core.twin.recording import Recording
from tests.core.twin import factory


@pytest.fixture(scope="session")
def recording() -> Recording:
    """Three hours of a service with two workers of 40 ms: 50 rps per pod."""
    return factory.record(factory.scenario(3.0, workers=2, service_time_ms=40.0))


@pytest.fixture(scope="session")
def fitted(recording: Recording) -> TwinFit:
    """Fitted to it."""
    return fit_twin(bridge_gaps(recording))
