"""A benchmark from request to report, going on where an earlier attempt was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from core.agents.calibration import SETTINGS, RivalKind, cache_rival, cached_rival
from core.bench.directory import BenchDirectory, BenchProgress
from core.bench.executors import Executor
from core.bench.jobs import Job, bench_jobs, calibration_jobs
from core.bench.report import Report, build_report
from core.bench.results import Record, Results, calibration_record
from core.clock import Clock
from core.errors import InputError, RlscaleError

_LEAST_SHARE: Final = 0.02
"""Before this share of the work is done, there is no telling how long the rest takes."""
_ALMOST: Final = 0.999
"""As much as may be said to be done before all is."""
_TELL_EVERY_S: Final = 0.4

OnProgress = Callable[[BenchProgress], None]


class BenchStopped(RlscaleError):
    """Somebody asked the benchmark to stop; it can go on later."""

    exit_code = 130


class Bench:
    """One benchmark at work.

    Args:
        directory: Where its results are kept.
        executor: Who does the jobs.
        clock: For the estimate of the time left.
        on_progress: Hears now and then how far it is.
        use_cache: Whether calibrations are remembered between benchmarks.
    """

    def __init__(
        self,
        directory: BenchDirectory,
        executor: Executor,
        clock: Clock,
        on_progress: OnProgress = lambda progress: None,
        *,
        use_cache: bool = True,
    ) -> None:
        self._directory = directory
        self._executor = executor
        self._clock = clock
        self._on_progress = on_progress
        self._use_cache = use_cache
        self._meter = _Meter(0.0, clock)
        self._results = Results()
        self._known: set[str] = set()

    def run(self, *, fresh: bool = False) -> Report:
        """Do what is left to do, and say what it comes to.

        Args:
            fresh: Begin anew instead, whatever is known already.

        Raises:
            InputError: A policy or a workload cannot be used, or something that the benchmark
                depends on has changed since it was begun.
            RunError: Another process works on it, a worker is gone, or the disk is full.
            BenchStopped: Somebody asked it to stop.
        """
        directory = self._directory
        if not directory.is_worked_on:
            # Before the lock is seen: whoever sees it may ask this process to stop.
            directory.forget_stop()
        with directory.lock():
            self._check_identity()
            try:
                if fresh:
                    directory.forget()
                report = self._finish()
            except BaseException as error:
                self._tell(self._meter.end(str(error) or "interrupted"))
                raise
            self._tell(self._meter.end())
        return report

    def _check_identity(self) -> None:
        """Refuse to mix results; what is known stays as it is."""
        directory = self._directory
        try:
            directory.require_unchanged()
        except InputError as error:
            known = directory.progress() or self._meter.progress("stopped")
            if known.done < 1.0:
                self._tell(replace(known, left_s=None, error=str(error)))
            raise

    def _finish(self) -> Report:
        request = self._directory.request
        for key, records in self._directory.jobs():
            self._known.add(key)
            self._take(records)
        if self._use_cache:
            self._recall_calibrations()
        calibrating = [
            job
            for kind in RivalKind
            if self._results.calibration(kind) is None
            for job in calibration_jobs(kind)
        ]
        # Whichever settings turn out best, the work is the same.
        some = {kind: SETTINGS[kind][0].spec for kind in RivalKind}
        weights = [job.weight for job in (*calibrating, *bench_jobs(request, some))]
        self._meter = _Meter(sum(weights), self._clock)
        self._do(calibrating, "calibrating HPA and rule")
        found = self._results.calibrations()
        if self._use_cache:
            for kind, calibration in found.items():
                cache_rival(kind, calibration)
        jobs = bench_jobs(request, {kind: one.best.spec for kind, one in found.items()})
        self._do(jobs, "{done} of {all} jobs")
        return build_report(request, self._results)

    def _recall_calibrations(self) -> None:
        """Take over what other benchmarks found out on the training suite."""
        for kind in RivalKind:
            cached = cached_rival(kind)
            if self._results.calibration(kind) is None and cached is not None:
                specs = [one.spec for one in cached.settings]
                scores = dict(zip(specs, cached.scores, strict=True))
                record = calibration_record(kind, scores)
                self._directory.append(f"{kind} from the cache", [record])
                self._take([record])

    def _do(self, jobs: Sequence[Job], words: str) -> None:
        """Do those jobs that are not known yet."""
        missing = [job for job in jobs if job.key not in self._known]
        ended = len(jobs) - len(missing)
        self._meter.skip(sum(job.weight for job in jobs) - sum(job.weight for job in missing))

        def done(job: Job, records: list[Record]) -> None:
            nonlocal ended
            ended += 1
            self._directory.append(job.key, records)
            self._take(records)

        def work(weight: float) -> None:
            if self._directory.is_asked_to_stop:
                raise BenchStopped("stopped as asked.", "What is finished is kept.")
            if self._meter.is_due(weight):
                self._tell(self._meter.progress(words.format(done=ended, all=len(jobs))))

        if missing:
            self._executor.run(missing, done, work)
        self._meter.end_phase(sum(job.weight for job in missing))

    def _take(self, records: Sequence[Record]) -> None:
        for record in records:
            self._results.add(record)

    def _tell(self, progress: BenchProgress) -> None:
        self._directory.tell(progress)
        self._on_progress(progress)


class _Meter:
    """Turns weights of jobs into shares of all work and time left.

    Args:
        total: Weight of all jobs, known ones included.
        clock: For the estimate.
    """

    def __init__(self, total: float, clock: Clock) -> None:
        self._total = max(total, 1e-9)
        self._clock = clock
        self._began_s = self._told_s = clock.monotonic()
        self._skipped = self._earlier = self._now = 0.0

    def skip(self, weight: float) -> None:
        """So much was known before."""
        self._skipped += weight

    def end_phase(self, weight: float) -> None:
        """A phase has ended whose jobs weighed so much."""
        self._earlier += weight
        self._now = 0.0

    def is_due(self, weight: float) -> bool:
        """Take in what the present phase has done so far; says whether to tell of it."""
        self._now = weight
        now_s = self._clock.monotonic()
        due = now_s - self._told_s >= _TELL_EVERY_S
        self._told_s = now_s if due else self._told_s
        return due

    def progress(self, detail: str) -> BenchProgress:
        """How far all is."""
        fresh = self._earlier + self._now
        share = min(fresh / max(self._total - self._skipped, 1e-9), 1.0)
        elapsed_s = self._clock.monotonic() - self._began_s
        left_s = elapsed_s / share - elapsed_s if share > _LEAST_SHARE else None
        done = min((self._skipped + fresh) / self._total, _ALMOST)
        return BenchProgress(done, elapsed_s, left_s, detail)

    def end(self, error: str = "") -> BenchProgress:
        """All is done, or failed."""
        progress = self.progress("stopped" if error else "finished")
        if error:
            return replace(progress, left_s=None, error=error)
        return replace(progress, done=1.0, left_s=0.0)


def read_report(directory: BenchDirectory) -> Report:
    """What a finished benchmark came to; nothing is worked out anew.

    Raises:
        InputError: It is not finished, or of a version that counted otherwise.
    """
    results = Results()
    try:
        for _, records in directory.jobs():
            for record in records:
                results.add(record)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"expected results of this version, found others in {directory.path.name}.",
            "Run the same benchmark again.",
        ) from error
    try:
        return build_report(directory.request, results)
    except KeyError as error:
        raise InputError(
            f"expected a finished benchmark, found {directory.path.name} unfinished.",
            "Go on with it: rlscale-console bench --resume " + directory.path.name,
        ) from error
