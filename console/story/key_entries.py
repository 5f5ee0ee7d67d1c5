"""The keys of a story that tells itself: their part of the one table of keys."""

from __future__ import annotations

from console.key_entry import KeyContext, KeyEntry

_STORY = KeyContext.STORY

STORY_KEYS: tuple[KeyEntry, ...] = (
    KeyEntry(
        _STORY,
        "space",
        "app.pause_story",
        "space",
        "pause",
        "The story and its run stand still, or go on; any other key takes over",
        0,
        True,
    ),
    KeyEntry(
        _STORY,
        "G",
        "app.resume_story",
        "G",
        "go on",
        "After you took over: the story steers again, from where it stood",
    ),
    KeyEntry(_STORY, "X", "app.end_story", "X", "end", "End the story; the runs go on"),
)
"""They work while there is a story."""
