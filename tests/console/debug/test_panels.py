"""The panels of the debugger: how many fit, and what each says and is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual.widgets import Input

from console.debug.futures import futures_lines
from console.live.decision import Drawing
from console.live.signs import UNICODE
from console.themes import palette_for
from tests.console.debug.opening import at, futures, opened
from tests.console.pilots import shown, until

LARGE = (160, 50)


async def test_everything_is_visible_at_once_where_there_is_room(run: Path) -> None:
    async with opened(run, 33, size=LARGE) as (pilot, screen):
        await futures(pilot, screen)
        text = shown(pilot)
        for words in (
            "decision 33 of 80",
            "exact",
            "policy wants",
            "latency p95",
            "Reward",
            "Probabilities",
            "entropy",
            "runner-up",
            "logit of",
            "exact to 1e-09",
            "as decided",
            "hpa from here",
            "p95 to come",
            "ready to come",
            "None yet.",
            "for the same action",
            "1 moment",
            "6 alike",
        ):
            assert words in text, words


async def test_one_panel_at_a_time_where_there_is_not(run: Path) -> None:
    async with opened(run, 33) as (pilot, screen):
        await futures(pilot, screen)
        words = (
            "policy wants",
            "Probabilities",
            "exact to",
            "as decided",
            "None yet.",
            "for the same action",
        )
        for number, expected in enumerate(words, start=1):
            await pilot.press(str(number))
            await until(pilot, lambda expected=expected: expected in shown(pilot), expected)  # type: ignore[misc]
            assert sum(one in shown(pilot) for one in words) == 1
        await pilot.press("tab")
        await until(pilot, lambda: "policy wants" in shown(pilot))
        await pilot.press("shift+tab")
        await until(pilot, lambda: "for the same action" in shown(pilot))


async def test_the_moment_stands_beside_another_panel_at_120_columns(run: Path) -> None:
    async with opened(run, 33, size=(120, 36)) as (pilot, _):
        assert "policy wants" in shown(pilot)
        assert "logit of" in shown(pilot)
        await pilot.press("2")
        await until(pilot, lambda: "Probabilities" in shown(pilot))
        assert "policy wants" in shown(pilot)


async def test_a_click_selects_a_panel(run: Path) -> None:
    async with opened(run, 33, size=LARGE) as (pilot, screen):
        await pilot.click("#panel-values", offset=(5, 5))
        await until(pilot, lambda: screen.scene.panel.value == "values")


async def test_questions_and_baselines(run: Path) -> None:
    async with opened(run, 33) as (pilot, screen):
        await pilot.press("3")
        await until(pilot, lambda: "at the mean of 81 observations" in shown(pilot))
        await pilot.press("m")
        await until(pilot, lambda: "the decision before" in shown(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "logarithm of the mean target" in shown(pilot))
        await pilot.press("y", "m")
        await until(pilot, lambda: "logit of" in shown(pilot))
        await pilot.press("2", "down", "down", "down", "enter", "3")
        assert screen.picture is not None
        found = screen.picture.explanation
        assert found is not None
        assert found.weighing is not None
        rival = found.weighing.options[3]
        await until(pilot, lambda: screen._view.inquiry.rival == rival.action)
        about = f"minus that of {rival.label.replace('-minute', ' min')}"
        await until(pilot, lambda: about in shown(pilot), about)
        await pilot.press("2", "up", "up", "up", "enter")
        await until(pilot, lambda: screen._view.inquiry.rival is None)


async def test_futures_further_nearer_and_of_others(run: Path) -> None:
    async with opened(run, 33) as (pilot, screen):
        await pilot.press("4")
        await futures(pilot, screen)
        assert "Next 20 decisions" in shown(pilot)
        await pilot.press("minus")
        await until(pilot, lambda: "Next 10 decisions" in shown(pilot))
        await pilot.press("plus", "plus")
        await until(pilot, lambda: "Next 40 decisions" in shown(pilot))
        await pilot.press("o")
        screen.query_one(Input).value = "static:5, nobody"
        await until(pilot, lambda: "found 'nobody'" in shown(pilot))
        screen.query_one(Input).value = "static:5"
        await pilot.press("enter")
        await until(pilot, lambda: "static:5 from here" in shown(pilot))
        assert "hpa from here" not in shown(pilot)
        await pilot.press("f")
        await until(pilot, lambda: "p95 to come" in shown(pilot))
        await pilot.press("f")
        await until(pilot, lambda: "as decided" in shown(pilot))


async def test_what_limits_the_futures_is_never_cut(run: Path) -> None:
    words = " ".join(f"word{number:02d}" for number in range(30))
    async with opened(run, 33) as (pilot, screen):
        await pilot.press("4")
        await futures(pilot, screen)
        played = screen.scene.played
        assert played is not None
        assert played.found is not None
        noted = replace(played, found=replace(played.found, note=words))
        scene = replace(screen.scene, state=replace(screen.scene.state, played=noted))
        drawing = Drawing(UNICODE, palette_for(pilot.app.theme))
        for height in (18, 40):
            lines = futures_lines(scene, drawing, 38, height, 0, focused=True)
            assert len(lines) <= height
            text = " ".join(line.plain.strip() for line in lines)
            assert "word00" in text
            assert "word29." in text
            assert "as decided" in text


async def test_the_alike_lead_to_their_decision(run: Path) -> None:
    async with opened(run, 75) as (pilot, screen):
        assert screen.picture is not None
        found = screen.picture.explanation
        assert found is not None
        assert len(found.neighbours) > 1
        await pilot.press("6", "down", "enter")
        await at(pilot, screen, found.neighbours[1].step)


async def test_a_baseline_has_a_debugger_too(hpa_run: Path) -> None:
    async with opened(hpa_run, 40) as (pilot, screen):
        await pilot.press("2")
        await until(pilot, lambda: "decides by a rule" in shown(pilot))
        await pilot.press("enter", "3")
        await until(pilot, lambda: "No contributions" in shown(pilot))
        await pilot.press("4")
        await futures(pilot, screen)
        for words in ("as decided", "×1.25", "rule from here"):
            assert words in shown(pilot)
