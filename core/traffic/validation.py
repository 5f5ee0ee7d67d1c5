"""From YAML text to a checked scenario, with errors that a person can act on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.errors import InputError
from core.traffic.document import explained, line_of, read_document
from core.traffic.scenario import Fault, Pattern, Scenario

_ERRORS_SHOWN = 3

_MODELS_BY_KIND: dict[str, type[BaseModel]] = {
    model.model_fields["kind"].default: model
    for union in (Pattern, Fault)
    for model in get_args(get_args(union)[0])
}


def parse_scenario(text: str, source: Path) -> Scenario:
    """Check the YAML text of a scenario.

    Args:
        text: The YAML document.
        source: Its file: named in errors, and its folder is where traces are looked for.

    Raises:
        InputError: If it is no valid scenario; it says where, what was expected and what was found.
    """
    data = read_document(text, source)
    if not isinstance(data, dict):
        found = "nothing" if data is None else "a list" if isinstance(data, list) else repr(data)
        raise InputError(
            f"{source}: expected a scenario (name, traffic, …), found {found}.",
            "`rlscale-console scenario show baseline-steady` shows one.",
        )
    data.setdefault("name", source.stem)
    try:
        return Scenario.model_validate(data, context={"folder": source.resolve().parent})
    except ValidationError as error:
        raise _invalid(source, text, error) from error


def _invalid(source: Path, text: str, error: ValidationError) -> InputError:
    details = error.errors(include_url=False)
    parts = []
    for detail in details[:_ERRORS_SHOWN]:
        path = _model_path(detail["loc"])
        line = line_of(text, path)
        where = "" if line is None else f"line {line}: "
        parts.append(f"{where}{_field(path)}{_explain(detail)}")
    more = len(details) - _ERRORS_SHOWN
    rest = f"; and {more} more" if more > 0 else ""
    return InputError(
        f"{source}: {'; '.join(parts)}{rest}.",
        "`rlscale-console scenario schema` lists all fields.",
    )


def _model_path(location: Sequence[str | int]) -> tuple[str | int, ...]:
    """The path in the file: without the kinds that pydantic puts behind a list index."""
    return tuple(
        part
        for index, part in enumerate(location)
        if not (isinstance(part, str) and index and isinstance(location[index - 1], int))
    )


def _field(path: Sequence[str | int]) -> str:
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return f"{name}: " if name else ""


def _explain(detail: ErrorDetails) -> str:
    unknown = detail["type"] == "extra_forbidden"
    return explained(detail, _known_fields(detail["loc"]) if unknown else ())


def _known_fields(location: Sequence[str | int]) -> list[str]:
    """Names that the model at a location has, for an unknown one there."""
    model: Any = Scenario
    if location[0] in ("traffic", "faults") and len(location) > 2:
        model = _MODELS_BY_KIND[str(location[2])]
    elif len(location) > 1:
        model = Scenario.model_fields[str(location[0])].annotation
        model = next(iter(get_args(model)), model)
    return list(model.model_fields)
