"""What a run can be recorded as."""

from __future__ import annotations

from enum import StrEnum


class RecordingFormat(StrEnum):
    """What comes out."""

    ASCIICAST = "asciicast"
    """Every moment, for asciinema to play."""
    SVG = "svg"
    """One moment as a picture."""
    HTML = "html"
    """One moment as a page of text."""

    @property
    def suffix(self) -> str:
        """What the name of its file ends with."""
        return "cast" if self is RecordingFormat.ASCIICAST else self.value
