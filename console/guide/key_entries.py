"""Keys of the guide; part of the one table in `console.keys`."""

from __future__ import annotations

from console.key_entry import KeyContext, KeyEntry

_GUIDE = KeyContext.GUIDE

GUIDE_KEYS: tuple[KeyEntry, ...] = (
    KeyEntry(_GUIDE, "enter", "next", "enter", "do it", "Do the step that is shown", 1),
    KeyEntry(_GUIDE, "x", "cancel", "x", "cancel", "Cancel or stop what the step does", 4),
    KeyEntry(_GUIDE, "a", "attach", "a", "watch", "Watch the training or the shadow run live", 5),
    KeyEntry(_GUIDE, "up", "turn(-1)", "up", "step before", "Show the step before"),
    KeyEntry(_GUIDE, "down", "turn(1)", "down", "next step", "Show the next step"),
    KeyEntry(_GUIDE, "pageup", "page(-1)", "page up", "scroll up", "Scroll a long result up"),
    KeyEntry(_GUIDE, "pagedown", "page(1)", "page down", "scroll down", "Scroll it down"),
    KeyEntry(_GUIDE, "N", "start_over", "N", "start over", "Forget this guide and begin anew", 6),
    KeyEntry(_GUIDE, "escape", "back", "esc", "back", "Go back; what runs goes on", 7),
)
