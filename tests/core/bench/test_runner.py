from __future__ import annotations

from pathlib import Path

import pytest

from core.bench.grid import tasks_of
from core.bench.runner import run_tasks
from core.errors import InputError


@pytest.fixture
def short(tmp_path: Path) -> str:
    path = tmp_path / "short.csv"
    path.write_text("t_seconds,rps\n0,100\n60,300\n120,150\n180,200\n", encoding="utf-8")
    return str(path)


def test_the_figures_do_not_depend_on_the_number_of_workers(short: str) -> None:
    tasks = tasks_of(("static:8", "threshold"), [(short, None), (short, 500.0)], range(2))
    progress: list[int] = []
    together = run_tasks(tasks, workers=2, on_done=progress.append)
    alone = run_tasks(tasks, workers=1, on_done=lambda done: None)
    assert list(together) == list(alone) == tasks
    assert together == alone
    assert progress[-1] == len(tasks)
    assert progress == sorted(progress)
    seeds = [together[task].requests for task in tasks if task.policy == "static:8"]
    assert len(set(seeds)) == len(seeds)


def test_what_cannot_be_used_is_said_as_in_this_process(short: str) -> None:
    tasks = tasks_of(("hppa",), [(short, None)], range(1))
    with pytest.raises(InputError, match="hppa") as caught:
        run_tasks(tasks, workers=2, on_done=lambda done: None)
    assert "hpa" in caught.value.hint
