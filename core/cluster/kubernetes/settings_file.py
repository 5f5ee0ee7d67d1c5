"""Settings out of a YAML file and of flags, which win, with errors that a person can act on."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.cluster.kubernetes.settings import KubernetesSettings, MetricsSettings, QueryOverrides
from core.errors import InputError
from core.locations import typed_path
from core.traffic.scenario import GuardrailSettings

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PATHS = ("kubeconfig",)
_METRICS_PATHS = ("bearer_token_file", "basic_auth_password_file", "ca_file")
_FIELDS: dict[tuple[str, ...], type[BaseModel]] = {
    (): KubernetesSettings,
    ("metrics",): MetricsSettings,
    ("metrics", "queries"): QueryOverrides,
    ("guardrails",): GuardrailSettings,
}
_SECRETS = ("token", "password", "secret")


_NO_NUMBER = {
    "float_parsing": "expected a number, found other text",
    "int_parsing": "expected a whole number, found other text",
    "int_from_float": "expected a whole number, found a fraction",
}


def load_settings(file: Path | None, flags: Mapping[str, Any]) -> KubernetesSettings:
    """Read settings and check them.

    Args:
        file: YAML with the fields of `KubernetesSettings`; None means flags only. Paths in it are
            relative to its folder.
        flags: Fields in the same shape, without those that were not given; paths in them are
            relative to where we are.

    Raises:
        InputError: Something is missing, unknown or contradicts something else.
    """
    content = {} if file is None else _read(file)
    if file is not None:
        _resolve_paths(content, typed_path(file).resolve().parent)
    given = {**flags, "metrics": dict(flags.get("metrics") or {})}
    _resolve_paths(given, Path.cwd())
    merged = {**content, **given}
    if isinstance(content.get("metrics"), dict):
        merged["metrics"] = {**content["metrics"], **given["metrics"]}
    elif "metrics" in content and not given["metrics"]:
        # Not fields: let the check say so.
        merged["metrics"] = content["metrics"]
    source = str(file) if file is not None else "settings of the cluster"
    try:
        return KubernetesSettings.model_validate(merged)
    except ValidationError as error:
        raise _invalid(source, error) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        content = yaml.load(typed_path(file).read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise InputError(
            f"{file}: expected a file with settings, found: {error.strerror or error}."
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise InputError(
            f"{file}: expected valid YAML, found broken YAML{where}.",
            "Check indentation, colons and quotes.",
        ) from None
    except (ValueError, LookupError, AttributeError, RecursionError):
        raise InputError(f"{file}: expected valid YAML, found a value of no kind.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InputError(f"{file}: expected fields (deployment: …), found something else.")
    return {str(name): value for name, value in content.items()}


def _resolve_paths(content: dict[str, Any], folder: Path) -> None:
    _resolve(content, _PATHS, folder)
    metrics = content.get("metrics")
    if isinstance(metrics, dict):
        _resolve(metrics, _METRICS_PATHS, folder)


def _resolve(content: dict[str, Any], names: Sequence[str], folder: Path) -> None:
    """Make paths absolute: an engine may run elsewhere."""
    for name in names:
        value = content.get(name)
        if isinstance(value, (str, Path)) and str(value):
            content[name] = folder / typed_path(value)


def _invalid(source: str, error: ValidationError) -> InputError:
    details = error.errors(include_url=False, include_input=False)
    parts = [_explained(detail) for detail in details[:3]]
    more = len(details) - 3
    rest = f"; and {more} more" if more > 0 else ""
    return InputError(
        f"{source}: {'; '.join(parts)}{rest}.", "docs/kubernetes.md lists all settings."
    )


def _explained(detail: ErrorDetails) -> str:
    """What is wrong, in words; never the value that was found, which may be a secret."""
    location = [str(part) for part in detail["loc"]]
    name = ".".join(location)
    if detail["type"] == "missing":
        flag = f" (--{name})" if len(location) == 1 else ""
        return f"expected {name}{flag}, found none"
    if detail["type"] == "extra_forbidden":
        if any(word in location[-1] for word in _SECRETS):
            return f"expected the file or variable of a secret (…_file, …_env), found {name}"
        model = _FIELDS.get(tuple(location[:-1]))
        known = list(model.model_fields) if model is not None else []
        close = difflib.get_close_matches(location[-1], known, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        return f"expected a known setting, found {name}{hint}"
    words = _NO_NUMBER.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    words = words[:1].lower() + words[1:]
    words = words.replace("input should", "it should").replace("string should", "it should")
    return f"{name}: {words}" if name else words
