"""The top line of the debugger: which run, which decision, and whether it is the recorded one."""

from __future__ import annotations

import textwrap

from textual.content import Content

from console.debug.scene import DebugScene
from console.debug.view import Panel
from console.live.signs import MUTED, Signs
from core.times import clock

_EXACT = "lived through again, bit for bit"


def heading_line(scene: DebugScene, signs: Signs, width: int) -> Content:
    """Run, decision, state and faithfulness on one line."""
    picture = scene.picture
    if picture is None:
        opening = "" if scene.state.problem else "  Opening the run"
        return Content.assemble((" debug", "bold"), (opening, MUTED))
    snapshot = picture.snapshot
    status, info = snapshot.status, snapshot.info
    policy = status.policy.removesuffix(" (shipped)")
    left = Content.assemble(
        (" debug ", "bold"),
        (f"{signs.path} ", MUTED),
        signs.words(status.scenario),
        (f" {signs.path} ", MUTED),
        (signs.words(policy), "bold"),
    )
    found = picture.explanation
    time_s = 0.0 if found is None else found.step.state.time_s
    parts = []
    if scene.running:
        parts.append(Content.styled(" TO STOP ", "bold $text-warning on $warning-muted"))
    if scene.read_only:
        parts.append(Content.styled("READ-ONLY", "bold $text-secondary"))
    parts += [
        Content(status.state.name),
        Content.styled(_faithful(scene), MUTED),
        Content.assemble(
            ("decision ", MUTED), (f"{picture.index}", "bold"), (f" of {snapshot.length}", MUTED)
        ),
        Content.styled(clock(time_s), "bold"),
    ]
    right = Content("  ").join(part for part in parts if part.plain)
    if left.cell_length + right.cell_length + 2 > width:
        left = signs.cut(left, max(width - right.cell_length - 2, 8))
    name = info.run_id
    gap = width - left.cell_length - right.cell_length - 1
    if gap > len(name) + 4:
        left = Content.assemble(left, (f"  {name}", MUTED))
        gap = width - left.cell_length - right.cell_length - 1
    return Content.assemble(left, " " * max(gap, 1), right)


def _faithful(scene: DebugScene) -> str:
    played = scene.played
    if played is None or not played.faithfulness:
        return ""
    return "exact" if played.faithfulness == _EXACT else ""


def alert_lines(scene: DebugScene, signs: Signs, width: int) -> list[Content]:
    """What is wrong: nothing can be read, or the past came out differently."""
    text, style = scene.state.problem, "$text-error"
    played = scene.played
    if not text and played is not None and "differs" in played.faithfulness:
        text, style = f"Not the recorded run: {played.faithfulness}.", "$text-warning"
    lines = textwrap.wrap(signs.words(text), max(width - 2, 10))[:2]
    return [Content.styled(f" {line}", style) for line in lines]


def tabs_line(scene: DebugScene) -> Content:
    """The panels and the keys that lead to them, where not all are shown."""
    parts: list[tuple[str, str]] = [(" ", "")]
    for number, panel in enumerate(Panel, start=1):
        style = "reverse" if panel is scene.panel else MUTED
        parts += [(f" {number} {panel.value} ", style), (" ", "")]
    return Content.assemble(*parts)
