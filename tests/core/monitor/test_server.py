from __future__ import annotations

import socket
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.clock import SystemClock
from core.cluster.base import ScaleOutcome
from core.cluster.guardrails import Guardrail, guardrail_text, guardrails_in
from core.errors import InputError
from core.monitor.server import monitoring
from core.runs.lock import EngineLock
from core.runs.reader import RunReader
from core.runs.records import RunState, RunTotals
from core.runs.rows import StepRecord
from core.runs.store import RunWriter
from core.state import Actor, ControlMode, Step
from tests.core.runs.clocks import ManualClock
from tests.core.runs.factory import write_run

Samples = dict[tuple[str, str], float]
"""Values by name and the one label's value."""


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def scrape(port: int) -> Samples:
    status, text = get(port, "/metrics")
    assert status == 200
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def rewritten(writer: RunWriter, step: Step, **changes: object) -> None:
    """Append a step like another one."""
    new = replace(step, index=writer.next_step, **changes)  # type: ignore[arg-type]
    writer.add_step(StepRecord(new, None, RunTotals()))


def test_a_scrape_tells_how_the_run_stands(tmp_path: Path) -> None:
    directory = write_run(
        tmp_path / "run",
        202,
        state=RunState.RUNNING,
        mode=ControlMode.MANUAL,
        override_target=12,
        degraded="metrics too old: holding",
    )
    with monitoring(directory, SystemClock(), "127.0.0.1", 0) as port:
        samples = scrape(port)
    assert samples["rlscale_mode", "MANUAL"] == 1.0
    assert sum(value for (name, _), value in samples.items() if name == "rlscale_mode") == 1.0
    assert samples["rlscale_degraded", ""] == 1.0
    assert samples["rlscale_override", ""] == 1.0
    assert samples["rlscale_override_replicas", ""] == 12.0
    # Of the 201 finished decisions; the factory lets a guardrail act in one of fifty.
    decisions = {k[1]: v for k, v in samples.items() if k[0] == "rlscale_decisions_total"}
    assert sum(decisions.values()) == 201
    assert decisions["guardrail"] == 4
    assert decisions["operator"] == 12
    assert samples["rlscale_scalings_total", "accepted"] == 3
    assert samples["rlscale_scalings_total", "refused"] == 2
    assert samples["rlscale_metrics_age_seconds", ""] == 5.0
    assert samples["rlscale_reward", "cost"] < 0.0
    assert samples["rlscale_replicas_ready", ""] >= 2
    assert ("rlscale_policy_target_replicas", "") in samples
    assert samples["process_resident_memory_bytes", ""] > 1e6


def test_counters_go_on_where_they_were(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 30, state=RunState.RUNNING)
    with EngineLock(directory), monitoring(directory, SystemClock(), "127.0.0.1", 0) as port:
        before = scrape(port)
        again = scrape(port)
        decided = ("rlscale_decisions_total", "policy")
        assert again[decided] == before[decided] > 0, "counted twice"
        writer = RunWriter(directory, SystemClock())
        last = RunReader(directory).step(29)
        vetoed = guardrail_text(Guardrail.VIOLATING | Guardrail.STEP, 4, 8)
        rewritten(writer, last, actor=Actor.GUARDRAIL, guardrail=vetoed)
        number = writer.begin_scaling(
            step=30, time_s=450.0, actor=Actor.POLICY, replicas_before=8, target=9
        )
        writer.flush()
        unfinished = scrape(port)
        # The veto is the newest decision and may be amended; the call has not been answered.
        key = ("rlscale_guardrail_interventions_total", "violating")
        assert unfinished[key] == before[key]
        assert unfinished["rlscale_scalings_total", "in_doubt"] == 0
        writer.finish_scaling(number, ScaleOutcome(True, ""))
        rewritten(writer, last, actor=Actor.POLICY, guardrail="")
        writer.flush()
        after = scrape(port)
        writer.close()
    assert after[key] == before[key] + 1
    assert after["rlscale_guardrail_interventions_total", "step"] == 1
    assert after["rlscale_guardrail_interventions_total", "limits"] == 0
    accepted = ("rlscale_scalings_total", "accepted")
    assert after[accepted] == before[accepted] + 1
    guarded = ("rlscale_decisions_total", "guardrail")
    assert after[guarded] == before[guarded] + 1


def test_probes_answer_in_words(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 10, state=RunState.RUNNING)
    clock = ManualClock(20.0)
    with monitoring(directory, clock, "127.0.0.1", 0) as port:
        with EngineLock(directory):
            assert get(port, "/healthz") == (200, "decision 9, 6 s ago\n")
            assert get(port, "/readyz")[0] == 200
            clock.time += 1_000.0
            assert get(port, "/healthz")[0] == 503
        assert get(port, "/readyz") == (503, "lost\n")
        assert get(port, "/") == (404, "there are /metrics, /healthz and /readyz\n")


def test_nobody_answers_afterwards_and_a_port_is_taken_once(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 10)
    with monitoring(directory, SystemClock(), "127.0.0.1", 0) as port:
        taken = f"found 127.0.0.1:{port}: Address already in use"
        with (
            pytest.raises(InputError, match=taken),
            monitoring(directory, SystemClock(), "127.0.0.1", port),
        ):
            pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


@pytest.mark.parametrize("flags", [Guardrail(bits) for bits in range(64)])
def test_the_words_of_guardrails_can_be_read_back(flags: Guardrail) -> None:
    named = guardrails_in(guardrail_text(flags, 4, 8))
    assert sum(named, Guardrail.NONE) == flags
