"""The steps of a script: what it says, and what it lets the console do."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
)

from console.live.override import parse_time_to_live
from console.story.figures import check_figures, written_length
from core.errors import InputError
from core.times import parse_time

LONGEST_CAPTION: Final = 120
"""Characters that fit two lines of a terminal with 80 columns."""

_FASTEST: Final = 1e4


def _seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_time(value)
    except InputError as error:
        raise ValueError(error.message.rstrip(".")) from None


def _time_to_live(value: Any) -> Any:
    text = f"{value:g} s" if isinstance(value, (int, float)) else value
    if isinstance(text, str):
        try:
            parse_time_to_live(text)
        except InputError as error:
            raise ValueError(error.message.rstrip(".")) from None
    return text


def _caption(value: str) -> str:
    check_figures(value)
    length = written_length(value)
    if length > LONGEST_CAPTION:
        raise ValueError(f"expected at most {LONGEST_CAPTION} characters, found {length}")
    return value


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, (str, int)) else value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0, le=86_400 * 31)]
"""A number of seconds, or such as 10:45, 01:10:45, 90 s or 10 min."""


def _speed(value: Any) -> float | None:
    if value == "max":
        return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 < value <= _FASTEST:
        raise ValueError(f"expected max or a number above 0, such as 10, found {value!r}")
    return float(value)


Pace = Annotated[float | None, PlainValidator(_speed)]
"""Simulated seconds per second; None, written `max`, is as fast as possible."""

Pair = Annotated[tuple[str, str], Field(description="Names of two runs.")]


class Part(BaseModel):
    """A part of a script: immutable, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Say(Part):
    """A caption, and how long it stands before the next step."""

    say: Annotated[str, Field(min_length=1), AfterValidator(_caption)]
    for_s: Annotated[Seconds | None, Field(alias="for")] = None

    @property
    def seconds(self) -> float:
        """As given, or long enough to be read."""
        return max(4.0, len(self.say) / 12) if self.for_s is None else self.for_s


class Wait(Part):
    """Nothing happens for a while; the caption stays."""

    wait: Seconds


class Until(Part):
    """Wait until a run has reached a moment, or has ended."""

    until: Seconds
    run: str | None = None


class Start(Part):
    """Start runs in the background, where they are ready when they are shown."""

    start: Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1)]


class Live(Part):
    """Show a run live."""

    live: str


class Compare(Part):
    """Show two runs on one time axis, with their totals."""

    compare: Pair


class Versus(Part):
    """Step through two runs of the same scenario and seed."""

    versus: Pair
    at: Seconds | None = None


class Debug(Part):
    """Open the debugger at a decision."""

    debug: str
    at: Seconds | None = None


class Override(Part):
    """Pin replicas in the dialog, for a time or until released."""

    override: Annotated[int, Field(ge=0)]
    for_text: Annotated[str, Field(alias="for"), BeforeValidator(_time_to_live)] = ""


class Release(Part):
    """Give control back."""

    release: None = None


class Speed(Part):
    """Another speed of a run, in simulated seconds per second."""

    speed: Pace
    run: str | None = None


class Mode(Part):
    """Another control mode of a run."""

    mode: Literal["AUTO", "SHADOW", "HOLD"]
    run: str | None = None


class Pause(Part):
    """Let a run stand still."""

    pause: str | None = None


class Resume(Part):
    """Let a run go on."""

    resume: str | None = None


class Press(Part):
    """Press keys, as the operator would."""

    press: Annotated[
        tuple[Annotated[str, BeforeValidator(str)], ...],
        BeforeValidator(_one_or_more),
        Field(min_length=1),
    ]


KINDS: Final[dict[str, type[Part]]] = {
    "say": Say,
    "wait": Wait,
    "until": Until,
    "start": Start,
    "live": Live,
    "compare": Compare,
    "versus": Versus,
    "debug": Debug,
    "override": Override,
    "release": Release,
    "speed": Speed,
    "mode": Mode,
    "pause": Pause,
    "resume": Resume,
    "press": Press,
}
"""Steps by the key that tells what they do."""


def _mapping(value: Any) -> Any:
    return {value: None} if value in ("release", "pause", "resume") else value


def kind_of(value: Any) -> str | None:
    """The key that tells what a step does; None unless there is exactly one."""
    if isinstance(value, Part):
        return type(value).__name__.lower()
    found = [key for key in KINDS if key in value] if isinstance(value, dict) else []
    return found[0] if len(found) == 1 else None


Step = Annotated[
    Annotated[Say, Tag("say")]
    | Annotated[Wait, Tag("wait")]
    | Annotated[Until, Tag("until")]
    | Annotated[Start, Tag("start")]
    | Annotated[Live, Tag("live")]
    | Annotated[Compare, Tag("compare")]
    | Annotated[Versus, Tag("versus")]
    | Annotated[Debug, Tag("debug")]
    | Annotated[Override, Tag("override")]
    | Annotated[Release, Tag("release")]
    | Annotated[Speed, Tag("speed")]
    | Annotated[Mode, Tag("mode")]
    | Annotated[Pause, Tag("pause")]
    | Annotated[Resume, Tag("resume")]
    | Annotated[Press, Tag("press")],
    Discriminator(kind_of),
    BeforeValidator(_mapping),
]
"""Any step, told apart by its key."""
