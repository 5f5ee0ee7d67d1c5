"""All that decides what the debugger shows: the run as read, and where the operator stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.debug.feed import DebugState
from console.debug.view import Panel
from console.widgets.too_small import SMALLEST

if TYPE_CHECKING:
    from console.debug.view import Picture, Played

WIDE = (150, 40)
"""Columns and rows from which every panel is shown at once."""
DOUBLE = 110
"""Columns from which the moment stands beside another panel."""


@dataclass(frozen=True, slots=True)
class DebugScene:
    """One moment of the screen."""

    state: DebugState = field(default_factory=DebugState)
    panel: Panel = Panel.MOMENT
    """The panel that keys act on; the only one where there is no room for more."""
    selected: Mapping[Panel, int] = field(default_factory=dict)
    """Which line of each panel is selected."""
    read_only: bool = False
    commands: bool = False
    """Whether this console may command a living engine."""
    running: bool = False
    """Whether the run is driven towards the next breakpoint."""
    charts: bool = False
    """Where there is no room for both: the charts of the futures rather than their table."""
    width: int = 80
    height: int = 24

    @property
    def picture(self) -> Picture | None:
        """The moment as last read; None until then."""
        return self.state.picture

    @property
    def played(self) -> Played | None:
        """The futures of the shown moment; None while they are those of another."""
        played, picture = self.state.played, self.state.picture
        if played is None or picture is None or played.index != picture.index:
            return None
        return played if played.outlook == picture.view.outlook else None

    @property
    def too_small(self) -> bool:
        """Whether there is room for one line of explanation only."""
        return self.width < SMALLEST[0] or self.height < SMALLEST[1]

    @property
    def wide(self) -> bool:
        """Whether every panel is shown at once."""
        return self.width >= WIDE[0] and self.height >= WIDE[1]

    @property
    def double(self) -> bool:
        """Whether the moment stands beside another panel."""
        return not self.wide and self.width >= DOUBLE

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Those that are shown."""
        if self.wide:
            return tuple(Panel)
        if self.double:
            return (Panel.MOMENT, self.panel if self.panel is not Panel.MOMENT else Panel.WHY)
        return (self.panel,)

    def row(self, panel: Panel, count: int) -> int:
        """The selected line of a panel with `count` lines; -1 if it has none."""
        return min(max(self.selected.get(panel, 0), 0), count - 1)
