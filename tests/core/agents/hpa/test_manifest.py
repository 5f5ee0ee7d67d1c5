"""Files that hold an HPA, and files that do not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from core.agents.hpa import HpaSpec, read_manifest
from core.errors import InputError
from tests.core.agents.hpa.factory import FULL_MANIFEST


def test_a_file_may_hold_other_objects_too(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text(f"kind: Deployment\nspec: {{}}\n---\n{FULL_MANIFEST}\n---\n", encoding="utf-8")
    assert read_manifest(path) == HpaSpec.from_manifest(yaml.safe_load(FULL_MANIFEST))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "expected the manifest of an HPA, found no such file or directory."),
        ("a: [", "expected the manifest of an HPA, found invalid YAML on line 1."),
        ("", "expected one HorizontalPodAutoscaler of autoscaling/v2, found none."),
        ("kind: Deployment", "found none."),
        (f"{FULL_MANIFEST}\n---\n{FULL_MANIFEST}", "found 2."),
        ("kind: HorizontalPodAutoscaler\nspec: {maxReplicas: 0}", "spec.maxReplicas: expected"),
    ],
)
def test_files_without_a_usable_hpa(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "web.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_manifest(path)
    assert caught.value.message.startswith(f"{path}: ")
    assert message in caught.value.message


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="found no YAML text"):
        read_manifest(path)
