from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from core.errors import InputError, RunError
from core.files import require_place, whole_file, write_file, write_files
from tests.core.disk import no_room_beyond


def test_a_failed_write_leaves_no_traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(InputError, match="No space left on device"):
        write_files({tmp_path / "a": b"1", tmp_path / "b": b"2"}, force=True)
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_replaced_where_another_one_cannot_be(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.yaml"
    first.write_bytes(b"former")
    second.mkdir()
    with pytest.raises(InputError, match=r"found the directory .*b\.yaml"):
        write_files({first: b"new", second: b"new"}, force=True)
    assert first.read_bytes() == b"former"


def test_a_file_stays_as_it_was_if_the_new_one_has_no_room(tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    write_file(path, b"former")
    with no_room_beyond(10), pytest.raises(RunError, match="cannot write"):
        write_file(path, 11 * b"x")
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]


def test_a_replaced_file_keeps_its_mode_and_what_links_to_it(tmp_path: Path) -> None:
    path, link = tmp_path / "cells.csv", tmp_path / "link.csv"
    link.symlink_to(path)
    require_place(link)
    write_file(link, b"first")
    path.chmod(0o600)
    write_file(link, b"second")
    assert link.is_symlink()
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_device_is_written_straight() -> None:
    require_place(Path(os.devnull))
    write_file(Path(os.devnull), b"gone")
    assert Path(os.devnull).is_char_device()


def test_a_place_is_checked_without_leaving_anything(tmp_path: Path) -> None:
    require_place(tmp_path / "cells.csv")
    for path, words in (
        (tmp_path, "found the directory"),
        (tmp_path / "missing" / "cells.csv", f"found none at {tmp_path}/missing"),
        (tmp_path / (300 * "x"), "name too long"),
    ):
        with pytest.raises(InputError, match=f"(?i){words}"):
            require_place(path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_no_mistake_of_the_operator(tmp_path: Path) -> None:
    with (
        pytest.raises(RunError, match=r"No space left .* Make room"),
        whole_file(tmp_path / "run.csv"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
