"""The room's database: opened whatever it is, never lost, short of the disk's patience."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from grace_tui.healing import store as module
from grace_tui.healing.store import MIGRATIONS, Store, StoreBusy, open_store

ROW = "INSERT INTO incidents (id, opened_at, record, failure) VALUES (?, 1.0, '{}', '{}')"


def ids(store: Store) -> list[str]:
    return [row[0] for row in store.read("SELECT id FROM incidents ORDER BY id")]


def test_what_was_written_is_there_at_the_next_opening(tmp_path: Path) -> None:
    store = open_store(tmp_path / ".grace/room.db")
    store.write(ROW, "a")
    store.close()
    again = open_store(tmp_path / ".grace/room.db")
    assert (ids(again), again.notice) == (["a"], "")
    assert again.read("PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert again.read("PRAGMA journal_mode") == [("wal",)]
    assert again.read("PRAGMA synchronous") == [(1,)]
    again.close()


@pytest.mark.parametrize("damage", ["not a database", "torn page", "from the future"])
def test_a_database_that_cannot_be_read_is_moved_aside_and_told(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "room.db"
    store = open_store(path)
    for number in range(200):
        store.write(ROW, f"{number:03d}" + "x" * 200)
    store.close()
    if damage == "from the future":
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    else:
        data = path.read_bytes()
        path.write_bytes(
            b"nonsense" * 512 if damage == "not a database" else data[:8192] + b"\xff" * 4096 + data[12288:]
        )
    before = path.read_bytes()
    (tmp_path / "room.db.corrupt-1").write_text("an earlier one")
    again = open_store(path)
    assert ids(again) == []
    again.write(ROW, "new")
    again.close()
    assert (tmp_path / "room.db.corrupt-2").read_bytes() == before
    assert (tmp_path / "room.db.corrupt-1").read_text() == "an earlier one"
    assert "room.db.corrupt-2" in again.notice


def test_where_there_can_be_no_file_the_store_lives_in_memory_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = open_store(tmp_path / "file/room.db")
    store.write(ROW, "a")
    assert ids(store) == ["a"]
    assert "forgotten when the room closes" in store.notice
    store.close()


def test_a_database_held_by_another_process_is_neither_moved_nor_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.01)
    path = tmp_path / "room.db"
    holder = open_store(path)
    with holder.transaction(), pytest.raises(StoreBusy, match=r"room\.db is held by another process"):
        open_store(path)
    holder.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["room.db"]


def write_twice(store: Store, name: str) -> None:
    with store.transaction():
        store.write(ROW, name)
        store.write(ROW, name)


def test_a_transaction_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    store = open_store(tmp_path / "room.db")
    with pytest.raises(sqlite3.IntegrityError):
        write_twice(store, "a")
    store.write(ROW, "b")
    assert ids(store) == ["b"]
    store.close()


def test_threads_share_the_connection_without_losing_a_row(tmp_path: Path) -> None:
    store = open_store(tmp_path / "room.db")

    def write(name: str) -> None:
        for number in range(50):
            with store.transaction():
                store.write(ROW, f"{name}{number:02d}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids(store)) == 200
    store.close()


def test_the_log_is_folded_back_by_a_thread_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITES_PER_CHECKPOINT", 10)
    folded: list[str] = []
    checkpoint = module._checkpoint

    def watched(path: Path) -> None:
        checkpoint(path)
        folded.append(threading.current_thread().name)

    monkeypatch.setattr(module, "_checkpoint", watched)
    store = open_store(tmp_path / "room.db")
    for number in range(15):
        store.write(ROW, str(number))
    store.close()
    assert folded == ["store_0"]


def test_a_killed_process_loses_nothing_that_was_written(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from grace_tui.healing.store import open_store
store = open_store(Path(sys.argv[1]))
store.write("INSERT INTO incidents (id, opened_at, record, failure) VALUES ('a', 1.0, '{}', '{}')")
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "room.db")])
    assert done.returncode == -9
    store = open_store(tmp_path / "room.db")
    assert (ids(store), store.notice) == (["a"], "")
    store.close()


def test_another_connections_writes_are_noticed_and_own_ones_are_not(tmp_path: Path) -> None:
    store, other = open_store(tmp_path / "room.db"), open_store(tmp_path / "room.db")
    first = store.foreign_version
    store.write(ROW, "own")
    assert store.foreign_version == first
    other.write(ROW, "foreign")
    assert store.foreign_version != first
    store.close()
    other.close()
