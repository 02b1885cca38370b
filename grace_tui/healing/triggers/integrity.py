"""Whether data is what it was: checksums of files, and SQLite's own check of its databases. For worker threads."""

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

CHUNK = 1 << 20
BUSY_SECONDS = 1.0
CHECK_SHARE = 0.001
"""A database is walked for at most this share of the time."""

Stamp = tuple[int, int]
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR)


class Checksums:
    """SHA-256 by path; a file is read again only when its time or size changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamp, str]] = {}

    def of(self, files: Iterable[Path], root: Path) -> dict[str, str]:
        """Path relative to `root` -> checksum."""
        return {path.relative_to(root).as_posix(): value for path in files if (value := self._of(path))}

    def _of(self, path: Path) -> str:
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                with path.open("rb") as file:
                    known = (stamp, hashlib.file_digest(file, "sha256").hexdigest())
                self._known[path] = known
        except OSError:
            return ""
        return known[1]


def fitting(root: Path, patterns: Iterable[str]) -> list[Path]:
    """Files below `root` that fit one of the patterns, such as `models/**/*.bin`; nothing outside of it."""
    found: set[Path] = set()
    for pattern in patterns:
        if pattern.startswith("/") or ".." in Path(pattern).parts:
            continue
        for path in root.glob(pattern):
            if path.is_file() and not path.is_symlink():
                found.add(path)
            elif path.is_dir() and pattern.endswith("**"):  # before Python 3.13 it gives folders only
                found.update(part for part in path.iterdir() if part.is_file() and not part.is_symlink())
    return sorted(found)


def changes(accepted: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Path -> changed or gone; a file that is new is none."""
    return {
        path: "changed" if path in now else "gone" for path, value in sorted(accepted.items()) if now.get(path) != value
    }


class Databases:
    """SQLite's quick check of each file, the rarer the longer it takes, and only after the file changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamp, str, float]] = {}

    def problem(self, path: Path) -> str:
        """What is wrong with a database; empty where nothing is."""
        try:
            stat = path.stat()
        except OSError:
            return ""
        stamp, now = (stat.st_mtime_ns, stat.st_size), time.monotonic()
        known = self._known.get(path)
        if known is not None and (known[0] == stamp or now < known[2]):
            return known[1]
        found = quick_check(path)
        took = time.monotonic() - now
        self._known[path] = (stamp, found, now + took / CHECK_SHARE)
        return found


def quick_check(path: Path) -> str:
    """The first thing that SQLite finds wrong; empty where it is sound, or cannot be looked at now. Writes nothing."""
    resting = not path.with_name(f"{path.name}-wal").exists()
    # Without a journal nobody has it open; told so, SQLite does not lay one beside it.
    found = _walk(path, "&immutable=1") if resting else _walk(path, "")
    return _walk(path, "") if found and resting else found  # somebody may have opened it meanwhile


def _walk(path: Path, options: str) -> str:
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{options}", uri=True, timeout=BUSY_SECONDS)
        try:
            row = connection.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        return str(error) if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED else ""
    return "" if row is None or row[0] == "ok" else str(row[0])
