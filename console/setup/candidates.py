"""The list of what can be chosen for the field of a cluster that is typed into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from console.setup.cluster_names import LEVELS, Level, Names


class CandidateList(OptionList, inherit_bindings=False):
    """Contexts, namespaces or Deployments; moving is choosing.

    Left and right go from one level to the next. Until a row is gone to none is chosen: the first
    Deployment of an alphabet is nobody's wish.

    Args:
        ascii_only: Mark without Unicode.
    """

    DEFAULT_CSS = """
    CandidateList {
        border: none;
        padding: 0;
        background: transparent;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        scrollbar-size-vertical: 1;
        &:focus { border: none; background-tint: transparent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # Enter is left to the screen: what is highlighted is picked already.
        *(
            binding
            for binding in OptionList.BINDINGS
            if isinstance(binding, Binding) and binding.key != "enter"
        ),
        Binding("right", "turn(1)", "Next level", show=False),
        Binding("left", "turn(-1)", "Level before", show=False),
    ]

    @dataclass
    class Picked(Message):
        """A row was gone to."""

        level: Level
        value: str

    @dataclass
    class Turned(Message):
        """Another level is asked for."""

        level: Level

    @dataclass
    class Left(Message):
        """The last (1) or the first (-1) level is left: the part beside is asked for."""

        change: int

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(id="candidates", compact=True)
        self._mark = ">" if ascii_only else "▸"
        self.level = Level.CONTEXT
        """What is offered."""
        self._shown: tuple[str, ...] = ()
        self._chosen = ""

    def show(self, names: Names | None, chosen: str, words: str) -> None:
        """Offer what is known of the level.

        Args:
            names: None while they are still read.
            chosen: What stands in the field.
            words: Only names that contain each of these are shown.
        """
        self._chosen = chosen
        known = names.names if names is not None else ()
        wanted = words.lower().split()
        self._shown = tuple(name for name in known if all(word in name.lower() for word in wanted))
        options = [Option(self._prompt(name), id=name) for name in self._shown]
        if not options:
            options.append(
                Option(Content.styled(_nothing(self.level, names), "$series-axis"), disabled=True)
            )
        with self.prevent(OptionList.OptionHighlighted):
            self.set_options(options)
            self.highlighted = self._shown.index(chosen) if chosen in self._shown else None

    def move(self, change: int) -> None:
        """Go to the next row, or to the one before; from none at all to the first or the last."""
        if self._shown and change > 0:
            self.action_cursor_down()
        elif self._shown:
            self.action_cursor_up()

    def _prompt(self, name: str) -> Content:
        mark = self._mark if name == self._chosen else " "
        return Content.assemble((f"{mark} ", "bold $accent"), name)

    def action_turn(self, change: int) -> None:
        """Go to the level beside, or out of the list."""
        index = LEVELS.index(self.level) + change
        if 0 <= index < len(LEVELS):
            self.post_message(self.Turned(LEVELS[index]))
        else:
            self.post_message(self.Left(change))

    def _on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        value = event.option.id
        if value is None or value == self._chosen:
            return
        before, self._chosen = self._chosen, value
        for name in (before, value):
            if name in self._shown:
                self.replace_option_prompt(name, self._prompt(name))
        self.post_message(self.Picked(self.level, value))


def _nothing(level: Level, names: Names | None) -> str:
    if names is None:
        return f"reading the {level.plural}"
    if names.problem:
        return f"the {level.plural} cannot be listed; type a name"
    if names.names:
        return "nothing matches"
    where = " in this namespace" if level is Level.DEPLOYMENT else ""
    return f"no {level.plural}{where}"
