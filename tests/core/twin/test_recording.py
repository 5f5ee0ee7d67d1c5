from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from core.twin.gaps import bridge_gaps
from core.twin.recorder import Stretch, chunks
from core.twin.recording import Recording, load_recording
from core.twin.span import parse_span, span_text
from core.twin.startup_fit import fit_startup, replica_delays


def _recording(rps: list[float]) -> Recording:
    return Recording("shop/web", 1_780_000_000, 15, 15, 250.0, np.array(rps))


@pytest.mark.parametrize(
    ("text", "seconds"), [("7d", 604_800), ("36h", 129_600), ("1d12h", 129_600), ("45s", 45)]
)
def test_spans_are_read_and_written(text: str, seconds: int) -> None:
    assert parse_span(text) == seconds
    assert parse_span(span_text(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "0s", "7 days", "-1h"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="length of time"):
        parse_span(text)


def test_no_query_asks_for_more_than_prometheus_gives() -> None:
    steps = 7 * 86_400 // 15
    found = list(chunks(steps))
    assert all(end - begin <= 11_000 for begin, end in found)
    assert [begin for begin, _ in found[1:]] == [end for _, end in found[:-1]]
    assert found[-1][1] == steps


def test_windows_lie_around_their_steps_and_end_by_now() -> None:
    stretch = Stretch.until(10_000.0, 3600, 15, 60)
    last_s = stretch.first_s(False) + (stretch.steps - 1) * 15
    assert last_s <= 10_000
    assert stretch.first_s(False) - 60 <= stretch.start_s <= stretch.first_s(True)
    with pytest.raises(InputError, match="many steps"):
        Stretch.until(10_000.0, 30, 15, 60)


def test_a_recording_comes_back_from_its_file(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "web.recording.npz"
    with path.open("wb") as file:
        replace(recording, min_replicas=2, bounds_ms=np.array([5.0, 10.0])).write(file)
    again = load_recording(path)
    np.testing.assert_array_equal(again.rps, recording.rps)
    np.testing.assert_array_equal(again.bounds_ms, [5.0, 10.0])
    assert (again.min_replicas, again.max_replicas, again.slo_ms) == (2, None, 250.0)
    path.write_text("t_seconds,rps\n")
    with pytest.raises(InputError, match="expected a recording"):
        load_recording(path)


def test_short_gaps_are_bridged_and_reported() -> None:
    rps = [np.nan, 10.0, np.nan, 30.0, 40.0, np.nan]
    found = bridge_gaps(_recording(rps))
    np.testing.assert_allclose(found.recording.rps, [10.0, 20.0, 30.0, 40.0])
    assert found.measured.tolist() == [True, False, True, True]
    assert found.recording.start_s == 1_780_000_015
    assert len(found.notes) == 3


def test_long_gaps_are_refused_unless_told_otherwise() -> None:
    rps = [10.0] * 5 + [np.nan] * 50 + [20.0] * 5
    with pytest.raises(InputError, match="found 1 of more than 10m: 12m30s from") as caught:
        bridge_gaps(_recording(rps))
    assert "--bridge-gaps" in caught.value.hint
    assert not bridge_gaps(_recording(rps), all_gaps=True).measured[30]
    with pytest.raises(InputError, match="found none"):
        bridge_gaps(_recording([np.nan] * 10))


def test_start_up_times_come_from_replicas_asked_for_and_ready() -> None:
    desired = np.array([2.0, 4, 4, 4, 4, 4, 5, 6, 6, 6])
    ready = np.array([2.0, 2, 3, 3, 4, 4, 4, 4, 6, 6])
    # Two at once: the first after 15 s, the second after 45 s; then one after 30 s. The one asked
    # for while another was on its way cannot be told from it.
    assert replica_delays(desired, ready, 15).tolist() == [15.0, 45.0, 30.0]


def test_times_of_pods_count_before_those_of_replicas() -> None:
    times = np.random.default_rng(2).lognormal(np.log(30.0), 0.3, 400)
    found = fit_startup(replace(_recording([1.0, 1.0]), startup_s=times))
    assert found is not None
    assert found.median_s == pytest.approx(30.0, rel=0.05)
    assert found.sigma == pytest.approx(0.3, rel=0.15)
    assert not found.from_history
