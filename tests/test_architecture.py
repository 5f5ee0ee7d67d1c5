"""Rules about the shape of the project that the import contracts cannot say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent
_MODULES = sorted([*_ROOT.glob("core/**/*.py"), *_ROOT.glob("console/**/*.py")])
_LONGEST = 350
_TRAINING = ("torch", "stable_baselines3", "pandas", "wandb", "tensorboard")
_DRAWING = ("textual", "plotext", "rich")


def _names(paths: list[Path]) -> list[str]:
    return [".".join(path.relative_to(_ROOT).with_suffix("").parts) for path in paths]


@pytest.mark.parametrize("path", _MODULES, ids=_names(_MODULES))
def test_a_module_is_one_noun_of_readable_length(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= _LONGEST, f"{path} has {lines} lines: split it by noun"


def test_every_folder_of_modules_is_a_package() -> None:
    bare = {path.parent for path in _MODULES if not (path.parent / "__init__.py").exists()}
    assert not bare


def test_both_packages_say_that_they_are_typed() -> None:
    for package in ("core", "console"):
        assert (_ROOT / package / "py.typed").exists()


def _loaded_after(modules: list[str]) -> set[str]:
    """Top-level names in sys.modules after importing `modules` in a fresh interpreter."""
    script = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


def test_the_console_loads_no_training_library() -> None:
    console = [name for name in _names(_MODULES) if name.startswith("console")]
    loaded = _loaded_after([name.removesuffix(".__init__") for name in console])
    assert loaded.isdisjoint(_TRAINING)
    # A cluster's clients are large too: engines have them, and processes that ask and end.
    assert loaded.isdisjoint({"kubernetes", "prometheus_api_client"})
    assert "textual" in loaded
