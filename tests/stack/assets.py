"""Where the programs of the control plane are."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

_PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "prometheus", "promtool")
_VARIABLE = "KUBEBUILDER_ASSETS"


@dataclass(frozen=True, slots=True)
class Assets:
    """Paths of the programs."""

    etcd: Path
    kube_apiserver: Path
    kube_controller_manager: Path
    prometheus: Path
    promtool: Path


class AssetsMissing(Exception):
    """The programs are not on this machine; says where they were looked for."""


def _folders() -> list[Path]:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folders = [Path(cache) / "kube-assets" / "bin"]
    if named := os.environ.get(_VARIABLE):
        folders.insert(0, Path(named))
    return folders


def find_assets() -> Assets:
    """Find the programs.

    Raises:
        AssetsMissing: If one of them, or openssl, is not there.
    """
    if shutil.which("openssl") is None:
        raise AssetsMissing("the tests' cluster needs openssl for its certificates")
    for folder in _folders():
        if all(os.access(folder / name, os.X_OK) for name in _PROGRAMS):
            return Assets(*(folder / name for name in _PROGRAMS))
    looked = ", ".join(str(folder) for folder in _folders())
    raise AssetsMissing(f"no control plane for tests: set {_VARIABLE} (looked in {looked})")
