"""When the faults of a scenario begin and end, in words for the event log."""

from __future__ import annotations

from collections.abc import Sequence

from core.traffic.faults import Fault, PodCrashFault


class FaultTimeline:
    """Tells, as simulated time passes, which faults have begun or ended.

    Args:
        faults: Faults of the scenario.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        moments: list[tuple[float, str]] = []
        for fault in faults:
            if isinstance(fault, PodCrashFault):
                pods = "pod" if fault.count == 1 else "pods"
                moments.append((fault.at_s, f"fault: {fault.count} {pods} crashed"))
                continue
            words = fault.kind.replace("-", " ")
            moments.append((fault.at_s, f"fault began: {words}, for {fault.duration_s:g} s"))
            moments.append((fault.at_s + fault.duration_s, f"fault ended: {words}"))
        self._waiting = sorted(moments, reverse=True)

    def passed(self, time_s: float) -> list[str]:
        """What happened up to `time_s` and has not been told yet, in order."""
        told: list[str] = []
        while self._waiting and self._waiting[-1][0] <= time_s:
            told.append(self._waiting.pop()[1])
        return told
