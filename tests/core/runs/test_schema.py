from __future__ import annotations

import itertools
import re
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core.errors import RunError
from core.runs.commands import CommandName
from core.runs.migrations import create_tables, migrate
from core.runs.reader import RunReader
from core.runs.records import EventKind, RunKind
from core.runs.rows import ACTORS, MODES
from core.runs.schema import BUCKET_SIZES, SCHEMA_VERSION, SERIES, STATE_COLUMNS, TABLES
from core.runs.store import RunWriter
from core.state import ClusterState
from tests.core.runs.clocks import ManualClock
from tests.core.runs.factory import write_run
from tests.core.runs.steps import FEATURES

DOCUMENT = (Path(__file__).parents[3] / "docs" / "run-file.md").read_text(encoding="utf-8")


def documented(table: str) -> list[tuple[str, str, str, str]]:
    """Rows of the table in the document: name, type, unit, meaning."""
    section = DOCUMENT.split(f"### `{table}`\n")[1].split("\n#")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) ?\| (.*?) \|$", section, re.MULTILINE)
    return [(name, sql.strip(), unit.strip(), meaning.strip()) for name, sql, unit, meaning in rows]


def series_columns() -> list[str]:
    return [f"{name}_{side}" for name in SERIES for side in ("min", "max")]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_is_documented_as_it_is(table: object, tmp_path: Path) -> None:
    name = getattr(table, "name", "")
    connection = sqlite3.connect(write_run(tmp_path / "run", 1) / "run.db")
    actual = connection.execute(f"PRAGMA table_info({name})").fetchall()
    connection.close()
    words = documented(name)
    names = [word[0] for word in words] + (series_columns() if name == "buckets" else [])
    assert [column[1] for column in actual] == names
    for column, (_, sql, _, meaning) in zip(actual, words, strict=False):
        assert sql.split()[0] == column[2], column
        assert ("NOT NULL" in sql) == bool(column[3]), column
        assert meaning.endswith("."), column


def test_the_document_says_what_the_schema_says() -> None:
    for table in TABLES:
        expected = [
            (column.name, column.sql, column.unit, column.meaning)
            for column in table.columns
            if table.name != "buckets" or column.name not in series_columns()
        ]
        assert documented(table.name) == expected
        assert f"A row is {table.row}." in DOCUMENT
    named = DOCUMENT.split("for each series S of: ")[1].split(".\n")[0]
    assert re.findall(r"`(\w+)`", named) == list(SERIES)


def test_the_document_names_all_words() -> None:
    section = DOCUMENT.split("## Words in the columns")[1].split("\n## ")[0]
    for word in (*EventKind, *CommandName, *RunKind, *ACTORS):
        assert f"`{word}`" in section, word
    order = " ".join(
        DOCUMENT.split("in the order of their bits:")[1].split("The newest")[0].split()
    )
    assert order == f"{', '.join(ACTORS)}. Modes: {', '.join(MODES)}."
    assert f"now {SCHEMA_VERSION}." in DOCUMENT


def test_state_columns_are_the_fields_of_a_state() -> None:
    assert [column.name for column in STATE_COLUMNS] == list(ClusterState.__dataclass_fields__)


def test_bucket_sizes_divide_each_other() -> None:
    assert all(large % small == 0 for small, large in itertools.pairwise(BUCKET_SIZES))


def queries(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.mark.parametrize("kind", RunKind)
def test_the_documented_queries_run(kind: RunKind, tmp_path: Path) -> None:
    connection = sqlite3.connect(write_run(tmp_path / "run", 2100, kind=kind) / "run.db")
    found = [connection.execute(sql).fetchall() for sql in queries("sql")]
    connection.close()
    assert len(found) == 8
    minutes, figures, overruled, broken, commands, refused, evaluations, long = found
    assert len(minutes) == 2100 * 15 / 60
    assert figures[0][0] > 0
    assert all(row[6] != 0 for row in overruled)
    assert overruled
    assert broken
    assert commands == []
    assert refused
    assert bool(evaluations) == (kind is RunKind.TRAINING)
    assert [row[0] for row in long] == [0, 1024]


def test_the_documented_program_runs(tmp_path: Path) -> None:
    scope: dict[str, object] = {"path": write_run(tmp_path / "run", 50) / "run.db"}
    exec(queries("python")[0], scope)
    observations = scope["observations"]
    assert isinstance(observations, np.ndarray)
    assert observations.shape == (50, len(FEATURES))
    assert scope["spread"]


def test_the_documented_pandas_program_runs(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    scope: dict[str, object] = {"path": write_run(tmp_path / "run", 60) / "run.db"}
    exec(queries("python pandas")[0], scope)
    assert "policy" in str(scope["by_actor"])


def test_a_newer_file_is_refused_in_one_line(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 3)
    connection = sqlite3.connect(directory / "run.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for opening in (RunReader, lambda path: RunWriter(path, ManualClock())):
        with pytest.raises(RunError, match="version 2 or older, found version 99") as caught:
            opening(directory)
        assert "\n" not in str(caught.value)
        assert "upgrade" in caught.value.hint


def test_a_foreign_database_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE something (x)")
    connection.close()
    with pytest.raises(RunError, match="found a database without a run"):
        RunReader(tmp_path)


def test_migrations_are_applied_in_order() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create_tables(connection)
    steps = {
        SCHEMA_VERSION: "ALTER TABLE meta ADD COLUMN note TEXT",
        SCHEMA_VERSION
        + 1: "UPDATE meta SET note = 'second'; INSERT INTO meta VALUES ('a','1','b')",
    }
    migrate(connection, steps, SCHEMA_VERSION + 2)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION + 2
    assert connection.execute("SELECT note FROM meta").fetchall() == [("b",)]
