from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.cluster.kubernetes.settings import Actuator, QuerySet
from core.cluster.kubernetes.settings_file import load_settings
from core.errors import InputError

_TEXT = """
context: prod
namespace: shop
deployment: checkout
kubeconfig: ./kube/config
pod_capacity_rps: 20
metrics:
  prometheus_url: https://prometheus.example
  bearer_token_file: token
  query_set: istio
  queries: {rps: 'sum(rate(x{app="{deployment}"}[{window}]))'}
guardrails: {largest_step_up: 4}
"""


def _file(folder: Path, text: str) -> Path:
    file = folder / "cluster.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_flags_win_over_the_file_one_by_one(tmp_path: Path) -> None:
    flags: dict[str, Any] = {
        "deployment": "web",
        "actuator": "hpa-floor",
        "floor_min": 2,
        "floor_max": 5,
        "metrics": {"query_set": "generic"},
    }
    found = load_settings(_file(tmp_path, _TEXT), flags)
    assert (found.context, found.namespace, found.deployment) == ("prod", "shop", "web")
    assert found.actuator is Actuator.HPA_FLOOR
    assert found.metrics.query_set is QuerySet.GENERIC
    assert found.metrics.prometheus_url == "https://prometheus.example"
    assert found.metrics.queries.rps is not None
    assert found.guardrails is not None
    assert found.guardrails.largest_step_up == 4


def test_paths_in_a_file_below_the_home_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    _file(tmp_path / "home", _TEXT)
    found = load_settings(Path("~/cluster.yaml"), {})
    assert found.kubeconfig == tmp_path / "home" / "kube" / "config"


def test_paths_are_relative_to_where_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    found = load_settings(_file(tmp_path, _TEXT), {"metrics": {"ca_file": Path("ca.pem")}})
    assert found.kubeconfig == tmp_path / "kube" / "config"
    assert found.metrics.bearer_token_file == tmp_path / "token"
    assert found.metrics.ca_file == home / "ca.pem"
    assert load_settings(None, {"deployment": "x", "kubeconfig": "~/k"}).kubeconfig == home / "k"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("deployment: [", "broken YAML at line"),
        ("- deployment", "expected fields"),
        ("", "expected deployment (--deployment), found none"),
        ("deployment: web\nmetrics: 5", "metrics"),
        ("deployment: web\nmetrics: {prometheus_ulr: x}", "did you mean prometheus_url?"),
        ("deployment: web\nfloor_mni: 3", "did you mean floor_min?"),
        ("deployment: Web", "deployment: "),
        ("deployment: web\nguardrails: {largest_step: 3}", "did you mean largest_step_up?"),
        ("deployment: web\nmin_replicas: 5\nmax_replicas: 2", "expected max_replicas of at least"),
        ("deployment: !!int x", "value of no kind"),
        ("deployment: web\ninterval_s: fast", "interval_s: expected a number, found other text"),
        ("deployment: web\nmin_replicas: 1.5", "expected a whole number, found a fraction"),
        ("deployment: web\nmetrics: {prometheus_url: 'ftp://x'}", "found another kind of text"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        load_settings(_file(tmp_path, text), {})
    assert words in str(caught.value)
    assert "cluster.yaml" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "deployment: web\nmetrics: {bearer_token: SECRET12}",
        "deployment: web\nmetrics: {basic_auth_password: SECRET12}",
        "deployment: web\nmetrics: {prometheus_url: 'https://me:SECRET12@prometheus.example'}",
        "deployment: web\nmetrics: {prometheus_url: SECRET12}",
        "deployment: web\ntoken: SECRET12\nx: [",
        "deployment: SECRET12/x",
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as caught:
        load_settings(_file(tmp_path, text), {})
    assert "SECRET12" not in f"{caught.value} {caught.value!r}"
    assert caught.value.__suppress_context__


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found: No such file"):
        load_settings(tmp_path / "none.yaml", {})
