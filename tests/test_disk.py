"""A file is written whole or not at all, also where the writer is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grace_tui.disk import FileMoved, atomic_write, digest, file_digest, swap_file

WRITER = """
import sys
from pathlib import Path
from grace_tui.disk import atomic_write
path = Path(sys.argv[1])
print("begun", flush=True)
while True:
    for letter in (b"a", b"b"):
        atomic_write(path, letter * 500_000, durable=False)
"""


def test_a_write_keeps_the_permissions_and_makes_folders(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    atomic_write(path, b"one")
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o751)
    atomic_write(path, b"two")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o751)
    atomic_write(path, b"three", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    atomic_write(path, b"old")

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="disk full"):
        atomic_write(path, b"new")
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("file", b"old")]


def test_a_swap_replaces_what_it_expected(tmp_path: Path) -> None:
    path = tmp_path / "file"
    swap_file(path, "", b"one")
    swap_file(path, digest(b"one"), b"two")
    assert file_digest(path) == digest(b"two")


@pytest.mark.parametrize(("there", "expected"), [(b"other", digest(b"one")), (b"other", ""), (None, digest(b"one"))])
def test_a_swap_refuses_a_file_that_moved(tmp_path: Path, there: bytes | None, expected: str) -> None:
    path = tmp_path / "file"
    if there is not None:
        path.write_bytes(there)
    with pytest.raises(FileMoved, match="changed meanwhile") as refused:
        swap_file(path, expected, b"two")
    assert (refused.value.expected, refused.value.found) == (expected, file_digest(path))
    assert file_digest(path) == (digest(there) if there is not None else "")


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        with writer:
            writer.stdout.readline()
            while not path.exists():
                os.sched_yield()
            writer.send_signal(signal.SIGKILL)
        assert path.read_bytes() in (b"a" * 500_000, b"b" * 500_000)
