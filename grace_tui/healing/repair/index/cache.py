"""Outlines by the hash of the text they were taken from: in memory, and in one SQLite file where a folder is given.

A cache that cannot be read or written is done without: outlines are then taken again.
"""

import contextlib
import hashlib
import os
import sqlite3
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from grace_tui.healing.repair.index.outline import FORMAT, Outline, outline

FILE = "outlines.db"
WORTH_PROCESSES = 2 << 20
"""Characters of source from which parsing in several processes pays for starting them."""
WORKERS = 4
KEPT = 60_000
"""Outlines kept in the file; beyond, the oldest go."""
_TABLE = "CREATE TABLE IF NOT EXISTS outlines (key BLOB UNIQUE, data BLOB)"
_TRIM = "DELETE FROM outlines WHERE rowid <= (SELECT max(rowid) FROM outlines) - ?"
_decode = msgspec.msgpack.Decoder(Outline).decode
_encode = msgspec.msgpack.Encoder().encode


class OutlineCache:
    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._known: dict[bytes, Outline] = {}

    def of(self, texts: Mapping[str, str]) -> dict[str, Outline]:
        """Path -> outline of its text."""
        keys = {path: _key(text) for path, text in texts.items()}
        wanted = {key for key in keys.values() if key not in self._known}
        if wanted and self.folder is not None and (kept := self._read(self.folder / FILE, wanted)):
            self._known.update(kept)
            wanted -= kept.keys()
        if wanted:
            fresh = {key: texts[path] for path, key in keys.items() if key in wanted}
            taken = dict(zip(fresh, take(list(fresh.values())), strict=True))
            self._known.update(taken)
            if self.folder is not None:
                self._keep(self.folder, taken)
        return {path: self._known[key] for path, key in keys.items()}

    @staticmethod
    def _read(file: Path, keys: Iterable[bytes]) -> dict[bytes, Outline]:
        found: dict[bytes, Outline] = {}
        if not file.exists():
            return found
        unreadable = contextlib.suppress(sqlite3.Error, msgspec.DecodeError)
        with unreadable, contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=1)) as store:
            for key in keys:
                row = store.execute("SELECT data FROM outlines WHERE key = ?", (key,)).fetchone()
                if row is not None:
                    found[key] = _decode(row[0])
        return found

    @staticmethod
    def _keep(folder: Path, taken: Mapping[bytes, Outline]) -> None:
        with contextlib.suppress(sqlite3.Error, OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(folder / FILE, timeout=1)) as store, store:
                store.execute(_TABLE)
                rows = [(key, _encode(found)) for key, found in taken.items()]
                store.executemany("INSERT OR REPLACE INTO outlines VALUES (?, ?)", rows)
                store.execute(_TRIM, (KEPT,))


def take(texts: Sequence[str]) -> list[Outline]:
    """Parse in several processes where that is faster."""
    if sum(map(len, texts)) < WORTH_PROCESSES or len(texts) < 2 * WORKERS:
        return [outline(text) for text in texts]
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    workers = min(WORKERS, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("forkserver")) as pool:
        chunk = max(1, len(texts) // (workers * 8))
        return list(pool.map(outline, texts, chunksize=chunk))


def _key(text: str) -> bytes:
    hasher = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16)
    hasher.update(bytes([FORMAT, sys.version_info.minor]))
    return hasher.digest()
