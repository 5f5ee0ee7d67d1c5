"""What `doctor` looks at: one finding per check, with what to do about it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import RlscaleError
from core.extras import install_command

_DISTRIBUTION = "rlscale-console"
_OLDEST_PYTHON = (3, 11)
_FIRST_UNTESTED_PYTHON = (3, 14)
_SMALLEST_TERMINAL = (80, 24)
_LEAST_FREE_BYTES = 500_000_000
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    ok: bool
    found: str
    hint: str = ""
    """What to do; empty if nothing."""
    required: bool = True
    """Whether the rest works without it."""


def examine() -> Iterator[Finding]:
    """Make every check, in the order in which they build on each other."""
    yield _python()
    yield _packages()
    yield _training()
    for name, directory in _directories():
        yield _writable(name, directory)
    yield _disk()
    yield _guarded("scenarios", _scenarios)
    yield _guarded("policies", _policies)
    yield _terminal()
    yield _colours()


def _python() -> Finding:
    tested = _OLDEST_PYTHON <= sys.version_info[:2] < _FIRST_UNTESTED_PYTHON
    return Finding(
        "Python",
        tested,
        f"{platform.python_version()} at {sys.executable}",
        "" if tested else "Expected Python 3.11, 3.12 or 3.13.",
    )


def _packages() -> Finding:
    try:
        requirements = importlib.metadata.requires(_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            "packages",
            False,
            f"{_DISTRIBUTION} is not installed, only found on the path",
            "Install it: `make run` in a clone.",
        )
    needed = [text for text in requirements if "extra ==" not in text]
    versions, missing = _versions(needed)
    return Finding(
        "packages",
        not missing,
        ", ".join(versions) if not missing else f"missing: {', '.join(missing)}",
        "" if not missing else "Install the package again.",
    )


def _training() -> Finding:
    requirements = importlib.metadata.requires(_DISTRIBUTION) or []
    needed = [text for text in requirements if re.search(r"extra == ['\"]train['\"]", text)]
    versions, missing = _versions(needed)
    if missing:
        return Finding(
            "training",
            False,
            f"not here: {', '.join(missing)}. Running policies works, training does not",
            f"Install it: {install_command('train')}",
            required=False,
        )
    return Finding("training", True, ", ".join(versions), required=False)


def _versions(requirements: list[str]) -> tuple[list[str], list[str]]:
    """Installed packages with versions, and the names of those that are missing."""
    installed, missing = [], []
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        name = match[1] if match else requirement
        try:
            installed.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    return installed, missing


def _directories() -> list[tuple[str, Path]]:
    from core.locations import config_directory, data_directory

    return [("data", data_directory()), ("settings", config_directory())]


def _writable(name: str, directory: Path) -> Finding:
    check = f"{name} directory"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        variable = "RLSCALE_DATA_DIR" if name == "data" else "RLSCALE_CONFIG_DIR"
        return Finding(
            check,
            False,
            f"{directory}: cannot be written ({error.strerror or error})",
            f"Change its permissions, or set {variable} to a directory that you may write.",
        )
    return Finding(check, True, str(directory))


def _disk() -> Finding:
    _, directory = _directories()[0]
    while not directory.exists():
        directory = directory.parent
    free = shutil.disk_usage(directory).free
    enough = free >= _LEAST_FREE_BYTES
    return Finding(
        "free disk",
        enough,
        f"{free / 1e9:,.1f} GB where runs are kept",
        "" if enough else "A day of decisions takes a few MB: `rlscale-console runs delete RUN`.",
    )


def _guarded(check: str, find: Callable[[], Finding]) -> Finding:
    try:
        return find()
    except RlscaleError as error:
        return Finding(check, False, error.message, error.hint)


def _scenarios() -> Finding:
    from core.traffic.library import list_scenarios

    count = len(list_scenarios())
    return Finding(
        "scenarios",
        count > 0,
        f"{count} shipped",
        "" if count else "The package is incomplete: install it again.",
    )


def _policies() -> Finding:
    from core.agents.registry import PolicyOrigin, list_policies, load_policy

    usable = []
    for entry in list_policies():
        if entry.origin is not PolicyOrigin.BASELINE:
            load_policy(entry.spec)
            usable.append(f"{entry.spec} ({entry.origin})")
    return Finding(
        "policies",
        bool(usable),
        ", ".join(usable) or "none",
        "" if usable else "The package is incomplete: install it again.",
    )


def _terminal() -> Finding:
    if not sys.stdout.isatty():
        return Finding("terminal", True, "none here: headless commands only", required=False)
    columns, rows = shutil.get_terminal_size()
    fits = columns >= _SMALLEST_TERMINAL[0] and rows >= _SMALLEST_TERMINAL[1]
    return Finding(
        "terminal",
        fits,
        f"{columns}×{rows}",
        "" if fits else "The console needs at least 80×24: enlarge the window.",
        required=False,
    )


def _colours() -> Finding:
    encoding = (sys.stdout.encoding or "ascii").lower()
    unicode = "utf" in encoding
    if os.environ.get("NO_COLOR"):
        depth = "none (NO_COLOR is set)"
    elif os.environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        depth = "16 million"
    else:
        depth = "256" if "256" in os.environ.get("TERM", "") else "16"
    return Finding(
        "colours",
        unicode,
        f"{depth}; characters: {encoding}; TERM={os.environ.get('TERM', 'not set')}",
        "" if unicode else "Start the console with --ascii, or use a UTF-8 locale.",
        required=False,
    )
