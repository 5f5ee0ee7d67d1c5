"""What a run file says about single steps, read in pages and kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING, Final

from core.errors import InputError
from core.runs.replay import Order, recorded_orders

if TYPE_CHECKING:
    from core.runs.reader import RunReader
    from core.state import Step

_PAGE_STEPS: Final = 128
_PAGES: Final = 16


class Recording:
    """The steps and orders of a run, which may still be growing; safe to use from several threads.

    Args:
        reader: The run.
    """

    def __init__(self, reader: RunReader) -> None:
        self.reader = reader
        self._pages: OrderedDict[int, list[Step]] = OrderedDict()
        self._orders: dict[int, list[Order]] = {}
        self._orders_until = -1
        """Orders at earlier steps than this one are all known."""
        self._lock = threading.Lock()

    @property
    def newest(self) -> int:
        """Number of the newest step; -1 before the first."""
        return self.reader.last_step()

    def step(self, index: int) -> Step:
        """One step with everything about it.

        Raises:
            InputError: There is no such step.
        """
        with self._lock:
            page, place = self._page(index)
        if not 0 <= place < len(page) or index < 0:
            raise InputError(f"expected a step from 0 to {self.newest}, found {index}.")
        return page[place]

    def _page(self, index: int) -> tuple[list[Step], int]:
        """The page of a step, and its place there."""
        number, place = divmod(index, _PAGE_STEPS)
        page = self._pages.get(number)
        # The last step of a page that is not full may still be amended, by an override.
        if page is None or (len(page) < _PAGE_STEPS and place >= len(page) - 1):
            first = number * _PAGE_STEPS
            page = self.reader.steps(first, first + _PAGE_STEPS - 1)
            self._pages[number] = page
            while len(self._pages) > _PAGES:
                self._pages.popitem(last=False)
        self._pages.move_to_end(number)
        return page, place

    def orders_at(self, index: int) -> list[Order]:
        """What the operator ordered after step `index`, which must not be the newest one."""
        with self._lock:
            if index >= self._orders_until:
                newest = self.newest
                found: defaultdict[int, list[Order]] = defaultdict(list)
                for order in recorded_orders(self.reader):
                    found[order.step].append(order)
                self._orders, self._orders_until = found, newest
            return self._orders.get(index, [])
