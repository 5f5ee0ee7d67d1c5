"""Scripts: what they may say, and one clear line for each thing that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.story.bar import StoryPicture, StoryState, bar_lines
from console.story.company import Company
from console.story.figures import FIGURES, filled
from console.story.script import SHIPPED, ScriptError, load_script, parse_script
from console.story.steps import KINDS, Live, Override, Part, Say, Speed, Until
from tests.console.cli.conftest import CommandLine, cli

__all__ = ["cli"]

SOURCE = Path("story.yaml")
GOOD = """
runs:
  demo: {policy: hpa, scenario: flash-crowd, speed: 60}
scenes:
  - title: one
    steps:
      - live: demo
      - say: "{demo.rps} requests a second"
        for: 3
      - until: 10:00
      - speed: max
      - override: 12
        for: 4 min
      - release
"""


def refused(text: str) -> tuple[str, ...]:
    with pytest.raises(ScriptError) as caught:
        parse_script(text, SOURCE)
    return caught.value.lines


def test_the_shipped_story_can_be_played() -> None:
    script = load_script(SHIPPED)
    assert script.first_run == "demo"
    assert Company(script, SHIPPED.parent).problems() == []
    seen = {type(step).__name__.lower() for scene in script.scenes for step in scene.steps}
    assert {"live", "compare", "versus", "debug", "override", "say", "press", "until"} <= seen


def test_the_documented_script_can_be_played() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "demo.md"
    text = page.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    script = parse_script(text, SOURCE)
    assert Company(script, page.parent).problems() == []


def test_every_kind_of_step_is_documented() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "demo.md"
    text = page.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}" not in text] == []
    assert [name for name in FIGURES if f"`{name}`" not in text and f".{name}}}`" not in text] == []


def test_the_shipped_story_lasts_about_five_minutes() -> None:
    script = load_script(SHIPPED)
    speed = float(script.runs["demo"].speed or 0)
    begin, paused, wall_s = 0.0, False, 0.0
    for step in (step for scene in script.scenes for step in scene.steps):
        match step:
            case Say():
                begin += 0 if paused else step.seconds * speed
                wall_s += step.seconds
            case Speed(speed=found):
                speed = float(found or 0)
            case Until(until=time_s) if time_s > begin:
                wall_s += (time_s - begin) / speed
                begin = time_s
            case Live() | Override():
                wall_s += 1
            case _:
                name = type(step).__name__
                paused = name == "Pause" or (paused and name != "Resume")
    assert 210 <= wall_s <= 330


def test_a_script_says_what_it_means() -> None:
    script = parse_script(GOOD, SOURCE)
    steps = script.scenes[0].steps
    assert isinstance(steps[1], Say)
    assert steps[1].seconds == 3
    assert isinstance(steps[2], Until)
    assert steps[2].until == 600.0
    assert isinstance(steps[3], Speed)
    assert steps[3].speed is None
    assert isinstance(steps[4], Override)
    assert steps[4].for_text == "4 min"


def test_every_step_is_a_part_that_forbids_what_it_does_not_know() -> None:
    assert all(issubclass(kind, Part) for kind in KINDS.values())


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("policy: hpa", "polcy: hpa", 3, "found polcy (did you mean policy?)"),
        ("speed: 60", "speed: -1", 3, "expected max or a number above 0, such as 10, found -1"),
        ("live: demo", "liev: demo", 7, "found liev (did you mean live?)"),
        ("live: demo", "live: demoo", 7, "found demoo (did you mean demo?)"),
        ("- live: demo", "- wait: 3", 7, "expected the first step to be live: RUN"),
        ("demo.rps", "demo.rpm", 8, "found {demo.rpm}"),
        ("demo.rps", "dmo.rps", 8, "found dmo (did you mean demo?)"),
        ("requests a second", "x" * 120, 8, "expected at most 120 characters, found 127"),
        ("for: 3", "form: 3", 9, "found form (did you mean for?)"),
        ("until: 10:00", "until: soon", 10, "expected a time such as 10:45"),
        ("override: 12", "override: -2", 12, "expected at least 0, found -2"),
        ("for: 4 min", "for: 4 parsecs", 13, "expected such as 15 min"),
        ("- release", "- wat", 14, "expected a step (say: …, live: …), found 'wat'"),
        ("until: 10:00", "{until: 10, wait: 3}", 10, "found wait and until"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    before: str, after: str, line: int, words: str
) -> None:
    assert before in GOOD
    [found] = refused(GOOD.replace(before, after, 1))
    assert found.startswith(f"story.yaml:{line}: ")
    assert words in found


def test_every_mistake_has_a_line_of_its_own() -> None:
    lines = refused(GOOD.replace("policy", "polcy").replace("until: 10:00", "until: soon"))
    assert [line.split(":")[1] for line in lines] == ["3", "10"]


@pytest.mark.parametrize("text", ["", "- a", "runs: [", "runs: {}\nscenes: []", "a: 1\na: 2"])
def test_what_is_no_script_is_refused(text: str) -> None:
    assert all(line.startswith("story.yaml") for line in refused(text))


def test_the_command_line_refuses_broken_scripts(cli: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    path.write_text(GOOD.replace("flash-crowd", "no-such").replace("hpa", "nobody"))
    answer = cli("demo", "--script", path)
    assert answer.code == 2
    assert answer.error.startswith(f"error: {path}:3: ")
    path.write_text(GOOD.replace("speed: 60", "speed: 60, faults: [{kind: pod-crash, at_s: 9e9}]"))
    assert "before the end" in cli("demo", "--script", path).error
    path.write_text(GOOD.replace("say", "sya").replace("until", "utnil"))
    answer = cli("demo", "--script", path)
    assert answer.code == 2
    assert [line.split(":")[2] for line in answer.err.splitlines()] == ["8", "10"]
    assert cli("demo", "--script", tmp_path / "none.yaml").code == 2
    assert cli("demo", "--script", path, "--headless").code == 2
    assert cli("demo", "--pace", "0").code == 2


def test_captions_tell_figures_of_runs(finished_run: Path) -> None:
    from console.story.figures import Moment
    from core.runs.reader import RunReader

    reader = RunReader(finished_run)
    status = reader.status()
    moment = Moment(status, reader.step(status.step))
    nothing = Moment(status, None)
    text = " ".join(f"{{demo.{name}}}" for name in FIGURES)
    said = filled(text, lambda name: moment if name == "demo" else nothing)
    assert moment.step is not None
    assert f"{moment.step.state.replicas_ready} " in said
    assert f"{status.totals.pod_hours:.1f}" in said
    assert "–" not in said
    assert filled("{demo.p95}", lambda _: nothing) == "–"
    reader.close()


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize("state", list(StoryState))
def test_the_bar_fits_every_width(width: int, state: StoryState) -> None:
    from console.live.signs import ASCII, UNICODE

    caption = "Traffic triples, and so on; " * 4
    picture = StoryPicture(state, caption, "a long title of one", 3, 12)
    for signs in (ASCII, UNICODE):
        lines = bar_lines(picture, signs, width)
        assert len(lines) == (1 if state is StoryState.WAITING else 2)
        assert all(line.cell_length <= width for line in lines)
        if signs is ASCII:
            assert all(line.plain.isascii() for line in lines)
    if width >= 80 and state is StoryState.PLAYING:
        words = " ".join(line.plain for line in lines).split()
        assert " ".join(words).count("and so on") == 4
