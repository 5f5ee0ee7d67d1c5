"""Every test that docs/safety.md names exists, and every promise names one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")


def test_named_tests_exist() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT)
    assert len(named) > 40
    for file, name in named:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), f"{file}::{name}"


def test_every_promise_names_a_test() -> None:
    section = DOCUMENT.split("## Promises")[1]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not re.match(r"\| (promise|what happens) \|", row)]
    assert promises
    assert [row for row in promises if "::test_" not in row] == []
