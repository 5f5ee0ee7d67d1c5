"""From YAML text to a checked scenario, with errors that a person can act on."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.errors import InputError
from core.traffic.scenario import Fault, Pattern, Scenario

_ERRORS_SHOWN = 3

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser where PyYAML was built with it: eight times faster."""


UNREADABLE_VALUES: Final = (ValueError, KeyError, AttributeError, RecursionError)
"""What PyYAML lets through from values such as 2020-13-45, `!!bool x`, or a thousand brackets."""

_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "invalid_key": "the name of a field",
    "less_than_equal": "at most {le:g}",
    "model_attributes_type": "fields (name: value)",
    "model_type": "fields (name: value)",
    "path_type": "a path",
    "string_pattern_mismatch": "lower-case words joined by hyphens",
    "string_too_long": "at most {max_length} characters",
    "string_type": "text",
    "tuple_type": "a list",
}
"""What pydantic's kinds of error mean to somebody who writes YAML."""

_MODELS_BY_KIND: dict[str, type[BaseModel]] = {
    model.model_fields["kind"].default: model
    for union in (Pattern, Fault)
    for model in get_args(get_args(union)[0])
}


class _UniqueKeyLoader(_Loader):  # type: ignore[misc]
    """A safe loader that refuses a key given twice, which YAML would silently overwrite."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue
            if key_node.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key_node.value} is given twice", problem_mark=key_node.start_mark
                )
            seen.add(key_node.value)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def parse_scenario(text: str, source: Path) -> Scenario:
    """Check the YAML text of a scenario.

    Args:
        text: The YAML document.
        source: Its file: named in errors, and its folder is where traces are looked for.

    Raises:
        InputError: If it is no valid scenario; it says where, what was expected and what was found.
    """
    try:
        data = yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.YAMLError as error:
        raise _broken_yaml(source, error) from error
    except UNREADABLE_VALUES as error:
        raise InputError(
            f"{source}: expected valid YAML, found a value that is none of its kind ({error}).",
            "Look for dates and numbers, and quote what is meant as text.",
        ) from error
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


def _broken_yaml(source: Path, error: yaml.YAMLError) -> InputError:
    mark = getattr(error, "problem_mark", None)
    where = f"{source}: line {mark.line + 1}" if mark is not None else str(source)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return InputError(
        f"{where}: expected valid YAML, found {problem.removeprefix('found ')}.",
        "Check indentation, colons and quotes.",
    )


def _invalid(source: Path, text: str, error: ValidationError) -> InputError:
    details = error.errors(include_url=False)
    parts = []
    for detail in details[:_ERRORS_SHOWN]:
        path = _model_path(detail["loc"])
        line = _line_of(text, path)
        where = "" if line is None else f"line {line}: "
        parts.append(f"{where}{_field(path)}{_explain(detail, path)}")
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


def _explain(detail: ErrorDetails, path: Sequence[str | int]) -> str:
    """What was expected and found, in words."""
    kind, found = detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden":
        known = _known_fields(detail["loc"])
        return f"expected a known field, found {path[-1]}{_suggestion(str(path[-1]), known)}"
    if kind == "missing":
        return "expected a value, found none"
    if kind == "union_tag_not_found":
        return "expected a kind, found none"
    if kind == "union_tag_invalid":
        kinds = [name.strip().strip("'") for name in context["expected_tags"].split(",")]
        tag = context["tag"]
        return (
            f"expected a kind out of {', '.join(kinds)}, found {tag}{_suggestion(str(tag), kinds)}"
        )
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind].format(**context)}, found {_shown(found)}"
    message = detail["msg"].removeprefix("Input should be ")
    return f"expected {message}, found {_shown(found)}"


def _shown(value: object) -> str:
    try:
        text = "nothing" if value is None else repr(value)
    except RecursionError:
        return "brackets in brackets without end"
    return text if len(text) <= 40 else f"{text[:39]}…"


def _suggestion(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _known_fields(location: Sequence[str | int]) -> list[str]:
    """Names that the model at a location has, for an unknown one there."""
    model: Any = Scenario
    if location[0] in ("traffic", "faults") and len(location) > 2:
        model = _MODELS_BY_KIND[str(location[2])]
    elif len(location) > 1:
        model = Scenario.model_fields[str(location[0])].annotation
        model = next(iter(get_args(model)), model)
    return list(model.model_fields)


def _line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line on which the value at `path` stands, or the nearest parent that is there."""
    node = yaml.compose(text, Loader=_Loader)
    line: int | None = None
    for part in path:
        child: Any = None
        if isinstance(node, yaml.MappingNode):
            for key_node, value_node in node.value:
                if key_node.value == part:
                    child, line = value_node, key_node.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            child = node.value[part]
            line = child.start_mark.line + 1
        if child is None:
            break
        node = child
    return line
