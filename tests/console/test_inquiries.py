from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from console.inquiries import Inquiry


def test_an_answer_comes_line_by_line(tmp_path: Path) -> None:
    access = {"kubeconfig": str(tmp_path / "none")}
    (answer,) = Inquiry({"question": "namespaces", "access": access}).answers()
    assert answer["names"] is None
    assert "found no file" in answer["problem"]
    assert "KUBECONFIG" in answer["hint"]
    assert "--" not in answer["hint"], "Setup shows it, and has no flags"


def test_a_question_that_makes_no_sense_is_no_crash() -> None:
    (answer,) = Inquiry({"question": "nonsense"}).answers()
    assert answer["problem"]


def test_a_program_for_credentials_that_never_ends_is_ended_with_the_question(
    tmp_path: Path,
) -> None:
    started = tmp_path / "started"
    script = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(600)"
    file = tmp_path / "config"
    file.write_text(
        f"""
contexts: [{{name: prod, context: {{cluster: c, user: u}}}}]
current-context: prod
clusters: [{{name: c, cluster: {{server: "https://127.0.0.1:9"}}}}]
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: {sys.executable}
      args: ["-c", {script!r}]
""",
        encoding="utf-8",
    )
    inquiry = Inquiry({"question": "namespaces", "access": {"kubeconfig": str(file)}})
    found: list[object] = []
    reader = threading.Thread(target=lambda: found.extend(inquiry.answers()))
    reader.start()
    deadline = time.monotonic() + 20.0
    while not started.exists() and time.monotonic() < deadline:
        reader.join(timeout=0.05)
    assert started.exists()
    inquiry.cancel()
    reader.join(timeout=5.0)
    assert not reader.is_alive()
    assert found == []


def test_a_cancelled_question_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    inquiry = Inquiry({"question": "namespaces"})
    inquiry.cancel()
    monkeypatch.setattr("subprocess.Popen", None)
    assert list(inquiry.answers()) == []
