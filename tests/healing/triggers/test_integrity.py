"""Checksums and databases: damage is found, and looking changes nothing."""

import os
import sqlite3
from pathlib import Path

import pytest

from grace_tui.healing.triggers.integrity import Checksums, Databases, changes, fitting, quick_check


def database(path: Path, *, log: bool = False) -> Path:
    connection = sqlite3.connect(path)
    if log:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, text TEXT)")
    connection.executemany("INSERT INTO t (text) VALUES (?)", [("x" * 200,)] * 200)
    connection.commit()
    connection.close()
    return path


def damage(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * 4096 + whole[8192:])


def test_checksums_find_one_changed_byte(tmp_path: Path) -> None:
    file, sums = tmp_path / "models" / "a.bin", Checksums()
    file.parent.mkdir()
    file.write_bytes(bytes(100))
    before = sums.of(fitting(tmp_path, ["models/**"]), tmp_path)
    assert list(before) == ["models/a.bin"]
    file.write_bytes(bytes(99) + b"\1")
    (tmp_path / "models" / "new.bin").write_bytes(b"")
    assert changes(before, sums.of(fitting(tmp_path, ["models/**"]), tmp_path)) == {"models/a.bin": "changed"}
    file.unlink()
    assert changes(before, sums.of(fitting(tmp_path, ["models/**"]), tmp_path)) == {"models/a.bin": "gone"}


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    file, sums = tmp_path / "a.bin", Checksums()
    file.write_bytes(b"one")
    stat = file.stat()
    first = sums.of([file], tmp_path)
    file.write_bytes(b"two")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert sums.of([file], tmp_path) == first


def test_patterns_do_not_leave_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.txt").write_text("")
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    assert fitting(root, ["/etc/*", "../*", "*.txt"]) == []


@pytest.mark.parametrize("log", [False, True])
def test_a_sound_database_is_sound_and_stays_as_it_is(tmp_path: Path, log: bool) -> None:
    path = database(tmp_path / "a.db", log=log)
    assert quick_check(path) == ""
    assert os.listdir(tmp_path) == ["a.db"]


def test_a_damaged_database_is_found(tmp_path: Path) -> None:
    path, databases = database(tmp_path / "a.db"), Databases()
    assert databases.problem(path) == ""
    damage(path)
    assert quick_check(path) != ""
    assert Databases().problem(path) != ""
    path.write_bytes(b"no database at all " * 100)
    assert "not a database" in quick_check(path)


def test_a_database_that_is_written_to_is_not_called_damaged(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", log=True)
    writer = sqlite3.connect(path)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO t (text) VALUES ('y')")
    try:
        assert quick_check(path) == ""
    finally:
        writer.close()


def test_a_database_that_is_gone_is_no_damage(tmp_path: Path) -> None:
    assert Databases().problem(tmp_path / "absent.db") == ""
