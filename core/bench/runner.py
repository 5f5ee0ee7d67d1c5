"""Running the episodes of a benchmark, several at a time, each the same as if it ran alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from core.agents.evaluation import Case, evaluate_cases
from core.agents.registry import load_policy
from core.bench.grid import Task
from core.errors import RunError
from core.summary import Summary
from core.traffic.library import load_scenario

Group = tuple[Task, ...]
"""Tasks that differ in their seed only: a learned policy takes all of them in one go."""


def default_workers() -> int:
    """As many as this process may use cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_tasks(
    tasks: Sequence[Task], *, workers: int, on_done: Callable[[int], None]
) -> dict[Task, Summary]:
    """Run every task.

    Args:
        tasks: Episodes; their results do not depend on order or number of workers.
        workers: Processes at work at once; with 1 this process does all itself.
        on_done: Called with the number of finished tasks whenever it grows.

    Returns:
        The figures by task, in the order of `tasks`.

    Raises:
        InputError: A policy or scenario cannot be used.
        RunError: A worker process was killed.
    """
    groups = _groups(tasks)
    found: dict[Task, Summary] = {}
    if workers == 1 or len(groups) == 1:
        for group in groups:
            found.update(zip(group, run_group(group), strict=True))
            on_done(len(found))
        return {task: found[task] for task in tasks}
    # A new interpreter per worker: forking a process that has threads is not safe.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(workers, len(groups)), mp_context=context, initializer=_end_quietly
    ) as pool:
        waiting = {pool.submit(run_group, group): group for group in groups}
        try:
            for future in as_completed(waiting):
                found.update(zip(waiting[future], future.result(), strict=True))
                on_done(len(found))
        except BrokenProcessPool as error:
            raise RunError(
                "expected every worker to finish, found one killed.",
                "Memory may be short: try --jobs 1.",
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {task: found[task] for task in tasks}


def run_group(group: Group) -> list[Summary]:
    """Run tasks that differ in their seed only; the figures are in their order."""
    first = group[0]
    scenario = load_scenario(first.scenario, peak_rps=first.peak_rps)
    cases = [Case(scenario, task.seed) for task in group]
    return [result.summary for result in evaluate_cases(load_policy(first.policy), cases)]


def _groups(tasks: Sequence[Task]) -> list[Group]:
    """The tasks by all but their seed, longest first, so that no worker is left with a long one."""
    by_kind: dict[tuple[str, str, float | None], list[Task]] = {}
    for task in tasks:
        by_kind.setdefault((task.policy, task.scenario, task.peak_rps), []).append(task)
    lengths = {
        (scenario, peak): load_scenario(scenario, peak_rps=peak).duration_s
        for _, scenario, peak in by_kind
    }
    kinds = sorted(by_kind, key=lambda kind: lengths[kind[1:]], reverse=True)
    return [tuple(by_kind[kind]) for kind in kinds]


def _end_quietly() -> None:
    # Ctrl-C reaches the whole process group; the parent reports it, workers just end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
