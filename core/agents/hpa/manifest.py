"""Reading an HPA out of a YAML file that may hold other objects too."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from core.agents.hpa.spec import API_VERSION, KIND, HpaSpec
from core.errors import InputError
from core.traffic.document import UNREADABLE_VALUES

_SUFFIXES: Final = (".yaml", ".yml", ".json")


def is_manifest(name: str) -> bool:
    """Whether a file's name is that of a manifest."""
    return name.endswith(_SUFFIXES)


def read_manifest(path: Path) -> HpaSpec:
    """The HPA in a file, such as `kubectl get hpa NAME -o yaml` prints it.

    Args:
        path: YAML or JSON with one autoscaling/v2 HorizontalPodAutoscaler, and any number of
            other objects as documents of their own.

    Raises:
        InputError: The file cannot be read, holds no HPA or several, or an invalid one.
    """
    try:
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, *UNREADABLE_VALUES) as error:
        raise InputError(
            f"{path}: expected the manifest of an HPA, found {_first_line(error)}.",
            "`kubectl get hpa NAME -o yaml` prints one.",
        ) from error
    found = [one for one in documents if isinstance(one, dict) and one.get("kind") == KIND]
    if len(found) != 1:
        raise InputError(
            f"{path}: expected one {KIND} of {API_VERSION}, found {len(found) or 'none'}.",
            "`kubectl get hpa NAME -o yaml` prints one.",
        )
    return _checked(found[0], path)


def _checked(document: dict[str, Any], path: Path) -> HpaSpec:
    try:
        return HpaSpec.from_manifest(document)
    except InputError as error:
        raise InputError(f"{path}: {error.message}", error.hint) from error


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"invalid YAML on line {error.problem_mark.line + 1}"
    return "no YAML text"
