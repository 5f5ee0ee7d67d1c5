from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from console.cli.entry import build_parser
from core.cluster.kubernetes.rights import Right, rights_to_observe, rights_to_scale
from core.cluster.kubernetes.settings import KubernetesSettings
from core.cluster.kubernetes.settings_file import load_settings
from core.runs.cluster_meta import plan_of
from core.traffic.library import load_scenario
from tests.deploy.manifests import (
    DEPLOY,
    Grant,
    command,
    container,
    documents,
    environment,
    find,
    grants,
    render,
    role_rules,
)

OVERLAYS = ("shadow", "auto", "hpa-floor")
OBSERVE, CONTROL = "base/observe.yaml", "components/control/role.yaml"
SCALE, FLOOR = "overlays/auto/role.yaml", "overlays/hpa-floor/role.yaml"
PROMETHEUS = {"prometheus_url": "http://prometheus.example:9090"}


def needed(*rights: Right) -> set[Grant]:
    return {(right.group, right.resource, right.verb, right.name) for right in rights}


def test_observing_is_granted_what_it_asks_for_and_nothing_else() -> None:
    settings = KubernetesSettings.model_validate({"deployment": "web", "metrics": PROMETHEUS})
    assert grants(role_rules(OBSERVE)) == needed(*rights_to_observe(settings))
    bare = KubernetesSettings(deployment="web")
    more = grants(role_rules("components/resource-metrics/role.yaml"))
    assert grants(role_rules(OBSERVE)) | more == needed(*rights_to_observe(bare))


@pytest.mark.parametrize(
    ("role", "more"),
    [(SCALE, {}), (FLOOR, {"actuator": "hpa-floor", "floor_min": 1, "floor_max": 5})],
)
def test_scaling_is_granted_what_it_asks_for_and_nothing_else(
    role: str, more: dict[str, object]
) -> None:
    settings = KubernetesSettings.model_validate({"deployment": "web", **more})
    assert grants(role_rules(CONTROL, role)) == needed(*rights_to_scale(settings, hpa="web"))


def test_nothing_is_granted_wholesale() -> None:
    every = [documents(path) for path in DEPLOY.rglob("*.yaml")]
    kinds = {item["kind"] for items in every for item in items if "kind" in item}
    assert "Role" in kinds
    assert not kinds & {"ClusterRole", "ClusterRoleBinding"}
    found = grants(role_rules(OBSERVE, CONTROL, SCALE, FLOOR))
    assert not any("*" in part for grant in found for part in grant)
    writing = {grant for grant in found if grant[2] not in ("get", "list", "watch", "create")}
    assert all(name for *_, name in writing), "every change is bound to one object"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_names_are_given_once_and_reach_everything(overlay: str, tmp_path: Path) -> None:
    items = render(overlay, tmp_path, namespace="shop", deployment="front-end", hpa="front-hpa")
    assert {item["metadata"]["namespace"] for item in items} == {"shop"}
    rules = [rule for item in items if item["kind"] == "Role" for rule in item["rules"]]
    names = {name for *_, name in grants(rules)} - {""}
    expected = {"front-end"}
    expected |= set() if overlay == "shadow" else {"rlscale-front-end"}
    expected |= {"front-hpa"} if overlay == "hpa-floor" else set()
    assert names == expected
    assert "--deployment=front-end" in command(items)
    bound = {item["roleRef"]["name"] for item in items if item["kind"] == "RoleBinding"}
    assert bound == {item["metadata"]["name"] for item in items if item["kind"] == "Role"}
    for item in items:
        if item["kind"] == "RoleBinding":
            account = {"kind": "ServiceAccount", "name": "rlscale-console", "namespace": "shop"}
            assert item["subjects"] == [account]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_command_is_one_that_is_understood(overlay: str, tmp_path: Path) -> None:
    items = render(overlay, tmp_path)
    arguments = build_parser().parse_args(command(items))
    assert (arguments.env, arguments.headless) == ("k8s", True)
    assert arguments.mode == ("SHADOW" if overlay == "shadow" else "AUTO")
    assert arguments.write == (overlay != "shadow")
    assert arguments.confirm == (None if overlay == "shadow" else "in-cluster/default/web")
    port = container(items)["ports"][0]
    assert arguments.metrics_port == port["containerPort"]
    notes = find(items, "Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert int(notes["prometheus.io/port"]) == port["containerPort"]
    for probe, path in (("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert container(items)[probe]["httpGet"] == {"path": path, "port": port["name"]}


def test_the_shipped_settings_and_twin_are_valid() -> None:
    settings = load_settings(DEPLOY / "base/settings.yaml", {"deployment": "web"})
    twin = load_scenario(DEPLOY / "base/twin.yaml")
    plan = plan_of(settings.model_copy(update={"in_cluster": True}), twin)
    assert plan.facts.pod_capacity_rps == pytest.approx(4 / 0.07)
    assert plan.episode.guardrails == settings.guardrails


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_pod_fits_into_a_restricted_namespace(overlay: str, tmp_path: Path) -> None:
    items = render(overlay, tmp_path)
    pod, engine = find(items, "Deployment")["spec"]["template"]["spec"], container(items)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert engine["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"hostNetwork", "hostPID", "hostIPC"}.isdisjoint(pod)
    kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"configMap", "emptyDir"}
    assert engine["resources"].keys() == {"requests", "limits"}
    # What it writes lies on a volume: the file system of the image is read-only.
    writable = [m["mountPath"] for m in engine["volumeMounts"] if not m.get("readOnly")]
    for name in ("RLSCALE_DATA_DIR", "RLSCALE_CONFIG_DIR"):
        assert any(environment(items)[name].startswith(place) for place in writable)


def test_new_settings_start_the_engine_anew(tmp_path: Path) -> None:
    before = render("shadow", tmp_path / "before")
    after = render("shadow", tmp_path / "after", settings={"interval_s": 30})
    assert _settings_volume(before) != _settings_volume(after)
    assert find(after, "ConfigMap", _settings_volume(after))


def _settings_volume(items: list[dict[str, object]]) -> str:
    pod = find(items, "Deployment")["spec"]["template"]["spec"]
    (name,) = [v["configMap"]["name"] for v in pod["volumes"] if "configMap" in v]
    return str(name)


def test_run_files_can_be_kept(tmp_path: Path) -> None:
    items = render("shadow", tmp_path, components=("keep-runs", "resource-metrics"))
    volumes = find(items, "Deployment")["spec"]["template"]["spec"]["volumes"]
    claim = find(items, "PersistentVolumeClaim")["metadata"]["name"]
    assert {"name": "data", "persistentVolumeClaim": {"claimName": claim}} in volumes
    assert find(items, "Role", "rlscale-console-resource-metrics")


def test_every_kustomization_names_all_files_beside_it() -> None:
    for path in DEPLOY.rglob("kustomization.yaml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        text = path.read_text(encoding="utf-8")
        others = [file.name for file in path.parent.glob("*.yaml") if file != path]
        assert all(name in text for name in others), path
        for entry in (*content.get("resources", ()), *content.get("components", ())):
            assert (path.parent / entry).exists(), f"{path}: {entry}"
