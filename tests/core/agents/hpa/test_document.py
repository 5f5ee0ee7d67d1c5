"""The document of the HPA names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]


def test_every_test_that_the_document_names_exists() -> None:
    document = (ROOT / "docs/hpa.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", document))
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py")
    )
    existing = set(re.findall(r"^def (test_[a-z0-9_]+)\(", code, re.MULTILINE))
    assert len(named) > 50
    assert sorted(named - existing) == []
    rules = re.findall(r"^### (\d)\. ", document, re.MULTILINE)
    assert rules == [str(number) for number in range(1, 10)]
