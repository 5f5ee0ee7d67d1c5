"""The page about clusters lists all settings, and its example is valid."""

from __future__ import annotations

import re
from pathlib import Path

from core.cluster.kubernetes.rights import rights_to_observe, rights_to_scale
from core.cluster.kubernetes.settings import (
    KubernetesSettings,
    MetricsSettings,
    QueryOverrides,
)
from core.cluster.kubernetes.settings_file import load_settings

_PAGE = Path(__file__).parents[4] / "docs" / "kubernetes.md"


def test_every_setting_is_on_the_page() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    for model in (KubernetesSettings, MetricsSettings, QueryOverrides):
        for name in model.model_fields:
            assert re.search(rf"\b{name}\b", text), name


def test_the_example_is_valid(tmp_path: Path) -> None:
    text = _PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    file = tmp_path / "cluster.yaml"
    file.write_text(example, encoding="utf-8")
    assert load_settings(file, {}).deployment == "checkout"


def test_every_right_is_on_the_page() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    plain = KubernetesSettings(deployment="web")
    floors = plain.model_copy(update={"actuator": "hpa-floor"})
    for settings in (plain, floors):
        for right in (*rights_to_observe(settings), *rights_to_scale(settings)):
            rows = [row for row in text.splitlines() if f"`{right.resource}`" in row]
            assert any(right.verb in row and (right.group or "`") in row for row in rows), right
