"""Which fields a part of Setup has at the moment, whether it is on the screen or not."""

from __future__ import annotations

from textual.widget import Widget
from textual.widgets import Input, OptionList


def fields_of(panel: Widget) -> list[Widget]:
    """What can be focused inside `panel`, in order.

    A part that is hidden for lack of room still has fields, since going there shows it; what is
    hidden inside of it, such as the form that is not chosen, has none.
    """
    return [
        widget
        for widget in panel.query("*").results(Widget)
        if widget.can_focus and not widget.disabled and _is_shown(widget, panel)
    ]


def resting_place(panel: Widget) -> Widget | None:
    """The field that has the focus in `panel` while none is typed into: a list before a choice.

    None where there are only fields to type into: there letters and digits would no longer mean
    what the footer says.
    """
    fields = [field for field in fields_of(panel) if not isinstance(field, Input)]
    lists = [field for field in fields if isinstance(field, OptionList)]
    return next(iter(lists or fields), None)


def _is_shown(widget: Widget, panel: Widget) -> bool:
    ancestor: object = widget
    while isinstance(ancestor, Widget) and ancestor is not panel:
        if not ancestor.display:
            return False
        ancestor = ancestor.parent
    return True
