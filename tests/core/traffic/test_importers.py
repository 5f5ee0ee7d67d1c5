from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from core.traffic.importers.access_log import count_requests
from core.traffic.importers.importer import ImportKind, import_scenario
from core.traffic.library import load_scenario
from core.traffic.workload import rates_per_second
from tests.core.traffic.factory import written


def log_line(second: int, *, zone: str = "+0000", more: str = "", request: str = "GET /") -> str:
    moment = f"01/Mar/2026:{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f'10.0.0.1 - bob [{moment} {zone}] "{request} HTTP/1.1" 200 512{more}'


COMBINED = ' "https://example.org/" "Mozilla/5.0 (X11)" 0.012'


def test_common_and_combined_lines_are_counted_by_second(tmp_path: Path) -> None:
    path = written(
        tmp_path / "access.log",
        log_line(3600),
        log_line(3600, more=COMBINED),
        log_line(3603, request='GET /?q=\\"[quoted]\\"'),
        f"shop.example:443 {log_line(3602)}",
        '::1 - - [01/Mar/2026:01:00:03 +0000] "-" 408 -',
    )
    counted = count_requests(path)
    assert counted.counts.tolist() == [2, 0, 1, 2]
    assert counted.requests == 5
    assert counted.begin == datetime(2026, 3, 1, 1, tzinfo=UTC)
    assert counted.notes == ()


def test_zones_are_taken_into_account(tmp_path: Path) -> None:
    lines = (log_line(7200, zone="+0130"), log_line(1800), log_line(0, zone="-0030"))
    counted = count_requests(written(tmp_path / "access.log", *lines))
    assert counted.counts.tolist() == [3]
    assert counted.begin == datetime(2026, 3, 1, 0, 30, tzinfo=UTC)


def test_lines_that_ended_late_are_normal(tmp_path: Path) -> None:
    lines = (log_line(100), log_line(103), log_line(98), log_line(101))
    counted = count_requests(written(tmp_path / "access.log", *lines))
    assert counted.counts.tolist() == [1, 0, 1, 1, 0, 1]
    assert counted.notes == ()


def test_a_few_malformed_lines_are_left_out_and_told(tmp_path: Path) -> None:
    lines = [log_line(second) for second in range(20)]
    lines[3] = "something else"
    lines[7] = lines[7].replace("01/Mar", "32/Mar")
    lines[9] = lines[9].replace("Mar", "Mrz")
    lines[11] = lines[11].replace(":11 ", ":61 ")
    lines.insert(0, "")
    counted = count_requests(written(tmp_path / "access.log", *lines))
    assert counted.requests == 16
    (note,) = counted.notes
    assert "4 of 20 lines" in note
    assert "lines 5, 9, 11, 13" in note


def test_a_line_from_long_ago_is_left_out_and_told(tmp_path: Path) -> None:
    lines = (log_line(5000), log_line(5001), log_line(4000), log_line(5002))
    counted = count_requests(written(tmp_path / "access.log", *lines))
    assert counted.counts.tolist() == [1, 1, 1]
    (note,) = counted.notes
    assert "1 of 4 lines is more than 60 s older" in note
    assert "line 3" in note


def test_silence_is_told_by_line_and_counts_as_nothing(tmp_path: Path) -> None:
    lines = [log_line(s) for s in range(100)] + [log_line(s) for s in range(1000, 1100)]
    counted = count_requests(written(tmp_path / "access.log", *lines))
    assert counted.counts.tolist() == [1] * 100 + [0] * 900 + [1] * 100
    (note,) = counted.notes
    assert "No requests for 901 s between lines 100 and 101" in note


def test_pauses_of_a_quiet_site_are_not_worth_a_word(tmp_path: Path) -> None:
    lines = [log_line(second) for second in range(0, 40_000, 200)]
    assert count_requests(written(tmp_path / "access.log", *lines)).notes == ()


def test_gzip_is_recognised_whatever_the_name(tmp_path: Path) -> None:
    lines = [log_line(second) for second in (10, 11, 11)]
    for name in ("access.log.2.gz", "access"):
        path = tmp_path / name
        path.write_bytes(gzip.compress("\n".join(lines).encode()))
        assert count_requests(path).counts.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "found no lines"),
        (b"\n\n", "found no lines"),
        (b"one\ntwo\n", "found 2 of 2 lines in another: lines 1, 2"),
        (gzip.compress(b"x" * 5000, mtime=0)[:-12], "a complete gzip file"),
        (b"\x1f\x8b\x08\x00broken", "a complete gzip file"),
        (bytes(range(256)), "in another"),
    ],
)
def test_what_is_no_log_is_told(tmp_path: Path, content: bytes, part: str) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        count_requests(path)
    assert part in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_log_in_no_order_is_refused(tmp_path: Path) -> None:
    lines = [log_line(80_000), *(log_line(second) for second in range(5))]
    with pytest.raises(InputError, match=r"found 5 of 6 .*lines 2, 3, 4, 5, 6"):
        count_requests(written(tmp_path / "access.log", *lines))


