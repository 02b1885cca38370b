"""Archiving logs: rotated files are compressed into `logs/archive/`, verified, and only then removed.

A log that is being written is never touched, and neither is the audit log, whose chain is read as it lies. A file is
claimed by a rename first, so that a rotation at the same moment cannot put another one under its name; one that a
crash left claimed is taken up by the next run.
"""

import gzip
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from grace_tui.disk import sync_folder
from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.room.actions.act import Act
from grace_tui.room.actions.asked import Asked

if TYPE_CHECKING:
    from grace_tui.room.core import Room

ARCHIVE = "archive"
CLAIMED = ".claimed"
ROTATED = re.compile(r"^(?P<log>.+)\.\d+\.jsonl$")
FOLDERS = ("", "kernels")
"""Below `logs/`: the room's own and the kernels'; what else lies there has its own keeper."""
CHUNK = 1 << 20
MEGABYTE = 1 << 20


@dataclass(slots=True)
class Archived:
    files: int = 0
    freed: int = 0
    """Bytes, less what the archives take."""
    removed: int = 0
    """Archives beyond what is kept."""


async def archive_logs(room: "Room", asked: Asked) -> Done:
    logs = room.parts.workspace.logs
    before = time.time() - asked.seconds("older_than")
    most, keep = asked.number("most_mb", 1, 100_000) * MEGABYTE, asked.number("keep_mb", 0, 1_000_000) * MEGABYTE
    # Threads are not cancelled: where the step runs out of time, the file that is being compressed is finished.
    done = await anyio.to_thread.run_sync(archive, logs, before, most, keep)
    if not done.files and not done.removed:
        raise ActionFailed("there is no rotated log to compress")
    told = f"{done.files} logs compressed, {done.freed / MEGABYTE:.1f} MB freed"
    return Done(told + (f"; {done.removed} of the oldest archives removed" if done.removed else ""))


def archive(logs: Path, before: float, most: int, keep: int) -> Archived:
    """Compress what was last written before a moment, the oldest first, `most` bytes of it; then keep `keep` bytes."""
    done, taken = Archived(), 0
    folder = logs / ARCHIVE
    folder.mkdir(exist_ok=True)
    for path in sorted(_rotated(logs), key=lambda path: path.stat().st_mtime):
        status = path.stat()
        if status.st_mtime > before and path.suffix != CLAIMED:
            continue
        if taken + status.st_size > most and taken:
            break
        claimed = _claim(path, folder)
        if claimed is not None:
            taken += status.st_size
            done.freed += _compress(claimed)
            done.files += 1
    done.removed, freed = _trim(folder, keep)
    done.freed += freed
    return done


def _rotated(logs: Path) -> Iterator[Path]:
    yield from (logs / ARCHIVE).glob(f"*{CLAIMED}")
    for folder in FOLDERS:
        yield from (path for path in (logs / folder).glob("*.jsonl") if _is_plain(path) and ROTATED.match(path.name))


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _claim(path: Path, folder: Path) -> Path | None:
    """Take a file under a name that no rotation uses; None where a rotation was faster."""
    if path.suffix == CLAIMED:
        return path
    name = ROTATED.sub(r"\g<log>", path.name)
    claimed = folder / f"{name}.{time.time_ns()}.jsonl{CLAIMED}"
    try:
        os.rename(path, claimed)
    except FileNotFoundError:
        return None
    return claimed


def _compress(claimed: Path) -> int:
    """Compress, read back and compare, and then remove the original; returns the bytes that this frees."""
    target, part = claimed.with_suffix(".gz"), claimed.with_suffix(".part")
    with claimed.open("rb") as source, part.open("wb") as sink:
        with gzip.GzipFile(fileobj=sink, mode="wb", compresslevel=6) as packed:
            shutil.copyfileobj(source, packed, CHUNK)
        sink.flush()
        os.fsync(sink.fileno())
    with claimed.open("rb") as original, gzip.open(part, "rb") as unpacked:
        same = hashlib.file_digest(original, "sha256").digest() == hashlib.file_digest(unpacked, "sha256").digest()
    if not same:
        part.unlink()
        raise ActionFailed(f"{claimed.name} reads differently once it is compressed; it is kept as it is")
    status = claimed.stat()
    os.utime(part, (status.st_atime, status.st_mtime))
    os.replace(part, target)
    sync_folder(target.parent)
    claimed.unlink()
    return status.st_size - target.stat().st_size


def _trim(folder: Path, keep: int) -> tuple[int, int]:
    """Remove the oldest archives beyond `keep` bytes; returns how many, and their bytes."""
    archives = sorted(folder.glob("*.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    total = removed = freed = 0
    for path in archives:
        size = path.stat().st_size
        total += size
        if total > keep:
            path.unlink()
            removed, freed = removed + 1, freed + size
    return removed, freed


ACTS = {"archive_logs": Act(archive_logs)}
