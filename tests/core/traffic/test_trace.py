from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.traffic.trace import (
    Trace,
    average_windows,
    load_replay,
    peak_of,
    read_trace,
    scale_to_peak,
)
from core.traffic.trace_rows import TraceRows, parse_quickly
from tests.core.traffic.factory import REAL_TRACES, written


def trace_of(rps: list[float], step_s: float = 1.0) -> Trace:
    count = len(rps)
    return Trace(
        np.arange(count, dtype=np.float64) * step_s, np.array(rps, dtype=np.float64), count * step_s
    )


def replayed(trace: Trace, duration_s: int, *, repeat: bool = True) -> list[float]:
    rates: list[float] = trace.rates(
        np.arange(duration_s, dtype=np.float64), repeat=repeat
    ).tolist()
    return rates


def problems_of(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_trace(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("header", [(), ("t_seconds,rps",), ("# a comment", "T_Seconds, RPS")])
def test_header_and_comments_are_optional(tmp_path: Path, header: tuple[str, ...]) -> None:
    path = written(tmp_path / "t.csv", *header, "0,5", "", "  # more", " 10 , 6.5 ", "20,7")
    trace = read_trace(path)
    assert trace.t_seconds.tolist() == [0, 10, 20]
    assert trace.rps.tolist() == [5, 6.5, 7]
    assert trace.end_s == 30


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbft_seconds,rps\r\n0,5\r\n1,6\r\n")
    assert read_trace(path).rps.tolist() == [5, 6]


def test_the_first_moment_becomes_zero(tmp_path: Path) -> None:
    trace = read_trace(written(tmp_path / "t.csv", "1700000000,1", "1700000060,2"))
    assert trace.t_seconds.tolist() == [0, 60]
    assert trace.duration_s == 120


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2,-1", "line 5: rps is negative (-1)"),
        ("2,many", "line 5: rps is 'many', not a number"),
        ("two,1", "line 5: t_seconds is 'two', not a number"),
        ("2,", "line 5: rps is '', not a number"),
        ("2,nan", "line 5: rps is nan, not a finite number"),
        ("2,inf", "line 5: rps is inf, not a finite number"),
        ("nan,1", "line 5: t_seconds is nan, not a finite number"),
        ("2", "line 5: 1 column instead of 2"),
        ("2,1,1", "line 5: 3 columns instead of 2"),
        ("1,1", "line 5: t_seconds 1 repeats line 4"),
        ("0.5,1", "line 5: t_seconds 0.5 comes after 1"),
        ("t_seconds,rps", "line 5: t_seconds is 't_seconds', not a number"),
    ],
)
def test_faulty_rows_are_named_by_line(tmp_path: Path, row: str, problem: str) -> None:
    path = written(tmp_path / "t.csv", "# comment", "t_seconds,rps", "0,1", "1,1", row, "3,1")
    message = problems_of(path)
    assert problem in message
    assert "found 1 problem:" in message


def test_a_gap_is_named_by_line(tmp_path: Path) -> None:
    rows = [f"{t},1" for t in (0, 10, 20, 51, 61)]
    message = problems_of(written(tmp_path / "t.csv", *rows))
    assert "line 4: gap of 31 s after t_seconds 20 where steps are 10 s" in message


def test_a_step_of_three_medians_is_no_gap(tmp_path: Path) -> None:
    rows = [f"{t},1" for t in (0, 10, 20, 50, 60)]
    assert read_trace(written(tmp_path / "t.csv", *rows)).widths_s.tolist() == [10, 10, 30, 10, 10]


def test_faulty_rows_are_no_gap_as_well(tmp_path: Path) -> None:
    rows = ["0,1", "1,1", *(f"{t},x" for t in range(2, 8)), "8,1", "9,1", "10,1"]
    message = problems_of(written(tmp_path / "t.csv", *rows))
    assert "found 6 problems" in message
    assert "gap of" not in message


def test_all_problems_are_told_up_to_a_limit_in_order(tmp_path: Path) -> None:
    rows = ["0,1", "1,-1", "2,1", "3,1", "100,1", "101,x"]
    message = problems_of(written(tmp_path / "t.csv", *rows))
    assert message.index("line 2:") < message.index("line 5: gap") < message.index("line 6:")
    many = problems_of(written(tmp_path / "u.csv", *(f"{t},x" for t in range(1, 31))))
    assert "found 30 problems" in many
    assert "line 10:" in many
    assert "line 11:" not in many
    assert "and 20 more" in many


def test_another_header_is_told_as_such(tmp_path: Path) -> None:
    message = problems_of(written(tmp_path / "t.csv", "time,value", "0,1", "1,1"))
    assert "line 1: the header is time,value, not t_seconds,rps" in message


@pytest.mark.parametrize("rows", [(), ("# only a comment",), ("t_seconds,rps",), ("0,1",)])
def test_too_little_is_no_trace(tmp_path: Path, rows: tuple[str, ...]) -> None:
    assert "at least 2 rows" in problems_of(written(tmp_path / "t.csv", *rows))


def test_what_is_no_text_file_is_told(tmp_path: Path) -> None:
    packed = tmp_path / "t.csv"
    packed.write_bytes(b"\x1f\x8b\xff\xfe")
    assert "Unpack it first" in problems_of(packed)
    assert "No such file" in problems_of(tmp_path / "none.csv")
    assert "directory" in problems_of(tmp_path)


def test_short_steps_are_held() -> None:
    assert replayed(trace_of([1, 5, 3], 2.0), 6) == [1, 1, 5, 5, 3, 3]


def test_long_steps_are_interpolated_between_their_middles() -> None:
    rates = replayed(trace_of([10, 20, 20], 300.0), 900)
    assert rates[0] == rates[149] == 10
    assert rates[300] == pytest.approx(15)
    assert rates[450] == rates[899] == 20
    assert np.abs(np.diff(rates)).max() == pytest.approx(10 / 300)


