"""The one table of keys: bindings, the footer and the help screen are all made from it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding

from console.bench.key_entries import BENCH_KEYS
from console.debug.key_entries import DEBUG_KEYS
from console.guide.key_entries import GUIDE_KEYS
from console.key_entry import KeyContext, KeyEntry
from console.live.key_entries import CLUSTER_KEYS, REPLAY_KEYS, TAKING_KEYS
from console.setup.key_entries import SETUP_KEYS
from console.story.key_entries import STORY_KEYS

__all__ = [
    "ACTIONS_UNSEEN",
    "KEYS",
    "KeyContext",
    "KeyEntry",
    "bindings",
    "entries",
    "footer_entries",
    "footer_text",
    "help_rows",
]

_EVERYWHERE = KeyContext.EVERYWHERE
_ELSEWHERE = KeyContext.ELSEWHERE
_LIVE = KeyContext.LIVE
_CONTROL = KeyContext.CONTROL
_TRAINING = KeyContext.TRAINING
_OVERRIDE = KeyContext.OVERRIDE
_QUIT = KeyContext.QUIT
_RUNS = KeyContext.RUNS
_COMPARE = KeyContext.COMPARE
_CONFIRM = KeyContext.CONFIRM
_EXPORT = KeyContext.EXPORT
_EXPLAIN = KeyContext.EXPLAIN

KEYS: tuple[KeyEntry, ...] = (
    # Everywhere: bound by the application. Letters reach a focused input first.
    KeyEntry(_EVERYWHERE, "question_mark,f1", "app.help", "?", "help", "Show this help", 2),
    KeyEntry(
        _EVERYWHERE,
        "colon,ctrl+p",
        "app.command_palette",
        ":",
        "palette",
        "Open the command palette: every action by name, themes, own traffic",
        3,
    ),
    KeyEntry(_ELSEWHERE, "S", "app.open_setup", "S", "setup", "Go to Setup: pick and start", 12),
    KeyEntry(_ELSEWHERE, "R", "app.open_runs", "R", "runs", "Go to the list of runs", 11),
    KeyEntry(_ELSEWHERE, "B", "app.open_bench", "B", "bench", "Go to the benchmarks"),
    KeyEntry(_ELSEWHERE, "t", "app.open_training", "t", "train", "Set up a training of your own"),
    KeyEntry(
        _EVERYWHERE,
        "q,ctrl+q",
        "app.leave",
        "q",
        "quit",
        "Quit; asks whether a running engine goes on",
        13,
    ),
    # Live and replay: looking.
    KeyEntry(
        _LIVE,
        "D,enter",
        "open_debugger",
        "D",
        "debug",
        "Open the debugger at this decision: why, and what if",
        5,
    ),
    KeyEntry(
        _LIVE,
        "d",
        "toggle_decision",
        "d",
        "decision",
        "Show or hide the decision: observation, values, reward",
        10,
    ),
    KeyEntry(
        _LIVE,
        "left",
        "cursor(-1)",
        "left",
        "back",
        "Move the cursor one decision back, on all charts",
    ),
    KeyEntry(_LIVE, "right", "cursor(1)", "right", "forward", "Move the cursor one decision on"),
    KeyEntry(
        _LIVE,
        "shift+left,pageup",
        "cursor(-10)",
        "shift+left",
        "back 10",
        "Move the cursor ten decisions back",
    ),
    KeyEntry(
        _LIVE,
        "shift+right,pagedown",
        "cursor(10)",
        "shift+right",
        "on 10",
        "Move the cursor ten decisions on",
    ),
    KeyEntry(_LIVE, "home", "first", "home", "first", "Go to the first decision"),
    KeyEntry(_LIVE, "end", "follow", "end", "newest", "Return to the newest decision"),
    KeyEntry(
        _LIVE,
        "z,right_square_bracket",
        "zoom(1)",
        "z ]",
        "zoom out",
        "Show more time: 5 min, 10 min, 30 min, 2 h, all",
        10,
    ),
    KeyEntry(_LIVE, "Z,left_square_bracket", "zoom(-1)", "Z [", "zoom in", "Show less time"),
    KeyEntry(
        _LIVE, "tab", "select_chart(1)", "tab", "next chart", "Select the next chart", priority=True
    ),
    KeyEntry(
        _LIVE,
        "shift+tab",
        "select_chart(-1)",
        "shift+tab",
        "previous chart",
        "Select the chart before",
        priority=True,
    ),
    KeyEntry(
        _LIVE, "f", "full_screen", "f", "full", "Selected chart on the whole screen, and back", 9
    ),
    KeyEntry(
        _LIVE, "l", "log_scale", "l", "log", "Logarithmic scale of the selected chart, and back"
    ),
    KeyEntry(
        _LIVE, "slash", "filter_log", "/", "filter", "Filter the event log by words or a pattern", 8
    ),
    KeyEntry(
        _LIVE,
        "escape",
        "back",
        "esc",
        "back",
        "Close what is open; never stops or changes anything",
    ),
    # Live: in control.
    KeyEntry(_CONTROL, "space", "pause", "space", "pause", "Pause, or go on", 1),
    KeyEntry(_CONTROL, "n", "next", "n", "step", "Take one decision, then pause", 4),
    KeyEntry(
        _CONTROL,
        "m",
        "cycle_mode",
        "m",
        "mode",
        "Next control mode: AUTO, SHADOW, MANUAL, HOLD",
        6,
    ),
    KeyEntry(
        _CONTROL,
        "o",
        "override",
        "o",
        "override",
        "Take over: pin replicas, for a time or until released",
        2,
    ),
    KeyEntry(_CONTROL, "r", "release", "r", "release", "Give control back to the mode before", 3),
    KeyEntry(_CONTROL, "up", "pin(1)", "up", "one more", "MANUAL: pin one replica more"),
    KeyEntry(_CONTROL, "down", "pin(-1)", "down", "one less", "MANUAL: pin one replica less"),
    KeyEntry(
        _CONTROL,
        "plus,equals_sign",
        "speed(1)",
        "+",
        "faster",
        "Faster: 1x, 10x, 60x, max",
        7,
    ),
    KeyEntry(_CONTROL, "minus", "speed(-1)", "-", "slower", "Slower", 7),
    *CLUSTER_KEYS,
    # A training: what can be done to it, and what else there is to see.
    KeyEntry(_TRAINING, "space", "pause", "space", "pause", "Pause the training, or go on", 1),
    KeyEntry(
        _TRAINING,
        "v",
        "other_charts",
        "v",
        "view",
        "Charts of the training, or of the traffic it trains on",
        2,
    ),
    *REPLAY_KEYS,
    *STORY_KEYS,
    *SETUP_KEYS,
    # Runs.
    KeyEntry(
        _RUNS,
        "enter",
        "attach",
        "enter",
        "open",
        "Attach to a live run; look back on another",
        1,
    ),
    KeyEntry(_RUNS, "o", "look", "o", "look", "Attach read-only: look, command nothing", 4),
    KeyEntry(_RUNS, "p", "replay", "p", "replay", "Replay from the first decision on", 5),
    KeyEntry(_RUNS, "d", "debug", "d", "debug", "Open the debugger at the last decision", 6),
    KeyEntry(_RUNS, "space", "mark", "space", "mark", "Mark for comparing; at most two", 6),
    KeyEntry(_RUNS, "c", "compare", "c", "compare", "Compare the two marked runs", 7),
    KeyEntry(_RUNS, "e", "export", "e", "export", "Export as data, as the file, or recorded", 8),
    KeyEntry(_RUNS, "x", "stop", "x", "stop", "Stop the engine of a live run; asks first", 9),
    KeyEntry(
        _RUNS, "u", "resume", "u", "resume", "Resume a training; start a policy's run over", 9
    ),
    KeyEntry(_RUNS, "D,delete", "delete", "D", "delete", "Delete the run's files; asks first", 10),
    KeyEntry(_RUNS, "slash", "filter", "/", "filter", "Filter the runs by words", 3),
    KeyEntry(_RUNS, "escape", "back", "esc", "back", "Clear the filter, the marks, then leave"),
    # Compare: the looking keys of Live that make sense for two runs.
    KeyEntry(_COMPARE, "left", "cursor(-1)", "left", "back", "Move the cursor one column back"),
    KeyEntry(_COMPARE, "right", "cursor(1)", "right", "on", "Move the cursor one column on", 1),
    KeyEntry(_COMPARE, "home", "first", "home", "first", "Go to the start"),
    KeyEntry(_COMPARE, "end", "last", "end", "last", "Go to the end"),
    KeyEntry(_COMPARE, "z", "zoom(1)", "z", "zoom out", "Show more time", 3),
    KeyEntry(_COMPARE, "Z", "zoom(-1)", "Z", "zoom in", "Show less time around the cursor", 3),
    KeyEntry(_COMPARE, "l", "log_scale", "l", "log", "Logarithmic latency, and back", 4),
    KeyEntry(_COMPARE, "d", "debug", "d", "debug", "Step through both, in step", 5),
    KeyEntry(_COMPARE, "x", "swap", "x", "swap", "Swap the two runs", 5),
    KeyEntry(
        _COMPARE, "escape", "back", "esc", "back", "Back to the list; clears the cursor first", 2
    ),
    *DEBUG_KEYS,
    *BENCH_KEYS,
    *GUIDE_KEYS,
    # Dialogs.
    KeyEntry(_OVERRIDE, "enter", "apply", "enter", "apply", "Pin the replicas", 1),
    KeyEntry(_OVERRIDE, "escape", "cancel", "esc", "cancel", "Leave everything as it is", 2, True),
    *TAKING_KEYS,
    KeyEntry(_CONFIRM, "y", "confirm", "y", "yes", "Do it"),
    KeyEntry(_CONFIRM, "n,escape,q", "cancel", "esc", "cancel", "Leave everything as it is"),
    KeyEntry(_EXPORT, "enter", "apply", "enter", "export", "Write the file", 1),
    KeyEntry(_EXPORT, "escape", "cancel", "esc", "cancel", "Write nothing", 2, True),
    KeyEntry(_EXPLAIN, "escape,enter,q", "close", "esc", "close", "Close"),
    KeyEntry(_QUIT, "l", "leave", "l", "leave running", "Quit; the engine goes on"),
    KeyEntry(_QUIT, "s", "stop", "s", "stop it", "Stop the engine, then quit; replicas stay"),
    KeyEntry(
        _QUIT, "r", "restore", "r", "restore", "In control of a cluster: stop, put back, quit"
    ),
    KeyEntry(_QUIT, "escape", "cancel", "esc", "stay", "Do not quit"),
)


ACTIONS_UNSEEN = {
    key: entry.action
    for entry in KEYS
    if entry.action in ("app.help", "app.leave")
    for key in entry.keys.split(",")
}
"""What the few keys do that act while a terminal is too small for its screen."""


def entries(*contexts: KeyContext) -> tuple[KeyEntry, ...]:
    """The entries of `contexts`, in the order of the table."""
    return tuple(entry for entry in KEYS if entry.context in contexts)


def bindings(*contexts: KeyContext) -> list[Binding]:
    """Textual bindings for `contexts`; a key that two contexts share counts once."""
    seen: set[tuple[str, str]] = set()
    found = []
    for entry in entries(*contexts):
        if (entry.keys, entry.action) in seen:
            continue
        seen.add((entry.keys, entry.action))
        found.append(
            Binding(
                entry.keys,
                entry.action,
                entry.label,
                show=False,
                key_display=entry.display,
                priority=entry.priority,
                tooltip=entry.help,
            )
        )
    return found


def footer_text(entry: KeyEntry) -> str:
    """An entry as it stands in the footer, with the gap after it."""
    return f"{entry.display} {entry.label}  "


def footer_entries(
    width: int, contexts: Sequence[KeyContext], *, typing: bool = False
) -> tuple[KeyEntry, ...]:
    """The entries that fit a footer of `width` cells: the most important, in the table's order.

    Args:
        width: Cells.
        contexts: Their entries come in this order, those for everywhere last; a key means what it
            means in the first of them.
        typing: Whether a text is being typed, which takes most keys for itself.
    """
    meanings = {
        key: context
        for context in reversed(contexts)
        for entry in entries(context)
        for key in entry.keys.split(",")
    }
    candidates = [
        entry
        for entry in KEYS
        if entry.footer
        and entry.context in contexts
        and all(meanings[key] is entry.context for key in entry.keys.split(","))
        and not (typing and entry.may_be_typed)
    ]
    kept: list[KeyEntry] = []
    room = width + 2
    for entry in sorted(candidates, key=lambda entry: entry.footer):
        size = len(footer_text(entry))
        if size <= room:
            room -= size
            kept.append(entry)
    last = len(contexts)
    place = {context: position for position, context in enumerate(contexts)}
    place[_EVERYWHERE] = place[_ELSEWHERE] = last
    return tuple(sorted(kept, key=lambda entry: (place[entry.context], KEYS.index(entry))))


def help_rows(*contexts: KeyContext) -> list[tuple[KeyContext, list[tuple[str, str]]]]:
    """Rows of the help screen: per context, the keys as written and what they do."""
    return [
        (context, [(entry.display, entry.help) for entry in entries(context)])
        for context in (contexts or tuple(KeyContext))
        if entries(context)
    ]
