"""The incident store: nothing acknowledged is lost to a kill, and what cannot be read is told and left as it is."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.book import IncidentBook
from grace_tui.healing.incidents.codec import decode, encode
from grace_tui.healing.incidents.states import UnreadableFailure
from grace_tui.healing.store import Store, open_store
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.testing import ManualClock
from tests.healing.incidents import killed
from tests.healing.incidents.test_book import REPOSITORY, Room
from tests.healing.incidents.workshop import failed


def test_a_kill_at_any_statement_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    command = [sys.executable, killed.__file__, str(tmp_path)]
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    lives = sorted(tmp_path.iterdir())
    assert len(lives) > 30
    for life in lives:
        _check(life)


def _check(life: Path) -> None:
    acks = life / killed.ACKS
    lines = acks.read_bytes().splitlines() if acks.exists() else []
    acknowledged = {record.id: record for record in (decode(line, IncidentRecord) for line in lines)}
    room = Room(life)
    assert not room.book.unreadable
    kept = {record.id: record for record in room.book.all()}
    assert len(kept) - len(acknowledged) in (0, 1)
    for incident_id, record in acknowledged.items():
        _goes_on(record, kept[incident_id])
        assert isinstance(room.book.failure(incident_id), Failure)
    room.close()


def _goes_on(acknowledged: IncidentRecord, kept: IncidentRecord) -> None:
    """What is kept is what was acknowledged, or one act further: the one that was not answered any more."""
    assert kept.timeline[: len(acknowledged.timeline)] == acknowledged.timeline
    assert kept.count - acknowledged.count in (0, 1)
    assert kept.facts == acknowledged.facts
    assert kept.hides[: len(acknowledged.hides)] == acknowledged.hides
    if len(kept.timeline) == len(acknowledged.timeline) and kept.count == acknowledged.count:
        assert kept == acknowledged


def _as_newer(record: IncidentRecord) -> object:
    return {**msgspec.to_builtins(record), "state": "merged"}


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        pytest.param(lambda record: b"\x00\xffgarbage", "malformed", id="garbage"),
        pytest.param(lambda record: b"", "truncated", id="empty"),
        pytest.param(lambda record: encode(record)[:-20], "truncated", id="cut-off"),
        pytest.param(lambda record: msgspec.json.encode(_as_newer(record)), "merged", id="a-newer-state"),
        pytest.param(lambda record: b'{"id": "I-1"}', "missing required field", id="another-shape"),
        pytest.param(lambda record: b"[]", "Expected `object`", id="a-list"),
        pytest.param(lambda record: encode(record).replace(record.id.encode(), b"I-9"), "I-9", id="another-id"),
        pytest.param(lambda record: encode(record).decode().upper(), "malformed", id="text-of-no-record"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_left_as_it_is(
    tmp_path: Path, damage: Callable[[IncidentRecord], bytes | str], says: str
) -> None:
    room = Room(tmp_path)
    good, bad = (room.book.record(failed(ValueError(name))) for name in ("good", "bad"))
    data = damage(bad)
    room.store.write("UPDATE incidents SET record = ? WHERE id = ?", data, bad.id)
    again = room.restarted()
    assert list(again.book.unreadable) == [bad.id]
    assert says in again.book.unreadable[bad.id]
    assert again.book.all() == (good,)
    new = again.book.record(failed(ValueError("bad")))
    assert new.id.rpartition("-")[0] > bad.id.rpartition("-")[0]  # the unread row keeps its number
    again.book.move(new.id, "resolved", "fixed", "me")
    again.close()
    store = open_store(tmp_path / ".grace/room.db")
    assert store.read("SELECT record FROM incidents WHERE id = ?", bad.id) == [(data,)]
    store.close()


def test_a_row_of_a_newer_version_with_more_fields_is_read(tmp_path: Path) -> None:
    room = Room(tmp_path)
    record = room.book.record(failed(ValueError("x")))
    more: Mapping[str, object] = {**msgspec.to_builtins(record), "mood": "bad"}
    room.store.write("UPDATE incidents SET record = ?", msgspec.json.encode(more))
    again = room.restarted()
    assert again.book.all() == (record,)
    again.close()


def test_a_failure_that_cannot_be_read_is_told_to_whoever_asks(tmp_path: Path) -> None:
    room = Room(tmp_path)
    record = room.book.record(failed(ValueError("x")))
    room.store.write("UPDATE incidents SET failure = 'nonsense'")
    again = room.restarted()
    with pytest.raises(UnreadableFailure, match=f"the failure of {record.id} cannot be read"):
        again.book.failure(record.id)
    assert again.book.record(failed(ValueError("x"))).count == 2
    again.close()


def _opened(root: Path) -> tuple[Store, IncidentBook]:
    store = open_store(root / ".grace/room.db")
    return store, IncidentBook(store, ManualClock(), root, lambda event: None)


def test_a_file_of_garbage_is_put_aside_whole(tmp_path: Path) -> None:
    path = tmp_path / ".grace/room.db"
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 1_000)
    store, book = _opened(tmp_path)
    assert str(path) in store.notice
    assert "was moved to room.db.corrupt-1" in store.notice
    assert book.all() == ()
    book.record(failed(ValueError("x")))
    assert (tmp_path / ".grace/room.db.corrupt-1").read_bytes() == b"this is no database" * 1_000
    store.close()


@pytest.mark.parametrize("keep", [0, 20, 40, 0.5, -1])
def test_a_torn_log_of_writes_costs_the_last_of_them_at_most(tmp_path: Path, keep: float) -> None:
    """As a machine leaves it that loses power: the write-ahead log ends anywhere, or in garbage."""
    folder, torn = tmp_path / "whole", tmp_path / "torn"
    room = Room(folder)
    for name in ("one", "two", "three"):
        room.book.record(failed(ValueError(name)))
    (torn / ".grace").mkdir(parents=True)
    log = (folder / ".grace/room.db-wal").read_bytes()
    length = int(len(log) * keep) if 0 < keep < 1 else int(keep)
    (torn / ".grace/room.db").write_bytes((folder / ".grace/room.db").read_bytes())
    (torn / ".grace/room.db-wal").write_bytes(log[:length] if keep >= 0 else b"\xff" * len(log))
    room.close()
    store, book = _opened(torn)
    messages = [record.message for record in reversed(book.all())]
    assert messages == ["one", "two", "three"][: len(messages)]
    assert not book.unreadable
    book.record(failed(ValueError("four")))
    store.close()
    store, book = _opened(torn)
    assert book.all()[0].message == "four"
    store.close()
