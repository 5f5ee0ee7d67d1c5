"""Where files live: XDG directories in one place, each overridable for tests and demos."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APPLICATION = "rlscale-console"


def typed_path(text: str | Path) -> Path:
    """The path that an operator typed, with ~ resolved where there is such a user."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def data_directory() -> Path:
    """Home of runs and of policies that the operator trained (`RLSCALE_DATA_DIR` overrides)."""
    override = os.environ.get("RLSCALE_DATA_DIR")
    return Path(override) if override else platformdirs.user_data_path(_APPLICATION)


def config_directory() -> Path:
    """Home of the console's remembered choices (`RLSCALE_CONFIG_DIR` overrides)."""
    override = os.environ.get("RLSCALE_CONFIG_DIR")
    return Path(override) if override else platformdirs.user_config_path(_APPLICATION)


def runs_directory() -> Path:
    """One directory per run below this one."""
    return data_directory() / "runs"


def trained_policies_directory() -> Path:
    """Home of the bundles that the operator trained and kept, one directory each."""
    return data_directory() / "policies"


def cache_directory() -> Path:
    """Home of what is computed anew when it is missing."""
    return data_directory() / "cache"


def benchmarks_directory() -> Path:
    """One directory per benchmark below this one."""
    return data_directory() / "benchmarks"


def shipped_scenarios_directory() -> Path:
    """The scenarios of the package, the same in a checkout and in an installed wheel."""
    return Path(__file__).resolve().parent.parent / "scenarios"


def shipped_calibrations_directory() -> Path:
    """The calibrated rivals that come with the package."""
    return Path(__file__).resolve().parent / "agents" / "calibrations"


def shipped_policies_directory() -> Path:
    """The policy bundles of the package: one directory each, named by algorithm."""
    return Path(__file__).resolve().parent / "agents" / "pretrained"
