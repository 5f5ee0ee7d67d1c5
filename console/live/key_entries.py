"""The keys of runs on a real cluster and of replays: their part of the one table of keys."""

from __future__ import annotations

from console.key_entry import KeyContext, KeyEntry

_CLUSTER = KeyContext.CLUSTER
_REPLAY = KeyContext.REPLAY
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

REPLAY_KEYS: tuple[KeyEntry, ...] = (
    KeyEntry(_REPLAY, "space", "pause", "space", "play", "Play, or halt", 1),
    KeyEntry(_REPLAY, "n", "next", "n", "step", "One decision on", 4),
    KeyEntry(_REPLAY, "t", "run_to", "t", "to", "Go to a step or a time: 120, +10, 10:45", 2),
    KeyEntry(
        _REPLAY,
        "plus,equals_sign",
        "speed(1)",
        "+",
        "faster",
        "Play faster: 1x, 10x, 60x, max",
        6,
    ),
    KeyEntry(_REPLAY, "minus", "speed(-1)", "-", "slower", "Play slower", 6),
    KeyEntry(_REPLAY, "left", "cursor(-1)", "left", "back", "Play head one decision back"),
    KeyEntry(_REPLAY, "right", "cursor(1)", "right", "forward", "Play head one decision on"),
    KeyEntry(_REPLAY, "home", "first", "home", "start", "Play head to the first decision"),
    KeyEntry(_REPLAY, "end", "follow", "end", "end", "Play head to the last decision"),
)
"""The same keys as of a living run, on the play head of this console alone."""

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
