"""What every test starts from: directories of its own, nothing online, one thread per process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

pytest_plugins = ["tests.stack.fixtures"]

# Before NumPy or torch are imported: on a small machine a pool of threads per test process only
# makes the others wait.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# A shell ignores interrupts in what it starts in the background, and so would all that is started
# from here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What the machine of whoever runs the tests would otherwise decide.
_FOREIGN = (
    "COLUMNS",
    "KUBECONFIG",
    "LINES",
    "NO_COLOR",
    "SSH_CONNECTION",
    "SSH_TTY",
    "WANDB_API_KEY",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the tests over processes file by file; those on the one cluster stay together."""
    for item in items:
        on_cluster = "running_stack" in getattr(item, "fixturenames", ())
        group = "cluster" if on_cluster else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test its own data and settings directories; returns the folder above them."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("RLSCALE_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("RLSCALE_CONFIG_DIR", str(home / "config"))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DIR", str(home / "wandb"))
    for variable in _FOREIGN:
        monkeypatch.delenv(variable, raising=False)
    return home
