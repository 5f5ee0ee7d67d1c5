from __future__ import annotations

import json

import numpy as np
import pytest

from core.locations import runs_directory
from core.twin.own_runs import with_own_runs
from core.twin.recording import Recording
from tests.core.runs.factory import write_odd_run
from tests.core.runs.steps import FIRST_WALL_TIME


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("prod/shop/web", True),
        ("arn:aws:eks:eu-west-1:1:cluster/prod/shop/web", True),
        ("prod/bookshop/web", False),
        ("shop/web/api", False),
        ("", False),
    ],
)
def test_replicas_come_from_runs_on_the_same_deployment(target: str, found: bool) -> None:
    write_odd_run(runs_directory() / "20260101-000000-run", "target", json.dumps(target))
    recording = Recording(
        source="shop/web",
        start_s=int(FIRST_WALL_TIME),
        step_s=15,
        window_s=15,
        slo_ms=250.0,
        rps=np.ones(4),
    )
    filled = with_own_runs(recording)
    assert bool(np.isfinite(filled.ready).any()) is found
    assert bool(np.isfinite(filled.desired).any()) is found
