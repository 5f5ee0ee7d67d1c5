from __future__ import annotations

import pytest

from core.errors import InputError
from core.runs.control import Control, check_override
from core.state import ControlMode
from tests.core.runs.fakes import FACTS


def test_override_returns_to_the_former_mode() -> None:
    pinned = Control(ControlMode.SHADOW).with_override(7, None, now_s=0.0)
    assert (pinned.mode, pinned.override_target) == (ControlMode.MANUAL, 7)
    assert pinned.released() == Control(ControlMode.SHADOW)


def test_second_override_keeps_the_mode_before_the_first() -> None:
    twice = Control(ControlMode.AUTO).with_override(7, 60.0, 0.0).with_override(9, None, 30.0)
    assert twice.former_mode is ControlMode.AUTO
    assert twice.override_target == 9
    assert twice.override_ends_s is None


def test_override_expires_at_its_end() -> None:
    pinned = Control().with_override(7, 60.0, now_s=100.0)
    assert not pinned.has_expired(159.0)
    assert pinned.has_expired(160.0)


def test_override_without_end_never_expires() -> None:
    assert not Control().with_override(7, None, 0.0).has_expired(1e12)


def test_manual_pins_what_is_desired() -> None:
    assert Control().with_mode(ControlMode.MANUAL, replicas=5).override_target == 5


def test_manual_again_keeps_the_pin() -> None:
    pinned = Control().with_override(7, 60.0, 0.0)
    assert pinned.with_mode(ControlMode.MANUAL, replicas=5) == pinned


def test_another_mode_forgets_the_override() -> None:
    assert Control().with_override(7, 60.0, 0.0).with_mode(ControlMode.HOLD, 5) == Control(
        ControlMode.HOLD
    )


def test_release_without_override_is_refused() -> None:
    with pytest.raises(InputError, match="expected an override to release, found mode HOLD"):
        Control(ControlMode.HOLD).released()


@pytest.mark.parametrize("replicas", [1, 41, -3])
def test_replicas_outside_the_limits_are_refused(replicas: int) -> None:
    with pytest.raises(InputError, match=f"expected 2 to 40 replicas, found {replicas}"):
        check_override(replicas, None, FACTS)


@pytest.mark.parametrize("ttl_s", [0.0, -5.0, float("inf"), float("nan")])
def test_senseless_times_to_live_are_refused(ttl_s: float) -> None:
    with pytest.raises(InputError, match="expected a time to live above 0 s"):
        check_override(5, ttl_s, FACTS)
