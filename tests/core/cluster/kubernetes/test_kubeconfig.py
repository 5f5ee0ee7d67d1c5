from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from core.cluster.kubernetes.kubeconfig import pinned, read_kubeconfig
from core.cluster.kubernetes.settings import KubernetesSettings
from core.errors import InputError


def _write(file: Path, contexts: dict[str, str | None], current: str | None = None) -> Path:
    content: dict[str, object] = {
        "contexts": [
            {"name": name, "context": {"cluster": "c"} | ({"namespace": place} if place else {})}
            for name, place in contexts.items()
        ]
    }
    if current:
        content["current-context"] = current
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_contexts_and_the_current_one(tmp_path: Path) -> None:
    file = _write(tmp_path / "config", {"prod": "shop", "test": None}, "test")
    found = read_kubeconfig(file)
    assert [(entry.name, entry.namespace) for entry in found.contexts] == [
        ("prod", "shop"),
        ("test", "default"),
    ]
    assert found.current == "test"
    assert found.context(None).name == "test"
    assert found.context("prod").namespace == "shop"


def test_several_files_are_merged_and_the_first_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _write(tmp_path / "a", {"prod": "one"}, "prod")
    second = _write(tmp_path / "b", {"prod": "two", "test": None}, "test")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{tmp_path / 'none'}:{second}")
    found = read_kubeconfig()
    assert found.current == "prod"
    assert [(entry.name, entry.namespace) for entry in found.contexts] == [
        ("prod", "one"),
        ("test", "default"),
    ]


def test_the_home_directory_is_the_default(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found no file.*KUBECONFIG"):
        read_kubeconfig()
    (tmp_path / ".kube").mkdir()
    _write(tmp_path / ".kube" / "config", {"home": None})
    assert read_kubeconfig().contexts[0].name == "home"


def test_unknown_and_missing_contexts_name_those_there_are(tmp_path: Path) -> None:
    found = read_kubeconfig(_write(tmp_path / "config", {"prod": None, "test": None}))
    with pytest.raises(InputError, match=r"found none set.*prod, test"):
        found.context(None)
    with pytest.raises(InputError, match=r"found 'prd'.*prod, test"):
        found.context("prd")


def test_a_kubeconfig_without_contexts_is_not_told_to_name_one(tmp_path: Path) -> None:
    found = read_kubeconfig(_write(tmp_path / "config", {}))
    for name in (None, "prod"):
        with pytest.raises(InputError, match=r"expected a context in .*found none.*--kubeconfig"):
            found.context(name)


@pytest.mark.parametrize(
    "text",
    [
        "users:\n- user: {token: SECRET12}\n  name: [broken",
        "- SECRET12",
        "SECRET12",
        "contexts: [{context: {token: SECRET12}}]",
        "contexts: [SECRET12]",
        "contexts: {SECRET12: {}}",
        "contexts: 5",
        "contexts: true",
        "when: 2026-13-45 SECRET12\ncontexts: !!int SECRET12",
    ],
)
def test_what_is_no_kubeconfig_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_kubeconfig(file)
    assert "SECRET12" not in str(caught.value)
    assert str(file) in str(caught.value)
    assert caught.value.__cause__ is None


def test_pinning_writes_out_what_depends_on_the_surroundings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _write(tmp_path / "config", {"prod": "shop", "test": None}, "prod")
    monkeypatch.setenv("KUBECONFIG", str(file))
    found = pinned(KubernetesSettings(deployment="web"))
    assert (found.kubeconfig, found.context, found.namespace) == (file, "prod", "shop")
    # Somebody switches the context, and the environment of the engine is another one.
    _write(file, {"prod": "other", "test": None}, "test")
    monkeypatch.delenv("KUBECONFIG")
    assert pinned(found) == found
    own = pinned(found.model_copy(update={"namespace": "mine"}))
    assert own.namespace == "mine"


def test_inside_a_cluster_no_kubeconfig_is_needed() -> None:
    found = pinned(KubernetesSettings(deployment="web", in_cluster=True))
    assert found.namespace == "default"
    assert found.kubeconfig is None
