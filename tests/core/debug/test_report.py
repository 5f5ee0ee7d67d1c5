"""A report has everything about a decision, for programs and for people."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from core.debug.debugger import Debugger
from core.debug.explain import Baseline, Question
from core.debug.export import export_report
from core.debug.markdown import as_markdown
from core.debug.report import report
from core.debug.whatif import Asking
from core.envs.observation import FEATURE_NAMES
from core.errors import InputError, RunError
from core.runs.records import RunKind
from tests.core.debug.factory import STEPS
from tests.core.disk import no_room_beyond
from tests.core.runs.factory import write_run
from tests.core.runs.uneven import paused


@pytest.fixture
def debugger(operated_run: Path) -> Debugger:
    return Debugger(operated_run, keep=False)


def test_a_report_is_plain_and_whole(debugger: Debugger) -> None:
    assert debugger.speculation is not None
    what_if = debugger.speculation.ask(33, Asking(steps=5, samples=3, policies=("hpa",)))
    found = report(debugger, 33, what_if=what_if)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    step = debugger.recording.step(33)
    assert found["state"]["latency_p95_ms"] == step.state.latency_p95_ms
    assert found["decision"]["target"] == step.decision.target
    assert found["outcome"]["guardrail"] == step.guardrail
    assert found["reward"]["total"] == step.reward.total
    assert len(found["observation"]) == len(FEATURE_NAMES)
    parts = sum(one["contribution"] for one in found["observation"])
    assert parts == pytest.approx(found["why"]["difference"], abs=1e-6)
    assert len(found["weighing"]["options"]) == 28
    assert found["replay"] == "lived through again, bit for bit"
    assert found["what_if"]["outcomes"][0]["as_decided"]
    assert found["what_if"]["outcomes"][-1]["labels"]


def test_questions_and_baselines_are_passed_on(debugger: Debugger) -> None:
    found = report(debugger, 20, question=Question.TARGET, baseline=Baseline.PREVIOUS)
    assert found["why"]["about"] == "logarithm of the mean target"
    assert found["why"]["against"] == "the observation of the decision before"


def test_markdown_tells_it_to_people(debugger: Debugger) -> None:
    assert debugger.speculation is not None
    debugger.breakpoints.add("step == 33 or guardrail")
    guarded = next(index for index in range(1, STEPS) if debugger.recording.step(index).guardrail)
    what_if = debugger.speculation.ask(guarded, Asking(steps=5, samples=3))
    text = as_markdown(report(debugger, guarded, what_if=what_if))
    step = debugger.recording.step(guarded)
    for words in (
        f"# Decision {guarded} of {debugger.info.run_id}",
        step.decision.reason,
        f"Guardrail: {step.guardrail}",
        "`step == 33 or guardrail`",
        "## What was weighed",
        "## Why",
        "| feature | value | meaning | change | contribution |",
        "## Reward",
        "## What if",
        "3 samples of fresh arrivals",
        "bit for bit",
    ):
        assert words in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)
    assert text.endswith("\n")
    assert "None" not in text


def test_baselines_and_gaps_leave_no_holes(hpa_run: Path, tmp_path: Path) -> None:
    found = report(Debugger(hpa_run), 42)
    text = as_markdown(found)
    assert found["weighing"] is None
    assert "No contributions: this policy has no network to look into" in text
    assert "None" not in text
    copied = Path(shutil.copytree(hpa_run, tmp_path / "copy"))
    connection = sqlite3.connect(copied / "run.db")
    with connection:
        connection.execute("UPDATE steps SET observation = NULL, latency_p95_ms = NULL")
    connection.close()
    text = as_markdown(report(Debugger(copied), 0))
    assert "The observation was not recorded." in text
    assert "| latency p95 | - | - |" in text
    assert "differs from step 0" in text


def test_it_is_written_to_files(debugger: Debugger, tmp_path: Path) -> None:
    found = report(debugger, 12)
    written = export_report(found, tmp_path / "one.md")
    assert written.read_text(encoding="utf-8") == as_markdown(found)
    written = export_report(found, tmp_path / "one.json")
    assert json.loads(written.read_text(encoding="utf-8")) == found
    with pytest.raises(InputError, match="expected a new file"):
        export_report(found, tmp_path / "one.md")
    export_report(found, tmp_path / "one.md", overwrite=True)
    with pytest.raises(InputError, match=r"ends in \.md or \.json"):
        export_report(found, tmp_path / "one.txt")
    with pytest.raises(InputError, match=r"expected a folder to write one\.md in, found none"):
        export_report(found, tmp_path / "gone" / "one.md")


def test_a_full_disk_leaves_the_file_as_it_was(debugger: Debugger, tmp_path: Path) -> None:
    target = export_report(report(debugger, 12), tmp_path / "one.md")
    before = target.read_bytes()
    with no_room_beyond(100), pytest.raises(RunError, match="cannot write"):
        export_report(report(debugger, 13), target, overwrite=True)
    with no_room_beyond(100), pytest.raises(RunError, match="cannot write"):
        export_report(report(debugger, 13), tmp_path / "two.json")
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


def test_times_lead_to_steps(debugger: Debugger) -> None:
    assert debugger.step_at(0.0) == 0
    assert debugger.step_at(607.0) == 40
    assert debugger.step_at(STEPS * 15.0 + 15.0) == STEPS
    with pytest.raises(InputError, match=r"expected a time up to \d\d:\d\d:00, found 05:00:00"):
        debugger.step_at(5 * 3600.0)


def test_times_lead_to_steps_after_a_pause(operated_run: Path, tmp_path: Path) -> None:
    debugger = Debugger(paused(Path(shutil.copytree(operated_run, tmp_path / "paused")), 10))
    assert debugger.step_at(135.0) == 9
    assert debugger.step_at(700.0) == 9
    assert debugger.step_at(780.0) == 12
    debugger.close()


def test_a_copied_file_can_be_debugged(operated_run: Path, tmp_path: Path) -> None:
    copied = tmp_path / "mine.db"
    shutil.copy(operated_run / "run.db", copied)
    debugger = Debugger(copied)
    debugger.breakpoints.add("guardrail")
    assert list(tmp_path.iterdir()) == [copied]
    assert debugger.faithfulness(40) == "lived through again, bit for bit"
    debugger.close()


def test_what_cannot_be_repeated_can_still_be_looked_at(operated_run: Path, tmp_path: Path) -> None:
    cluster = Path(shutil.copytree(operated_run, tmp_path / "cluster"))
    connection = sqlite3.connect(cluster / "run.db")
    with connection:
        connection.execute("UPDATE meta SET value = '\"k8s a/b/c\"' WHERE key = 'environment'")
        connection.execute("DELETE FROM meta WHERE key = 'scenario'")
    connection.close()
    debugger = Debugger(cluster)
    assert debugger.rewind is None
    assert debugger.speculation is None
    assert "expected the twin of the service" in debugger.faithfulness(5)
    found = report(debugger, 5)
    assert found["weighing"]["entropy"] is not None
    assert found["why"]["error"] == pytest.approx(0.0, abs=1e-6)
    with pytest.raises(RunError, match="a policy's run to debug"):
        Debugger(write_run(tmp_path / "training", 20, kind=RunKind.TRAINING))
