"""The line of a story on the screen: the caption, where the story stands, and who steers."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from enum import Enum

from textual import events
from textual.content import Content

from console.live.signs import MUTED, Signs
from console.widgets.lines import Lines


class StoryState(Enum):
    """Who steers."""

    PLAYING = "playing"
    PAUSED = "paused"
    """Everything stands still until the presenter goes on."""
    WAITING = "waiting"
    """The presenter steers."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class StoryPicture:
    """What the bar shows."""

    state: StoryState = StoryState.PLAYING
    caption: str = ""
    scene: str = ""
    number: int = 0
    """Of the scene, from 1; 0 before the first."""
    scenes: int = 0

    @property
    def place(self) -> str:
        """Where the story stands, such as `2/6 flash crowd`."""
        return f"{self.number}/{self.scenes} {self.scene}" if self.number else ""


def bar_lines(picture: StoryPicture, signs: Signs, width: int) -> list[Content]:
    """Two lines while the story steers, one while it waits."""
    room = max(width - 2, 10)
    if picture.state is StoryState.WAITING:
        left = Content.styled("You steer", "bold $text-warning")
        place = f", the story waits at {picture.place}"
        keys = "G goes on  X ends it"
        apart = room - left.cell_length - len(keys)
        if apart <= len(place):
            place = ""
        gap = " " * max(apart - len(place), 1)
        return [Content.assemble(" ", left, (place, MUTED), gap, keys)]
    status = _status(picture, signs)
    lines = textwrap.wrap(signs.words(picture.caption), room)
    first = lines[0] if lines else ""
    second = textwrap.wrap(" ".join(lines[1:]), max(room - status.cell_length - 2, 10)) or [""]
    rest = second[0] if len(second) == 1 else f"{second[0]}{signs.ellipsis}"
    gap = " " * max(room - len(rest) - status.cell_length, 1)
    return [
        Content.assemble(" ", (first, "bold")),
        Content.assemble(" ", (rest, "bold"), gap, status),
    ]


def _status(picture: StoryPicture, signs: Signs) -> Content:
    if picture.state is StoryState.ENDED:
        return Content.styled("the story is over", MUTED)
    if picture.state is StoryState.PAUSED:
        return Content.assemble(
            (f"{picture.place} ", MUTED),
            (" PAUSED ", "bold $text-warning on $warning-muted"),
            (" space goes on", MUTED),
        )
    place = f"{picture.place} {signs.middle} " if picture.place else ""
    return Content.styled(f"{place}space pauses", MUTED)


class StoryBar(Lines):
    """At the top of whatever screen the story is on; takes its rows from the rest."""

    DEFAULT_CSS = """
    StoryBar {
        split: top;
        height: 2;
        width: 1fr;
        background: $panel;
    }
    """

    def __init__(self, signs: Signs) -> None:
        super().__init__(classes="story")
        self._signs = signs
        self._picture: StoryPicture | None = None

    def show_story(self, picture: StoryPicture) -> None:
        """Show where the story stands."""
        if picture == self._picture:
            return
        self._picture = picture
        self.styles.height = 1 if picture.state is StoryState.WAITING else 2
        self.fit(lambda width, _: bar_lines(picture, self._signs, width))

    async def on_click(self, event: events.Click) -> None:
        """A click on it is what its key would be: pause, go on."""
        waiting = self._picture is not None and self._picture.state is StoryState.WAITING
        await self.run_action("app.resume_story" if waiting else "app.pause_story")
