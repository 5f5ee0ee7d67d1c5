from __future__ import annotations

from pathlib import Path

from console.guide.progress import glance_at
from tests.core.runs.factory import write_odd_run


def test_a_run_that_cannot_be_understood_says_so(tmp_path: Path) -> None:
    glance = glance_at(str(write_odd_run(tmp_path / "run", "facts", '{"zone": "a"}')))
    assert not glance.live
    assert glance.text.startswith("The run cannot be read: expected a run file")
