"""A screen that shows what a feed reads in a thread of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast

from textual.screen import ModalScreen, Screen

if TYPE_CHECKING:
    from console.app import RlscaleApp


class Feed(Protocol):
    """Reads what a screen shows."""

    def suspend(self, suspended: bool) -> None:
        """Rest, or go on."""


AnyFeed = TypeVar("AnyFeed", bound=Feed)


class FedScreen(Screen[None], Generic[AnyFeed]):
    """Its feed rests while another screen covers it."""

    _feed: AnyFeed | None = None

    @property
    def console_app(self) -> RlscaleApp:
        """The application, by its own type."""
        return cast("RlscaleApp", self.app)

    def on_screen_suspend(self) -> None:
        """Rest below another screen, but not below a dialog."""
        if self._feed is not None and not isinstance(self.app.screen, ModalScreen):
            self._feed.suspend(True)

    def on_screen_resume(self) -> None:
        """Go on."""
        if self._feed is not None:
            self._feed.suspend(False)
