"""A YAML document that people write: read strictly, with errors that say where and what."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic_core import ErrorDetails

from core.errors import InputError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser where PyYAML was built with it: eight times faster."""


UNREADABLE_VALUES: Final = (ValueError, KeyError, AttributeError, RecursionError)
"""What PyYAML lets through from values such as 2020-13-45, `!!bool x`, or a thousand brackets."""

_EXPECTED: Final = {
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


def read_document(text: str, source: Path) -> Any:
    """The content of a YAML document.

    Args:
        text: The document.
        source: Its file, named in errors.

    Raises:
        InputError: It is no YAML, or gives a key twice.
    """
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.YAMLError as error:
        raise _broken_yaml(source, error) from error
    except UNREADABLE_VALUES as error:
        raise InputError(
            f"{source}: expected valid YAML, found a value that is none of its kind ({error}).",
            "Look for dates and numbers, and quote what is meant as text.",
        ) from error


def _broken_yaml(source: Path, error: yaml.YAMLError) -> InputError:
    mark = getattr(error, "problem_mark", None)
    where = f"{source}: line {mark.line + 1}" if mark is not None else str(source)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    if not problem.startswith("found "):
        problem = f"found an error: {problem}"
    return InputError(
        f"{where}: expected valid YAML, {problem}.",
        "Check indentation, colons and quotes.",
    )


def explained(detail: ErrorDetails, known: Sequence[str]) -> str:
    """What was expected and found, in words.

    Args:
        detail: One error of pydantic.
        known: The fields that there are where an unknown one was found.
    """
    kind, found = detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden":
        name = detail["loc"][-1]
        return f"expected a known field, found {name}{suggestion(str(name), known)}"
    if kind == "missing":
        return "expected a value, found none"
    if kind == "union_tag_not_found":
        return "expected a kind, found none"
    if kind == "union_tag_invalid":
        kinds = [name.strip().strip("'") for name in context["expected_tags"].split(",")]
        tag = context["tag"]
        return (
            f"expected a kind out of {', '.join(kinds)}, found {tag}{suggestion(str(tag), kinds)}"
        )
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind].format(**context)}, found {shown(found)}"
    message = detail["msg"].removeprefix("Input should be ")
    return f"expected {message}, found {shown(found)}"


def shown(value: object) -> str:
    """A value as errors show it: short."""
    try:
        text = "nothing" if value is None else repr(value)
    except RecursionError:
        return "brackets in brackets without end"
    return text if len(text) <= 40 else f"{text[:39]}…"


def suggestion(word: str, known: Sequence[str]) -> str:
    """A question that names what was probably meant, or nothing."""
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def line_of(text: str, path: Sequence[str | int]) -> int | None:
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
