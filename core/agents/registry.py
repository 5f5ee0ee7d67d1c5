"""Finding policies by what the operator types: a name, a baseline or a path."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from core.agents.bundle import MANIFEST_FILE, load_bundle
from core.agents.hpa import DOWN_STABILIZATION_S, TARGET_UTILIZATION, HpaPolicy, is_manifest
from core.agents.hpa.rules import MOST_STABILIZATION_S
from core.agents.learned import LearnedPolicy
from core.agents.policy import Policy
from core.agents.rule import UTILIZATION, WINDOW_S, RatePolicy
from core.agents.static import StaticPolicy
from core.agents.threshold import LOWER_UTILIZATION, UPPER_UTILIZATION, ThresholdPolicy
from core.errors import InputError
from core.locations import (
    shipped_policies_directory,
    trained_policies_directory,
    typed_path,
)

_MOST_REPLICAS: Final = 100_000
_LONGEST_ARGUMENT: Final = 60
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


_BASELINES: Final = (
    PolicyEntry(
        "hpa",
        PolicyOrigin.BASELINE,
        f"Kubernetes HPA on CPU, target {TARGET_UTILIZATION:.0%}; hpa:0.6 aims at 60 %, "
        "hpa:0.6:60 scales down after 60 s, hpa:FILE.yaml follows a manifest",
    ),
    PolicyEntry(
        "rule",
        PolicyOrigin.BASELINE,
        f"covers the highest request rate of {WINDOW_S:g} s at {UTILIZATION:.0%}; "
        "rule:WINDOW:UTILIZATION, such as rule:60:0.8",
    ),
    PolicyEntry(
        "threshold",
        PolicyOrigin.BASELINE,
        f"one replica more over {UPPER_UTILIZATION:.0%} CPU, one less under "
        f"{LOWER_UTILIZATION:.0%}",
    ),
    PolicyEntry("static:10", PolicyOrigin.BASELINE, "a fixed replica count; static:N for N"),
)


def list_policies() -> list[PolicyEntry]:
    """All policies that can be named: shipped, trained here, and the baselines."""
    entries = _bundles(shipped_policies_directory(), PolicyOrigin.SHIPPED)
    shipped = {entry.spec for entry in entries}
    entries += [
        entry
        for entry in _bundles(trained_policies_directory(), PolicyOrigin.TRAINED)
        if entry.spec not in shipped
    ]
    return [*entries, *_BASELINES]


def load_policy(spec: str) -> Policy:
    """The policy that an operator means.

    Args:
        spec: `ppo`, `dqn` or another bundle's name, `hpa`, `hpa:0.6`, `hpa:0.6:60`,
            `hpa:FILE.yaml` (the manifest of an HPA), `rule`, `rule:75:0.75`, `threshold`,
            `static:N`, or the path of a bundle.

    Raises:
        InputError: There is no such policy, or its parameter is out of range.
        BundleError: The bundle cannot be used.
    """
    name, colon, argument = spec.partition(":")
    if name == "hpa" and is_manifest(argument):
        return HpaPolicy.from_file(typed_path(argument))
    if name == "hpa":
        target, second, window = argument.partition(":")
        aim = _utilization(spec, target) if colon else TARGET_UTILIZATION
        window_s = _window_s(spec, window) if second else DOWN_STABILIZATION_S
        return HpaPolicy(aim, down_stabilization_s=window_s)
    if name == "rule":
        return RatePolicy(*_numbers(spec, argument, 2)) if colon else RatePolicy()
    if name == "static":
        return StaticPolicy(_replicas(spec, argument))
    if spec == "threshold":
        return ThresholdPolicy()
    if (found := _named_bundle(spec)) is not None:
        home, origin = found
        return LearnedPolicy(load_bundle(home), f"{spec} ({origin.value})")
    path = typed_path(spec)
    # Unlike `Path.is_dir`, this says False to any text that cannot be a path.
    if spec and os.path.isdir(path):
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
    path = typed_path(spec)
    if spec and _named_bundle(spec) is None and os.path.isdir(path):
        return str(path.resolve())
    return spec


def _named_bundle(spec: str) -> tuple[Path, PolicyOrigin] | None:
    """Directory and origin of a bundle that is known by name; shipped ones come first."""
    if _NAME.fullmatch(spec):
        for origin, home in (
            (PolicyOrigin.SHIPPED, shipped_policies_directory()),
            (PolicyOrigin.TRAINED, trained_policies_directory()),
        ):
            if (home / spec / MANIFEST_FILE).is_file():
                return home / spec, origin
    return None


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


def _utilization(spec: str, argument: str) -> float:
    try:
        target = float(argument)
    except ValueError:
        target = 0.0
    if not 0.01 <= target <= 10.0:
        raise InputError(
            f"expected a CPU target between 0.01 and 10 in {spec!r}, found {argument!r}.",
            "For example hpa:0.6 for 60 %, or hpa:my-hpa.yaml for a manifest.",
        )
    return target


def _window_s(spec: str, argument: str) -> float:
    if not (re.fullmatch("[0-9]{1,4}", argument) and int(argument) <= MOST_STABILIZATION_S):
        raise InputError(
            f"expected a window of scaling down of 0 to {MOST_STABILIZATION_S} s in {spec!r}, "
            f"found {argument!r}.",
            "For example hpa:0.6:60 to scale down once 60 s have asked for less.",
        )
    return float(argument)


def _numbers(spec: str, argument: str, count: int) -> list[float]:
    parts = argument.split(":")
    try:
        if len(parts) == count and len(argument) <= _LONGEST_ARGUMENT:
            return [float(part) for part in parts]
    except ValueError:
        pass
    raise InputError(
        f"expected {count} numbers with a colon between in {spec[:60]!r}, found {argument[:40]!r}.",
        "For example rule:75:0.75 for the highest rate of 75 s at 75 % utilisation.",
    )


def _replicas(spec: str, argument: str) -> int:
    if not (re.fullmatch("[0-9]{1,6}", argument) and 1 <= int(argument) <= _MOST_REPLICAS):
        raise InputError(
            f"expected a replica count of at least 1 in {spec!r}, found {argument!r}.",
            "For example static:10.",
        )
    return int(argument)


def _unknown(spec: str) -> InputError:
    names = [entry.spec for entry in list_policies()]
    close = difflib.get_close_matches(spec, names, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}?" if close else f"There are {', '.join(names)}."
    return InputError(
        f"expected a policy's name or the directory of a bundle, found {spec!r}.", hint
    )
