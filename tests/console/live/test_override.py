"""An override judged before it is sent, by the guardrails that judge it then."""

from __future__ import annotations

import pytest

from console.live.override import parse_replicas, parse_time_to_live, preview
from core.errors import InputError
from core.traffic.scenario import GuardrailSettings
from tests.core.runs.fakes import FACTS, state_at


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15", 900.0),
        ("15 min", 900.0),
        ("90 s", 90.0),
        ("2h", 7200.0),
        ("1.5 h", 5400.0),
        ("", None),
    ],
)
def test_times(text: str, seconds: float | None) -> None:
    assert parse_time_to_live(text) == seconds


@pytest.mark.parametrize("text", ["soon", "-5", "0", "5 years"])
def test_wrong_times_say_what_is_expected(text: str) -> None:
    with pytest.raises(InputError, match="expected"):
        parse_time_to_live(text)


def test_replicas_within_the_limits() -> None:
    assert parse_replicas(" 12 ", FACTS) == 12


@pytest.mark.parametrize("text", ["", "many", "1", "41", "3.5"])
def test_wrong_replicas_say_what_is_expected(text: str) -> None:
    with pytest.raises(InputError, match="expected"):
        parse_replicas(text, FACTS)


def test_preview_tells_change_cost_and_verdict() -> None:
    found = preview(12, 900.0, 8, state_at(60.0, desired=8), FACTS, GuardrailSettings())
    assert found.change == "8 → 12   +50 %"
    assert found.cost == "est. cost +1.0 pod·h"
    assert found.verdict == "limits 2…40: allowed"
    assert not found.changed_by_guardrails


def test_verdict_warns_where_the_traffic_is_more_than_the_replicas_carry() -> None:
    busy = state_at(60.0, desired=8, rps=180.0)
    found = preview(3, 900.0, 8, busy, FACTS, GuardrailSettings())
    assert found.verdict == "limits 2…40: allowed, but they carry 150 of 180 rps"
    enough = preview(4, 900.0, 8, busy, FACTS, GuardrailSettings())
    assert enough.verdict == "limits 2…40: allowed"


def test_preview_until_released_counts_by_the_hour() -> None:
    found = preview(5, None, 8, state_at(60.0, desired=8), FACTS, GuardrailSettings())
    assert found.cost == "est. cost -3 pod·h per hour"


def test_preview_of_no_change() -> None:
    found = preview(8, None, 8, state_at(60.0, desired=8), FACTS, None)
    assert found.change == "8 → 8"
    assert found.cost == "est. cost unchanged"


def test_the_largest_step_clamps() -> None:
    settings = GuardrailSettings(largest_step_up=2)
    found = preview(20, 900.0, 8, state_at(60.0, desired=8), FACTS, settings)
    assert found.changed_by_guardrails
    assert found.verdict.startswith("20 became 10")
    allowed = preview(10, 900.0, 8, state_at(60.0, desired=8), FACTS, settings)
    assert allowed.verdict == "limits 2…40, largest step +2: allowed"
