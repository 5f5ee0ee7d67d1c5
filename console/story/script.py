"""A script: the runs that a story needs, and its scenes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from console.story.figures import places
from console.story.steps import (
    KINDS,
    Compare,
    Debug,
    Live,
    Mode,
    Pace,
    Part,
    Pause,
    Resume,
    Say,
    Speed,
    Start,
    Step,
    Until,
    Versus,
)
from core.errors import InputError
from core.traffic.document import explained, line_of, read_document, shown, suggestion
from core.traffic.faults import Fault
from core.traffic.scenario import NAME_PATTERN

SHIPPED: Final = Path(__file__).with_name("five-minutes.yaml")
"""The story that `demo` tells unless another is given."""

_MOST_ERRORS: Final = 10


class RunPlan(Part):
    """A run of the simulator that the story starts."""

    policy: str = "ppo"
    scenario: str = "flash-crowd"
    peak_rps: Annotated[float | None, Field(gt=0)] = None
    seed: Annotated[int | None, Field(ge=0, le=2**32 - 1)] = None
    speed: Pace = 10.0
    mode: Literal["AUTO", "SHADOW", "HOLD"] = "AUTO"
    faults: tuple[Fault, ...] = ()
    """Happen besides those of the scenario."""


class Scene(Part):
    """A chapter of the story."""

    title: Annotated[str, Field(min_length=1, max_length=20)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]


class Script(Part):
    """A story."""

    title: Annotated[str, Field(max_length=60)] = ""
    runs: Annotated[
        dict[Annotated[str, Field(pattern=NAME_PATTERN, max_length=40)], RunPlan],
        Field(min_length=1),
    ]
    scenes: Annotated[tuple[Scene, ...], Field(min_length=1)]

    @property
    def first_run(self) -> str:
        """The run that is shown at once."""
        first = self.scenes[0].steps[0]
        assert isinstance(first, Live)
        return first.live


class ScriptError(InputError):
    """A script that cannot be played.

    Args:
        lines: One per thing that is wrong: where, what was expected, what was found.
    """

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__(" ".join(lines))
        self.lines = lines


def load_script(path: Path) -> Script:
    """Read and check a script; paths of scenarios and policies in it are relative to its folder.

    Raises:
        ScriptError: It cannot be played; it says every reason that was found.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ScriptError((f"{path}: expected a script in UTF-8, found other bytes.",)) from None
    except OSError as error:
        raise ScriptError(
            (f"{path}: expected a readable script, found: {error.strerror or error}.",)
        ) from None
    return parse_script(text, path)


def parse_script(text: str, source: Path) -> Script:
    """Check the text of a script.

    Args:
        text: The YAML document.
        source: Its file, named in errors.

    Raises:
        ScriptError: It cannot be played.
    """
    try:
        data = read_document(text, source)
    except InputError as error:
        raise ScriptError((str(error),)) from None
    if not isinstance(data, dict):
        raise ScriptError(
            (f"{source}: expected a script (runs, scenes), found {shown(data)}. See docs/demo.md.",)
        )
    try:
        script = Script.model_validate(data)
    except ValidationError as error:
        wrong = [(_path(one["loc"]), _explain(one)) for one in _own(error)]
        raise refusal(source, text, wrong) from None
    if contradictions := list(_contradictions(script)):
        raise refusal(source, text, contradictions)
    return script


Place = tuple[str | int, ...]


def refusal(source: Path, text: str, wrong: Sequence[tuple[Place, str]]) -> ScriptError:
    """An error with a line for each thing that is wrong, and where it stands in the file."""
    lines = []
    for path, words in wrong[:_MOST_ERRORS]:
        number = line_of(text, path)
        where = f"{source}:{number}" if number is not None else str(source)
        field = path[-1] if path and isinstance(path[-1], str) else ""
        lines.append(f"{where}: {f'{field}: ' if field else ''}{words.rstrip('.')}.")
    if len(wrong) > _MOST_ERRORS:
        lines.append(f"{source}: and {len(wrong) - _MOST_ERRORS} more.")
    return ScriptError(tuple(lines))


def _own(error: ValidationError) -> list[ErrorDetails]:
    """The errors, without those of lists that seem empty because nothing in them is right."""
    details = error.errors(include_url=False)
    return [
        one
        for one in details
        if one["type"] != "too_short"
        or not any(
            other is not one and other["loc"][: len(one["loc"])] == one["loc"] for other in details
        )
    ]


def _path(location: Place) -> Place:
    """The path in the file: without the kinds that pydantic puts behind steps and faults."""
    return tuple(
        part
        for index, part in enumerate(location)
        if not (
            index >= 2
            and isinstance(location[index - 1], int)
            and location[index - 2] in ("steps", "faults")
        )
    )


def _explain(detail: ErrorDetails) -> str:
    if detail["type"] in ("union_tag_not_found", "union_tag_invalid") and "steps" in detail["loc"]:
        return _unknown_step(detail["input"])
    return explained(detail, _known_fields(detail["loc"]))


def _unknown_step(found: Any) -> str:
    if not isinstance(found, dict) or not found:
        return f"expected a step (say: …, live: …), found {shown(found)}"
    several = [key for key in KINDS if key in found]
    if several:
        return f"expected one thing to do in a step, found {' and '.join(several)}"
    first = str(next(iter(found)))
    known = ", ".join(KINDS)
    return f"expected a step out of {known}; found {first}{suggestion(first, list(KINDS))}"


def _known_fields(location: Place) -> list[str]:
    model: type[Part] = Script
    if "steps" in location:
        place = location.index("steps")
        kind = location[place + 2] if len(location) > place + 2 else None
        model = KINDS.get(str(kind), Scene)
    elif "faults" in location:
        return []
    elif location[0] == "runs" and len(location) > 1:
        model = RunPlan
    elif location[0] == "scenes" and len(location) > 1:
        model = Scene
    return [field.alias or name for name, field in model.model_fields.items()]


def _contradictions(script: Script) -> Iterator[tuple[Place, str]]:
    """What no single field can know."""
    first = script.scenes[0].steps[0]
    if not isinstance(first, Live):
        yield (
            ("scenes", 0, "steps", 0),
            "expected the first step to be live: RUN, so that there is something to see at once",
        )
    for i, scene in enumerate(script.scenes):
        for j, step in enumerate(scene.steps):
            for name in _runs_named(step):
                if name not in script.runs:
                    known = ", ".join(script.runs)
                    close = suggestion(name, list(script.runs))
                    yield (
                        ("scenes", i, "steps", j),
                        f"expected a run of this script ({known}), found {name}{close}",
                    )


def _runs_named(step: object) -> tuple[str, ...]:
    match step:
        case Say(say=text):
            return tuple(run for run, _ in places(text))
        case Start(start=names):
            return names
        case Live(live=name) | Debug(debug=name):
            return (name,)
        case Compare(compare=pair) | Versus(versus=pair):
            return pair
        case Pause(pause=name) | Resume(resume=name) if name is not None:
            return (name,)
        case Until(run=name) | Speed(run=name) | Mode(run=name) if name is not None:
            return (name,)
    return ()
