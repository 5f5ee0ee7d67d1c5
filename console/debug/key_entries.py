"""The keys of the debugger: its part of the one table of keys."""

from __future__ import annotations

from console.key_entry import KeyContext, KeyEntry

_DEBUG = KeyContext.DEBUG
_VERSUS = KeyContext.VERSUS
_BRANCH = KeyContext.BRANCH

DEBUG_KEYS: tuple[KeyEntry, ...] = (
    KeyEntry(_DEBUG, "n,right", "next(1)", "n", "next", "Next decision; at the end take one", 1),
    KeyEntry(_DEBUG, "b,left", "next(-1)", "b", "back", "One decision back", 2),
    KeyEntry(
        _DEBUG,
        "c",
        "run_on(1)",
        "c",
        "continue",
        "On to the next breakpoint; at the end run on until there is one",
        3,
    ),
    KeyEntry(_DEBUG, "C", "run_on(-1)", "C", "to last stop", "Back to the breakpoint before"),
    KeyEntry(_DEBUG, "t", "run_to", "t", "to", "Go to a step or a time: 120, +10, 10:45", 4),
    KeyEntry(
        _DEBUG, "shift+right,pagedown", "next(10)", "shift+right", "on 10", "Ten decisions on"
    ),
    KeyEntry(
        _DEBUG, "shift+left,pageup", "next(-10)", "shift+left", "back 10", "Ten decisions back"
    ),
    KeyEntry(_DEBUG, "home", "first", "home", "first", "Go to the first decision"),
    KeyEntry(_DEBUG, "end", "last", "end", "last", "Go to the last decision, and follow it"),
    KeyEntry(_DEBUG, "z", "zoom(1)", "z", "zoom out", "Show more time on the timeline"),
    KeyEntry(_DEBUG, "Z", "zoom(-1)", "Z", "zoom in", "Show less time on the timeline"),
    KeyEntry(_DEBUG, "tab", "turn(1)", "tab", "panel", "Next panel", 7, True),
    KeyEntry(_DEBUG, "shift+tab", "turn(-1)", "shift+tab", "panel before", "Panel before", 0, True),
    *(
        KeyEntry(_DEBUG, str(number), f"panel({number})", str(number), name, f"Panel: {what}")
        for number, name, what in (
            (1, "moment", "what was decided, the state, the reward"),
            (2, "values", "what the policy weighed"),
            (3, "why", "what it saw, and what each feature contributed"),
            (4, "what if", "what would have come of the alternatives"),
            (5, "stops", "breakpoints"),
            (6, "alike", "the nearest past decisions for the same action"),
        )
    ),
    KeyEntry(_DEBUG, "up", "select(-1)", "up", "line up", "Select the line above"),
    KeyEntry(_DEBUG, "down", "select(1)", "down", "line down", "Select the line below"),
    KeyEntry(
        _DEBUG,
        "enter",
        "act",
        "enter",
        "use",
        "Use the line: values compares with it, what if branches, alike goes there",
    ),
    KeyEntry(_DEBUG, "p", "add_stop", "p", "stop at", "Add a breakpoint, such as p95 > slo", 5),
    KeyEntry(_DEBUG, "space", "toggle_stop", "space", "on, off", "Breakpoint on or off"),
    KeyEntry(_DEBUG, "s", "switch_stop", "s", "each, start", "Stop at each, or where it starts"),
    KeyEntry(_DEBUG, "x,delete", "remove_stop", "x", "remove", "Remove the breakpoint"),
    KeyEntry(_DEBUG, "y", "question", "y", "question", "Why: this action, or so many replicas", 9),
    KeyEntry(
        _DEBUG, "m", "baseline", "m", "baseline", "Why: against the run's mean, or the step before"
    ),
    KeyEntry(_DEBUG, "o", "others", "o", "policies", "What if: policies that take over here", 10),
    KeyEntry(
        _DEBUG, "plus,equals_sign", "horizon(1)", "+", "further", "What if: look further ahead"
    ),
    KeyEntry(_DEBUG, "minus", "horizon(-1)", "-", "nearer", "What if: look less far ahead"),
    KeyEntry(_DEBUG, "f", "charts", "f", "charts", "What if: charts instead of the table"),
    KeyEntry(_DEBUG, "B", "branch", "B", "branch", "Go on from here in a new run", 6),
    KeyEntry(_DEBUG, "v", "versus", "v", "versus", "Beside another policy or run, in step", 11),
    KeyEntry(_DEBUG, "e", "export", "e", "export", "Write this decision to a file", 8),
    KeyEntry(_DEBUG, "escape", "back", "esc", "back", "Halt, or leave; changes nothing", 12),
    KeyEntry(_VERSUS, "n,right", "next(1)", "n", "next", "Next decision of both", 1),
    KeyEntry(_VERSUS, "b,left", "next(-1)", "b", "back", "One decision back in both", 2),
    KeyEntry(_VERSUS, "c", "run_on(1)", "c", "continue", "On to where they differ next", 3),
    KeyEntry(_VERSUS, "C", "run_on(-1)", "C", "to last", "Back to where they differed", 8),
    KeyEntry(_VERSUS, "m", "kind", "m", "meaning", "Differ in action, in replicas, in the SLO", 4),
    KeyEntry(_VERSUS, "t", "run_to", "t", "to", "Go to a step or a time", 5),
    KeyEntry(_VERSUS, "shift+right,pagedown", "next(10)", "shift+right", "on 10", "Ten on"),
    KeyEntry(_VERSUS, "shift+left,pageup", "next(-10)", "shift+left", "back 10", "Ten back"),
    KeyEntry(_VERSUS, "home", "first", "home", "first", "Go to the first decision"),
    KeyEntry(_VERSUS, "end", "last", "end", "last", "Go to the newest decision of both"),
    KeyEntry(_VERSUS, "z", "zoom(1)", "z", "zoom out", "Show more time"),
    KeyEntry(_VERSUS, "Z", "zoom(-1)", "Z", "zoom in", "Show less time"),
    KeyEntry(_VERSUS, "x", "swap", "x", "swap", "Swap the two runs", 7),
    KeyEntry(_VERSUS, "1,enter", "open(0)", "1", "debug A", "Open the debugger on A here", 6),
    KeyEntry(_VERSUS, "2", "open(1)", "2", "debug B", "Open the debugger on B here", 6),
    KeyEntry(_VERSUS, "escape", "back", "esc", "back", "Back to where it came from", 9),
    KeyEntry(_BRANCH, "enter", "apply", "enter", "branch", "Start the new run", 1),
    KeyEntry(_BRANCH, "escape", "cancel", "esc", "cancel", "Start nothing", 2, True),
)