def test_after_the_end_it_repeats_or_is_silent() -> None:
    trace = trace_of([1, 2, 3])
    assert replayed(trace, 7) == [1, 2, 3, 1, 2, 3, 1]
    assert replayed(trace, 5, repeat=False) == [1, 2, 3, 0, 0]


def test_windows_hold_a_hundred_requests_each() -> None:
    averaged = average_windows(trace_of([30, 30, 50, 200, 100, 10, 10]))
    # 30 + 30 + 50; 200 and 100 hold enough alone; the last two are too few and join the window
    # before, because there is none after.
    assert averaged.t_seconds.tolist() == [0, 3, 4]
    assert averaged.rps.tolist() == pytest.approx([110 / 3, 200, 120 / 3])


def test_thin_steps_join_the_lower_neighbour() -> None:
    before_is_lower = average_windows(trace_of([100, 5, 300]))
    assert before_is_lower.t_seconds.tolist() == [0, 2]
    assert before_is_lower.rps.tolist() == pytest.approx([52.5, 300])
    after_is_lower = average_windows(trace_of([300, 5, 100]))
    assert after_is_lower.t_seconds.tolist() == [0, 1]
    assert after_is_lower.rps.tolist() == pytest.approx([300, 52.5])


@given(
    rps=st.lists(st.floats(0.0, 200.0), min_size=2, max_size=60),
    step_s=st.floats(0.5, 300.0),
)
def test_windows_lose_no_request_and_hold_enough(rps: list[float], step_s: float) -> None:
    trace = trace_of(rps, step_s)
    total = float(trace.rps @ trace.widths_s)
    averaged = average_windows(trace)
    counts = averaged.rps * averaged.widths_s
    assert counts.sum() == pytest.approx(total)
    assert averaged.t_seconds[0] == 0.0
    assert averaged.end_s == trace.end_s
    assert (averaged.widths_s > 0.0).all()
    assert counts.min() >= 100.0 - 1e-6 or len(counts) == 1


@given(
    rps=st.lists(st.floats(0.1, 1000.0), min_size=20, max_size=60),
    step_s=st.sampled_from([1.0, 10.0, 60.0]),
    peak_rps=st.floats(1.0, 5000.0),
)
def test_the_peak_is_what_was_asked(rps: list[float], step_s: float, peak_rps: float) -> None:
    scaled = scale_to_peak(trace_of(rps, step_s), peak_rps)
    assert peak_of(scaled) == pytest.approx(peak_rps)
    seconds = np.array(replayed(scaled, scaled.duration_s))
    assert np.percentile(seconds, 99.5) == pytest.approx(peak_rps)


def test_scaling_down_averages_nothing() -> None:
    rps = [5.0, 9.0, 2.0, 7.0] * 100
    scaled = scale_to_peak(trace_of(rps), 4.5)
    assert scaled.rps == pytest.approx(np.array(rps) / 2)


def test_scaling_up_smooths_the_noise_of_small_counts() -> None:
    counts = np.random.default_rng(0).poisson(5.0, 3600).astype(np.float64)
    scaled = scale_to_peak(trace_of(counts.tolist()), 1000.0)
    noise_of_counts = counts.std() / counts.mean()
    noise_left = scaled.rps.std() / scaled.rps.mean()
    # A hundred requests vary by a tenth, five by almost a half.
    assert noise_of_counts > 0.4
    assert noise_left < 0.13


def test_nothing_cannot_be_scaled() -> None:
    with pytest.raises(InputError, match="with traffic to scale"):
        scale_to_peak(trace_of([0.0] * 50), 100.0)
    with pytest.raises(InputError, match="positive peak"):
        scale_to_peak(trace_of([1.0] * 50), 0.0)


def test_a_replay_is_kept_until_the_file_changes(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "0,1", "1,1")
    first = load_replay(path)
    assert load_replay(path) is first
    written(path, "0,2", "1,2", "2,2")
    os.utime(path, (1, 1))
    assert load_replay(path).rps.tolist() == [2, 2, 2]
    with pytest.raises(InputError, match="No such file"):
        load_replay(tmp_path / "none.csv")


@pytest.mark.skipif(not REAL_TRACES.is_dir(), reason="the recorded traces are not here")
def test_recorded_traces_are_read_and_scaled() -> None:
    paths = sorted(REAL_TRACES.glob("*.csv"))
    assert paths
    for path in paths:
        trace = read_trace(path)
        assert (trace.rps >= 0).all()
        assert trace.duration_s > 3000
        assert peak_of(scale_to_peak(trace, 1500.0)) == pytest.approx(1500.0)


@pytest.mark.skipif(not REAL_TRACES.is_dir(), reason="the recorded traces are not here")
def test_missing_samples_of_a_coarse_trace_are_no_gap() -> None:
    trace = read_trace(REAL_TRACES / "nab_aws_elb_5m.csv")
    assert set(trace.widths_s) == {300.0, 600.0}


@given(
    cells=st.lists(
        st.sampled_from(["0", "1", " 2", "3.5", "4e0", "-1", "nan", "x", "", "7 # more", "1_0"]),
        min_size=2,
        max_size=8,
    )
)
def test_the_quick_way_takes_nothing_that_the_careful_one_refuses(cells: list[str]) -> None:
    lines = [f"{t},{cell}" for t, cell in enumerate(cells)]
    rows = TraceRows()
    for number, line in enumerate(lines, start=1):
        rows.add(number, line)
    quick = parse_quickly(lines)
    if rows.problems:
        assert quick is None
    elif quick is not None:
        assert quick.tolist() == [list(row) for row in zip(rows.times, rows.rates, strict=True)]
