"""The keys of the Benchmark screen and its dialogs: their part of the one table of keys."""

from __future__ import annotations

from console.key_entry import KeyContext, KeyEntry

_BENCH = KeyContext.BENCH
_NEW = KeyContext.NEW_BENCH
_PICK = KeyContext.PICK

BENCH_KEYS: tuple[KeyEntry, ...] = (
    KeyEntry(
        _BENCH,
        "enter",
        "into",
        "enter",
        "into",
        "Into the line: a policy's workloads, a workload's seeds, a seed's run",
        1,
    ),
    KeyEntry(_BENCH, "n", "new", "n", "new", "Start a benchmark, in a process of its own", 2),
    KeyEntry(_BENCH, "o", "open", "o", "open", "Open another benchmark", 3),
    KeyEntry(_BENCH, "w", "workload(1)", "w W", "workload", "Draw the next workload's front", 4),
    KeyEntry(_BENCH, "W", "workload(-1)", "W", "workload before", "Draw the workload before"),
    KeyEntry(_BENCH, "f", "full_screen", "f", "full", "The front on the whole screen, and back", 6),
    KeyEntry(_BENCH, "e", "export", "e", "export", "Write its cells as CSV, or a page as HTML", 7),
    KeyEntry(_BENCH, "x", "stop", "x", "stop", "Stop a running benchmark; asks first", 8),
    KeyEntry(_BENCH, "u", "resume", "u", "resume", "Let a stopped benchmark go on", 8),
    KeyEntry(_BENCH, "escape", "back", "esc", "back", "Out of the line, then leave", 5),
    KeyEntry(_NEW, "enter", "apply", "enter", "start", "Start it, unless something is wrong", 1),
    KeyEntry(_NEW, "escape", "cancel", "esc", "cancel", "Start nothing", 2, True),
    KeyEntry(_PICK, "enter", "apply", "enter", "open", "Open the picked one", 1),
    KeyEntry(_PICK, "escape,q", "cancel", "esc", "cancel", "Stay with the present one", 2),
)
