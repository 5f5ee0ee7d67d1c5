"""The keys of Setup; digits and letters reach a focused field first."""

from __future__ import annotations

from console.key_entry import KeyContext, KeyEntry

_SETUP = KeyContext.SETUP
_CHOICE = KeyContext.CHOICE

SETUP_KEYS = (
    KeyEntry(_SETUP, "enter", "start", "enter", "start", "Start what is chosen, then watch it", 1),
    KeyEntry(_SETUP, "1", "go(1)", "1", "environment", "Go to the environment, speed and seed"),
    KeyEntry(_SETUP, "2", "go(2)", "2", "traffic", "Go to the scenarios"),
    KeyEntry(_SETUP, "3", "go(3)", "3", "policy", "Go to the policy or the training"),
    KeyEntry(_SETUP, "left", "turn(-1)", "left", "part before", "Go to the part before"),
    KeyEntry(_SETUP, "right", "turn(1)", "right", "next part", "Go to the next part", 4),
    KeyEntry(_SETUP, "tab", "field(1)", "tab", "field", "Go to the next field", 3, True),
    KeyEntry(
        _SETUP, "shift+tab", "field(-1)", "shift+tab", "field before", "Go back a field", 0, True
    ),
    KeyEntry(
        _SETUP, "slash", "filter", "/", "filter", "Filter the scenarios, or a cluster's names", 6
    ),
    KeyEntry(_SETUP, "f", "own_file", "f", "own file", "Use a scenario or trace of your own", 7),
    KeyEntry(
        _SETUP, "c", "check_cluster", "c", "check", "Check the chosen cluster, as doctor does"
    ),
    KeyEntry(_SETUP, "u", "own_traffic", "u", "own traffic", "Use my own traffic: twin and shadow"),
    KeyEntry(_SETUP, "p", "policy", "p t", "run, train", "Run a policy; t trains one", 5),
    KeyEntry(_SETUP, "escape", "back", "esc", "back", "Leave the field, then the screen", 8),
    KeyEntry(
        _CHOICE, "right", "focused.move(1)", "left right", "choose", "Choose another option", 3
    ),
)
