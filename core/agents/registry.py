"""Finding policies by what the operator types: a name, a baseline or a path."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.agents.baselines import BASELINE_NAMES, BASELINES, load_baseline
from core.agents.bundle import load_bundle
from core.agents.bundle_files import MANIFEST_FILE
from core.agents.hpa import is_manifest
from core.agents.learned import LearnedPolicy
from core.agents.policy import Policy
from core.errors import InputError
from core.locations import (
    shipped_policies_directory,
    trained_policies_directory,
    typed_path,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class PolicyOrigin(StrEnum):
    """Where a policy comes from."""

    SHIPPED = "shipped"
    TRAINED = "trained"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """One line of a list of policies."""

    spec: str
    """What `load_policy` takes."""
    origin: PolicyOrigin
    description: str
    path: Path | None = None
    """Directory of the bundle; None for baselines."""


def list_policies() -> list[PolicyEntry]:
    """All policies that can be named: shipped, trained here, and the baselines."""
    entries = _bundles(shipped_policies_directory(), PolicyOrigin.SHIPPED)
    shipped = {entry.spec for entry in entries}
    entries += [
        entry
        for entry in _bundles(trained_policies_directory(), PolicyOrigin.TRAINED)
        if entry.spec not in shipped
    ]
    baselines = (PolicyEntry(one.spec, PolicyOrigin.BASELINE, one.description) for one in BASELINES)
    return [*entries, *baselines]


def load_policy(spec: str) -> Policy:
    """The policy that an operator means.

    Args:
        spec: `ppo`, `dqn` or another bundle's name, a baseline such as `hpa`, `hpa:0.6` or
            `hpa:FILE.yaml` (`core.agents.baselines` has all), or the path of a bundle.

    Raises:
        InputError: There is no such policy, or its parameter is out of range.
        BundleError: The bundle cannot be used.
    """
    if (baseline := load_baseline(spec)) is not None:
        return baseline
    if (found := _named_bundle(spec)) is not None:
        home, origin = found
        return LearnedPolicy(load_bundle(home), f"{spec} ({origin.value})")
    if (path := _bundle_path(spec)) is not None:
        return LearnedPolicy(load_bundle(path), path.resolve().name)
    raise _unknown(spec)


def from_anywhere(spec: str) -> str:
    """The same policy in words that do not depend on the working directory.

    Args:
        spec: As `load_policy` takes it; returned as it is unless it is a path.
    """
    name, _, file = spec.partition(":")
    if name == "hpa" and is_manifest(file):
        return f"{name}:{typed_path(file).resolve()}"
    path = _bundle_path(spec)
    return spec if path is None else str(path.resolve())


def bundle_directory(spec: str) -> Path | None:
    """Where the bundle is that an operator means; None for anything but a bundle."""
    if (found := _named_bundle(spec)) is not None:
        return found[0]
    return _bundle_path(spec)


def _named_bundle(spec: str) -> tuple[Path, PolicyOrigin] | None:
    """Directory and origin of a bundle that is known by name; shipped ones come first."""
    if _NAME.fullmatch(spec) and spec not in BASELINE_NAMES:
        for origin, home in (
            (PolicyOrigin.SHIPPED, shipped_policies_directory()),
            (PolicyOrigin.TRAINED, trained_policies_directory()),
        ):
            if (home / spec / MANIFEST_FILE).is_file():
                return home / spec, origin
    return None


def _bundle_path(spec: str) -> Path | None:
    """The directory that is meant by its path; names of policies go before those of folders."""
    if not spec or _named_bundle(spec) is not None or load_baseline(spec) is not None:
        return None
    path = typed_path(spec)
    # Unlike `Path.is_dir`, this says False to any text that cannot be a path.
    return path if os.path.isdir(path) else None


def _bundles(home: Path, origin: PolicyOrigin) -> list[PolicyEntry]:
    if not home.is_dir():
        return []
    entries = []
    for path in sorted(home.iterdir()):
        if not (_NAME.fullmatch(path.name) and (path / MANIFEST_FILE).is_file()):
            continue
        try:
            manifest = load_bundle(path).manifest
        except InputError as error:
            description = f"cannot be used: {error.message}"
        else:
            scenarios = ", ".join(manifest.scenarios)
            description = f"{manifest.algorithm.upper()} trained on {scenarios}"
            description += f", {manifest.timesteps:,} steps"
        entries.append(PolicyEntry(path.name, origin, description, path))
    return entries


def _unknown(spec: str) -> InputError:
    names = [entry.spec for entry in list_policies()]
    close = difflib.get_close_matches(spec, names, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"There are {', '.join(names)}."
    return InputError(
        f"expected a policy's name or the directory of a bundle, found {spec!r}.", hint
    )
