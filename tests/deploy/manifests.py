"""The manifests of `deploy/`, made fit for one Deployment as an operator would, and rendered."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

Json = dict[str, Any]
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
ACCOUNT = "rlscale-console"
CONTAINER_PLACE = "/etc/rlscale/"
"""Where the settings are inside the container."""

_VARIABLE = re.compile(r"\$\((\w+)\)")


def documents(path: Path) -> list[Json]:
    """The objects in a file of YAML."""
    return [item for item in yaml.safe_load_all(path.read_text(encoding="utf-8")) if item]


def role_rules(*files: str) -> list[Json]:
    """The rules of the Roles in these files, for a Deployment `web`."""
    return [
        rule
        for file in files
        for item in documents(DEPLOY / file)
        if item["kind"] == "Role"
        for rule in item["rules"]
    ]


def render(
    overlay: str,
    folder: Path,
    *,
    namespace: str = "default",
    deployment: str = "web",
    hpa: str = "web",
    settings: Json | None = None,
    components: tuple[str, ...] = (),
) -> list[Json]:
    """The objects of an overlay after an operator has edited a copy of `deploy/` in `folder`."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl to render the manifests with")
    copy = folder / "deploy"
    shutil.copytree(DEPLOY, copy, dirs_exist_ok=True)
    _edit(copy / "base/target.yaml", "deployment: web", f"deployment: {deployment}")
    _edit(copy / "base/target.yaml", "hpa: web", f"hpa: {hpa}")
    kustomization = copy / "overlays" / overlay / "kustomization.yaml"
    _edit(kustomization, "namespace: default", f"namespace: {namespace}")
    if overlay != "shadow":
        confirm = copy / "overlays" / overlay / "confirm.yaml"
        _edit(confirm, "in-cluster/default/web", f"in-cluster/{namespace}/{deployment}")
    if settings is not None:
        (copy / "base/settings.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    if components:
        content = yaml.safe_load(kustomization.read_text(encoding="utf-8"))
        content.setdefault("components", []).extend(f"../../components/{n}" for n in components)
        kustomization.write_text(yaml.safe_dump(content), encoding="utf-8")
    done = subprocess.run(
        [kubectl, "kustomize", str(kustomization.parent)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [item for item in yaml.safe_load_all(done.stdout) if item]


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path} has no {old!r} to edit"
    path.write_text(text.replace(old, new), encoding="utf-8")


def find(items: list[Json], kind: str, name: str = "") -> Json:
    """The one object of that kind (and whose name begins so)."""
    found = [i for i in items if i["kind"] == kind and i["metadata"]["name"].startswith(name)]
    assert len(found) == 1, f"{len(found)} objects {kind} {name}"
    return found[0]


def container(items: list[Json]) -> Json:
    """The engine's container."""
    (only,) = find(items, "Deployment")["spec"]["template"]["spec"]["containers"]
    result: Json = only
    return result


def environment(items: list[Json]) -> dict[str, str]:
    """The engine's environment variables, references to ConfigMaps looked up."""
    found = {}
    for entry in container(items)["env"]:
        if "value" in entry:
            found[entry["name"]] = entry["value"]
        else:
            key = entry["valueFrom"]["configMapKeyRef"]
            found[entry["name"]] = find(items, "ConfigMap", key["name"])["data"][key["key"]]
    return found


def command(items: list[Json]) -> list[str]:
    """The engine's arguments with variables filled in, as the kubelet does."""
    values = environment(items)
    return [
        _VARIABLE.sub(lambda match: values[match.group(1)], argument)
        for argument in container(items)["args"]
    ]


Grant = tuple[str, str, str, str]
"""API group, resource, verb, and the name that it is bound to (empty: any)."""


def grants(rules: list[Json]) -> set[Grant]:
    """Rules one by one."""
    return set(_expanded(rules))


def unbound_grants(rules: list[Json]) -> set[tuple[str, str, str]]:
    """The same without names, which a list or a watch does not have."""
    return {grant[:3] for grant in grants(rules)}


def _expanded(rules: list[Json]) -> Iterator[Grant]:
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    for name in rule.get("resourceNames", [""]):
                        yield group, resource, verb, name