def test_a_log_of_months_is_refused(tmp_path: Path) -> None:
    lines = (log_line(1).replace("Mar", "Jan"), log_line(1))
    with pytest.raises(InputError, match=r"at most 31 days of traffic, found 59\.0 days"):
        count_requests(written(tmp_path / "access.log", *lines))


def test_no_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        count_requests(tmp_path / "none.log")


def test_an_imported_csv_replays_what_was_recorded(tmp_path: Path) -> None:
    source = written(
        tmp_path / "Shop 1.csv", "# a comment", "t_seconds,rps", *(f"{t},{t}" for t in range(60))
    )
    report = import_scenario(source, tmp_path / "new" / "folder")
    assert report.scenario_path == tmp_path / "new" / "folder" / "shop-1.yaml"
    assert report.trace_path.read_bytes() == source.read_bytes()
    assert report.notes == ()
    scenario = load_scenario(report.scenario_path)
    assert scenario == report.scenario
    assert scenario.name == "shop-1"
    rates = rates_per_second(scenario, np.random.default_rng(0))
    assert rates.tolist() == list(range(60))


def test_an_imported_folder_may_be_moved(tmp_path: Path) -> None:
    source = written(tmp_path / "t.csv", *(f"{t},7" for t in range(60)))
    import_scenario(source, tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    source.unlink()
    scenario = load_scenario(tmp_path / "there" / "t.yaml")
    assert rates_per_second(scenario, np.random.default_rng(0)).mean() == 7.0


def test_a_csv_may_be_imported_where_it_is(tmp_path: Path) -> None:
    source = written(tmp_path / "t.csv", *(f"{t},7" for t in range(60)))
    before = source.read_bytes()
    report = import_scenario(source, tmp_path)
    assert report.trace_path == source
    assert source.read_bytes() == before
    assert load_scenario(tmp_path / "t.yaml").duration_s == 60


@pytest.mark.parametrize("packed", [False, True])
def test_an_imported_log_replays_its_counts(tmp_path: Path, packed: bool) -> None:
    lines = "\n".join(log_line(second) for second in range(100) for _ in range(second % 7))
    source = tmp_path / ("access.log.gz" if packed else "access.log")
    source.write_bytes(gzip.compress(lines.encode()) if packed else lines.encode())
    report = import_scenario(source, tmp_path / "out")
    assert report.scenario_path.name == "access.yaml"
    rates = rates_per_second(report.scenario, np.random.default_rng(0))
    # The log begins with its first request, in second 1.
    assert rates.tolist() == [second % 7 for second in range(1, 100)]
    assert "295 requests of access.log" in report.scenario.description


def test_faults_of_a_log_are_in_the_report(tmp_path: Path) -> None:
    source = written(tmp_path / "a.log", *(log_line(second) for second in range(30)), "garbage")
    (note,) = import_scenario(source, tmp_path / "out").notes
    assert "line 31" in note


def test_a_peak_is_written_into_the_scenario(tmp_path: Path) -> None:
    source = written(tmp_path / "t.csv", *(f"{t},{100 + t}" for t in range(60)))
    report = import_scenario(source, tmp_path / "out", name="scaled", peak_rps=5000.0)
    rates = rates_per_second(report.scenario, np.random.default_rng(0))
    assert np.percentile(rates, 99.5) == pytest.approx(5000.0)
    assert report.scenario.cluster.max_replicas >= 2 * 5000 / 57.2
    assert report.trace_path.read_bytes() == source.read_bytes()


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    source = written(tmp_path / "t.csv", *(f"{t},7" for t in range(60)))
    report = import_scenario(source, tmp_path / "out")
    written(report.scenario_path, "mine")
    with pytest.raises(InputError, match="found an existing one"):
        import_scenario(source, tmp_path / "out")
    assert report.scenario_path.read_text() == "mine\n"
    import_scenario(source, tmp_path / "out", force=True)
    assert load_scenario(report.scenario_path).name == "t"


def test_a_faulty_source_writes_nothing(tmp_path: Path) -> None:
    source = written(tmp_path / "t.csv", "0,1", "1,-1")
    with pytest.raises(InputError, match="line 2"):
        import_scenario(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_name_is_checked(tmp_path: Path) -> None:
    source = written(tmp_path / "t.csv", *(f"{t},7" for t in range(60)))
    with pytest.raises(InputError, match=r"found '\.\./evil'.*For example evil"):
        import_scenario(source, tmp_path / "out", name="../evil")


def test_the_kind_may_be_told(tmp_path: Path) -> None:
    source = written(tmp_path / "rates.txt", *(f"{t},7" for t in range(60)))
    with pytest.raises(InputError, match=r"must be named \.csv"):
        import_scenario(source, tmp_path / "out")
    report = import_scenario(source, tmp_path / "out", kind=ImportKind.CSV)
    assert report.scenario.duration_s == 60
