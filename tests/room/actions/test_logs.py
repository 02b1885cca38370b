"""Rotated logs are compressed and read the same; what is being written, and the audit log, are not touched."""

import gzip
import os
from pathlib import Path

import pytest

from grace_tui.healing.playbooks.actions import ActionFailed
from grace_tui.room.actions.logs import archive
from tests.room.actions.acting import acting
from tests.room.bench import calm

MEGABYTE = 1 << 20


def rotated(logs: Path, name: str, data: bytes, age: float = 0.0) -> Path:
    path = logs / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    at = path.stat().st_mtime - age
    os.utime(path, (at, at))
    return path


def archives(logs: Path) -> dict[str, bytes]:
    found = sorted((logs / "archive").iterdir(), key=lambda path: path.stat().st_mtime)
    return {path.name.partition(".")[0]: gzip.decompress(path.read_bytes()) for path in found}


async def test_rotated_logs_are_archived_while_the_room_writes_its_own(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    logs = tmp_path / "logs"
    async with acting(tmp_path) as actor:
        await actor.running("one")
        old = rotated(logs, "kernels/one.1.jsonl", b'{"line":1}\n' * 10_000, 60)
        older = rotated(logs, "kernels/one.2.jsonl", b'{"line":0}\n' * 10_000, 120)
        audit = rotated(logs, "audit/audit.1.jsonl", b"not ours")
        done = await actor.do("archive_logs")
        assert done.text == "2 logs compressed, 0.2 MB freed"
        assert not old.exists()
        assert not older.exists()
        assert audit.exists()
        kept = sorted((logs / "archive").iterdir(), key=lambda path: path.stat().st_mtime)
        assert [gzip.decompress(path.read_bytes())[:10] for path in kept] == [b'{"line":0}', b'{"line":1}']
        actor.room.parts.kernel_log("one").info("still written")
        assert b"still written" in (logs / "kernels/one.jsonl").read_bytes()
        assert actor.room.parts.audit.verify().ok
        with pytest.raises(ActionFailed, match="there is no rotated log to compress"):
            await actor.do("archive_logs")


def test_only_what_is_old_enough_is_archived(tmp_path: Path) -> None:
    young, old = rotated(tmp_path, "a.1.jsonl", b"young"), rotated(tmp_path, "b.1.jsonl", b"old", 1000)
    archive(tmp_path, young.stat().st_mtime - 500, MEGABYTE, MEGABYTE)
    assert (young.exists(), old.exists()) == (True, False)
    assert archives(tmp_path) == {"b": b"old"}


def test_no_more_than_asked_is_compressed_at_a_time_the_oldest_first(tmp_path: Path) -> None:
    for number in range(3):
        rotated(tmp_path, f"log{number}.1.jsonl", bytes(600), 100 - number)
    done = archive(tmp_path, 1e12, 1000, MEGABYTE)
    assert (done.files, list(archives(tmp_path))) == (1, ["log0"])


def test_file_that_a_crash_left_claimed_is_taken_up(tmp_path: Path) -> None:
    rotated(tmp_path, "archive/room.17.jsonl.claimed", b"half way")
    rotated(tmp_path, "archive/room.17.jsonl.part", b"garbage of the crash")
    assert archive(tmp_path, 1e12, MEGABYTE, MEGABYTE).files == 1
    assert archives(tmp_path) == {"room": b"half way"}


def test_links_and_logs_that_are_being_written_are_left(tmp_path: Path) -> None:
    rotated(tmp_path, "room.jsonl", b"live")
    target = rotated(tmp_path, "elsewhere.txt", b"not a log")
    (tmp_path / "link.1.jsonl").symlink_to(target)
    assert archive(tmp_path, 1e12, MEGABYTE, MEGABYTE).files == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "archive",
        "elsewhere.txt",
        "link.1.jsonl",
        "room.jsonl",
    ]


def test_oldest_archives_beyond_what_is_kept_are_removed(tmp_path: Path) -> None:
    for number in range(3):
        rotated(tmp_path, f"log{number}.1.jsonl", os.urandom(1000), 100 - number)
    done = archive(tmp_path, 1e12, MEGABYTE, 2500)
    assert (done.files, done.removed, list(archives(tmp_path))) == (3, 1, ["log1", "log2"])
