from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pytest

from core.errors import InputError
from core.runs.export import ExportFormat, export_run
from core.runs.reader import RunReader
from core.runs.records import RunKind
from tests.core.runs.factory import write_run


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", 120)


def test_csv_has_a_line_per_step(directory: Path, tmp_path: Path) -> None:
    target = export_run(directory, tmp_path / "run.csv", ExportFormat.CSV)
    with target.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    steps = RunReader(directory).tail(120)
    assert [int(row["step"]) for row in rows] == list(range(120))
    assert float(rows[7]["rps"]) == steps.rps[7]
    assert rows[5]["latency_p95_ms"] == "", "not measured"
    assert "observation" not in rows[0]


@pytest.mark.parametrize("kind", RunKind)
def test_json_has_everything(kind: RunKind, tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 120, kind=kind)
    target = export_run(directory, tmp_path / "run.json", ExportFormat.JSON)
    document = json.loads(target.read_text())
    assert document["info"]["run_id"] == "run"
    assert len(document["steps"]) == 120
    assert document["steps"][5]["state"]["latency_p95_ms"] is None
    assert len(document["steps"][5]["observation"]) == 24
    assert document["status"]["state"] == "finished"
    assert len(document["events"]) == 4
    assert bool(document["training"]) == (kind is RunKind.TRAINING)


def test_the_file_itself_is_a_run_again(directory: Path, tmp_path: Path) -> None:
    target = export_run(directory, tmp_path / "copy.db", ExportFormat.DB)
    copy, original = RunReader(target), RunReader(directory)
    assert copy.info().run_id == original.info().run_id
    assert copy.step(77) == original.step(77)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ExportFormat)
def test_nothing_is_overwritten_unasked(
    directory: Path, tmp_path: Path, kind: ExportFormat
) -> None:
    target = tmp_path / "there"
    target.write_text("precious")
    with pytest.raises(InputError, match="expected a new file"):
        export_run(directory, target, kind)
    assert target.read_text() == "precious"
    export_run(directory, target, kind, overwrite=True)
    assert target.read_bytes() != b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "there"]


def test_an_unwritable_place(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected to write .*No such file.* Choose a folder"):
        export_run(directory, tmp_path / "missing" / "run.csv", ExportFormat.CSV)
    with pytest.raises(InputError, match=r"expected to write .*Not a directory.* Choose"):
        export_run(directory, directory / "run.db" / "run.csv", ExportFormat.CSV)
