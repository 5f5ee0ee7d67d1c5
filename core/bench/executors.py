"""Who does the jobs: this process, processes beside it, or a Ray cluster. All the same function."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Protocol

from core.bench.jobs import Job
from core.bench.results import Record
from core.bench.work import do_job
from core.errors import InputError, RunError
from core.extras import install_command

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_TELL_EVERY_S: Final = 0.5
_CONNECT_S: Final = 5.0
_ATTEMPTS: Final = 3
"""How often jobs are begun whose workers are killed, as when memory is short for a moment."""
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

OnDone = Callable[[Job, list[Record]], None]
"""Called in the asking process with each job and what it found, as jobs end."""
OnWork = Callable[[float], None]
"""Called in the asking process with the weight done so far, parts of jobs included."""


class Executor(Protocol):
    """Does jobs."""

    def run(self, jobs: Sequence[Job], on_done: OnDone, on_work: OnWork) -> None:
        """Do all jobs; what they find does not depend on who does them or in which order.

        Raises:
            InputError: A policy or a workload cannot be used.
            RunError: Whoever worked on a job is gone.
        """


def default_workers() -> int:
    """As many as this process may use cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Here:
    """This process does one job after the other."""

    def run(self, jobs: Sequence[Job], on_done: OnDone, on_work: OnWork) -> None:
        """See `Executor`."""
        done = 0.0

        def add(weight: float, share: float) -> None:
            nonlocal done
            done += weight * share
            on_work(done)

        for job in jobs:
            on_done(job, do_job(job, partial(add, job.weight)))


class Processes:
    """Processes on this machine.

    Args:
        workers: How many at once, at least 1.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(self, jobs: Sequence[Job], on_done: OnDone, on_work: OnWork) -> None:
        """See `Executor`."""
        if self._workers == 1:
            Here().run(jobs, on_done, on_work)
            return
        # Small networks on one core each: more threads would only get in each other's way.
        for name in _ONE_THREAD:
            os.environ.setdefault(name, "1")
        left = {job.key: job for job in jobs}
        finished = 0.0

        def done(job: Job, records: list[Record]) -> None:
            nonlocal finished
            del left[job.key]
            finished += job.weight
            on_done(job, records)

        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._run(list(left.values()), done, partial(_add_to, finished, on_work))
                return
            except BrokenProcessPool as error:
                if attempt == _ATTEMPTS:
                    raise RunError(
                        f"expected every worker to finish, found {attempt} killed.",
                        "Memory may be short: try --jobs 1. What is finished is kept.",
                    ) from error

    def _run(self, jobs: Sequence[Job], on_done: OnDone, on_work: OnWork) -> None:
        """Do the jobs in a pool of processes; if one of them is killed, the pool breaks."""
        # A new interpreter per worker: forking a process that has threads is not safe.
        context = multiprocessing.get_context("spawn")
        work: Synchronized[float] = context.Value("d", 0.0)
        before = set(multiprocessing.active_children())
        # Waiting takes no lock that workers or the pool need: Ctrl-C might leave it locked.
        ended: SimpleQueue[Future[list[Record]]] = SimpleQueue()
        with ProcessPoolExecutor(
            min(self._workers, len(jobs)),
            mp_context=context,
            initializer=_begin_work,
            initargs=(work,),
        ) as pool:
            try:
                with _ctrl_c_held_back():
                    waiting = {pool.submit(_do_beside, job): job for job in jobs}
                    for future in waiting:
                        future.add_done_callback(ended.put)
                while waiting:
                    for future in _take_all(ended):
                        on_done(waiting[future], future.result())
                        del waiting[future]
                    on_work(work.get_obj().value)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                # Nobody waits for minutes until the jobs at hand are done.
                for child in set(multiprocessing.active_children()) - before:
                    child.terminate()
                raise


def _take_all(ended: SimpleQueue[Future[list[Record]]]) -> Iterator[Future[list[Record]]]:
    """Those that have ended, at least one unless none does for a moment."""
    with contextlib.suppress(Empty):
        yield ended.get(timeout=_TELL_EVERY_S)
        while True:
            yield ended.get_nowait()


@contextlib.contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Hold Ctrl-C back from this thread, and from processes that it starts, until they let it in.

    It would interrupt what they import, and each of them would print where.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _add_to(base: float, on_work: OnWork, weight: float) -> None:
    on_work(base + weight)


_work: Synchronized[float] | None = None
"""In a worker: the weight that all workers have done together."""


def _begin_work(work: Synchronized[float]) -> None:
    global _work
    _work = work
    # Ctrl-C reaches the whole process group; the parent reports it, workers just end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when the parent is gone: nobody else would tell it that no job comes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do_beside(job: Job) -> list[Record]:
    def tell(share: float) -> None:
        if _work is not None:
            with _work.get_lock():
                _work.value += share * job.weight

    return do_job(job, tell)


def _knock(address: str | None) -> None:
    """See whether anybody listens: Ray itself would go on trying for minutes.

    Raises:
        OSError: Nobody does.
    """
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S).close()


class RayCluster:
    """The machines of a Ray cluster, or a Ray of this machine alone.

    Every machine needs the package, and the files that policies and workloads name, under the same
    paths.

    Args:
        address: Of a running cluster, such as `auto` or `ray://head:10001`; None starts one here.

    Raises:
        InputError: Ray is not installed.
    """

    def __init__(self, address: str | None) -> None:
        try:
            import ray  # type: ignore[import-not-found,unused-ignore]
        except ImportError as error:
            raise InputError(
                f"expected the extra `ray` for --ray, found no {error.name}.",
                f"Install it: {install_command('ray')}",
            ) from error
        self._ray: Any = ray
        self._address = address

    def run(self, jobs: Sequence[Job], on_done: OnDone, on_work: OnWork) -> None:
        """See `Executor`."""
        ray = self._ray
        try:
            _knock(self._address)
            ray.init(
                address=self._address,
                log_to_driver=False,
                logging_level="warning",
                ignore_reinit_error=True,
            )
        except (ConnectionError, OSError) as error:
            raise RunError(
                f"expected a Ray cluster at {self._address}, found none that answers.",
                "Start one with `ray start --head`, or leave the address away.",
            ) from error
        try:
            task = ray.remote(num_cpus=1, max_retries=2)(do_job)
            waiting = {task.remote(job): job for job in jobs}
            finished = 0.0
            while waiting:
                ended, _ = ray.wait(list(waiting), num_returns=1, timeout=_TELL_EVERY_S)
                for reference in ended:
                    job = waiting.pop(reference)
                    on_done(job, self._result(reference))
                    finished += job.weight
                on_work(finished)
        finally:
            ray.shutdown()

    def _result(self, reference: Any) -> list[Record]:
        try:
            records: list[Record] = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            # The task's own error, as if it had been raised here.
            raise error.cause from error
        except self._ray.exceptions.RayError as error:
            raise RunError(f"expected a Ray task to finish, found: {error}.") from error
        return records
