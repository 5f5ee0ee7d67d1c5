"""The keys of runs on a real cluster: their part of the one table of keys."""

from __future__ import annotations

from console.key_entry import KeyContext, KeyEntry

_CLUSTER = KeyContext.CLUSTER
_MODE = KeyContext.MODE
_TAKE = KeyContext.TAKE

CLUSTER_KEYS: tuple[KeyEntry, ...] = (
    # A real cluster: no other speed than its own, and a mode is chosen, not stepped through.
    KeyEntry(_CLUSTER, "space", "pause", "space", "pause", "Decide nothing for a while, or go on"),
    KeyEntry(_CLUSTER, "n", "next", "n", "step", "Take one decision now, then pause", 6),
    KeyEntry(_CLUSTER, "m", "cycle_mode", "m", "mode", "Choose the control mode", 1),
    KeyEntry(
        _CLUSTER,
        "o",
        "override",
        "o",
        "override",
        "Take over: pin replicas, for a time or until released",
        2,
    ),
    KeyEntry(
        _CLUSTER,
        "r",
        "release",
        "r",
        "release",
        "End an override, or a pause after somebody else scaled",
        3,
    ),
    KeyEntry(_CLUSTER, "up", "pin(1)", "up", "one more", "MANUAL: pin one replica more"),
    KeyEntry(_CLUSTER, "down", "pin(-1)", "down", "one less", "MANUAL: pin one replica less"),
)
"""Instead of those of a simulation."""

TAKING_KEYS: tuple[KeyEntry, ...] = (
    KeyEntry(_MODE, "a", "choose('AUTO')", "a", "AUTO", "The policy scales"),
    KeyEntry(_MODE, "s", "choose('SHADOW')", "s", "SHADOW", "The policy only advises"),
    KeyEntry(_MODE, "m", "choose('MANUAL')", "m", "MANUAL", "You scale"),
    KeyEntry(_MODE, "h", "choose('HOLD')", "h", "HOLD", "Nothing is scaled"),
    KeyEntry(_MODE, "escape,q", "cancel", "esc", "cancel", "Leave everything as it is"),
    KeyEntry(_TAKE, "enter", "apply", "enter", "confirm", "Take control, if the name is right", 1),
    KeyEntry(_TAKE, "escape", "cancel", "esc", "cancel", "Leave everything as it is", 2, True),
)
"""Of the dialogs in which a mode is chosen and control is confirmed."""
