"""Breakpoints in the debugger: added, gone to, switched off, kept with the run."""

from __future__ import annotations

import json
from pathlib import Path

from core.debug.breakpoints import FILE_NAME
from core.debug.search import RunSearch
from core.runs.reader import RunReader
from tests.console.debug.opening import at, opened, told
from tests.console.pilots import shown, typed, until


def hits(run: Path, text: str) -> list[int]:
    search = RunSearch(RunReader(run))
    return [int(step) for step in search.hits(search.condition(text))]


async def test_breakpoints_are_added_used_and_kept(run: Path) -> None:
    wanted = hits(run, "p95 > slo")
    async with opened(run, 0) as (pilot, screen):
        await pilot.press("c")
        await until(pilot, lambda: "No breakpoint is on" in told(pilot))
        await pilot.press("p")
        await typed(pilot, "p95 > sl")
        await pilot.press("enter")
        await until(pilot, lambda: "found 'sl'" in shown(pilot))
        await typed(pilot, "o")
        await pilot.press("enter")
        await until(pilot, lambda: f"{len(wanted)} decisions so far" in told(pilot))
        await pilot.press("c")
        await at(pilot, screen, wanted[0])
        await pilot.press("c", "c")
        await at(pilot, screen, wanted[2])
        await pilot.press("C")
        await at(pilot, screen, wanted[1])
        assert "[x] p95 > slo" in shown(pilot)
        await pilot.press("1")
        await until(pilot, lambda: "stops at p95 > slo" in shown(pilot))
        assert json.loads((run / FILE_NAME).read_text())["breakpoints"][0]["enabled"]
        await pilot.press("5", "space")
        await until(pilot, lambda: "[ ] p95 > slo" in shown(pilot))
        await pilot.press("space", "s")
        await until(pilot, lambda: "starts" in shown(pilot))
        await pilot.press("end", "c")
        await until(pilot, lambda: "No further stop" in told(pilot))
        await pilot.press("home", "C")
        await until(pilot, lambda: "No stop before" in told(pilot))
        await pilot.press("x")
        await until(pilot, lambda: "None yet." in shown(pilot))


async def test_who_only_looks_keeps_no_breakpoints(run: Path) -> None:
    async with opened(run, 0, read_only=True) as (pilot, screen):
        assert "READ-ONLY" in shown(pilot)
        await pilot.press("p")
        await typed(pilot, "guardrail")
        await pilot.press("enter")
        await until(pilot, lambda: "[x] guardrail" in shown(pilot))
        await pilot.press("c")
        await at(pilot, screen, hits(run, "guardrail")[0])
        assert not (run / FILE_NAME).exists()
