"""Indexes the workspace's own texts (kernels, runbooks, settings, README) and finds the place for a question.

Owns `.grace/library.db`, which holds nothing that cannot be read again from the files. Called by whoever looks for code
or a runbook. Never indexes what lies outside the workspace or in `.grace/`, and stores no secret it recognises.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread

from grace_tui.kernel import FilesChanged, GraceError, Kernel, KernelSpec, NotReady
from grace_tui.kernel.redact import redact
from grace_tui.kernel.spelling import plural

# Folders of text, each with the endings that count; an empty folder name is the workspace itself, without its folders.
SHELVES: tuple[tuple[str, str], ...] = (
    ("", "README.md"),
    ("", "*.toml"),
    ("kernels", "**/*.py"),
    ("runbooks", "**/*.md"),
    ("docs", "**/*.md"),
    ("playbooks", "**/*.toml"),
    ("scenarios", "**/*.toml"),
)
LARGEST_FILE = 1_000_000
LONGEST_CHUNK = 60
HEADING = re.compile(r"#{1,6} |\[{1,2}\w|(?: {4})?(?:async def|def|class) |(?: {4})?@\w")

SCHEMA = """
PRAGMA journal_mode=WAL;
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS chunks (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, line INTEGER NOT NULL, text TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS chunks_by_path ON chunks(path);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(path, text, tokenize='porter unicode61');
"""
FIND = """
SELECT chunks.path, line, chunks.text, score
FROM (SELECT rowid, bm25(words, 2.0, 1.0) AS score FROM words WHERE words MATCH ? ORDER BY score LIMIT ?) AS found
JOIN chunks ON chunks.id = found.rowid ORDER BY score, chunks.path, line
"""


@dataclass(frozen=True, slots=True)
class Hit:
    path: str
    line: int
    """The line of the chunk that has most of the words, counted from 1."""
    text: str
    score: float
    """Rank of the match (bm25); higher is better."""


@dataclass(frozen=True, slots=True)
class Indexed:
    files: int
    chunks: int
    read: int
    """Files that were new or had changed."""
    removed: int
    skipped: tuple[str, ...]
    """Files that are too large or no text."""


class Library:
    """The index on disk. Blocking and used by one thread at a time: the kernel's lock sees to that."""

    def __init__(self, root: Path, path: Path) -> None:
        self.root, self.path = root, path
        try:
            self.connection = _opened(path)
        except sqlite3.DatabaseError:
            # Everything in it comes from the files, so a damaged index is made anew.
            self.connection = _opened_anew(path)

    def start_over(self) -> None:
        """Throw the index away, however damaged it is, and begin an empty one."""
        self.connection.close()
        self.connection = _opened_anew(self.path)

    def shrink(self) -> None:
        self.connection.execute("PRAGMA shrink_memory")

    def index(self) -> Indexed:
        """Bring the index up to date with the files, by content."""
        known = dict(self.connection.execute("SELECT path, hash FROM files").fetchall())
        seen: set[str] = set()
        skipped: list[str] = []
        read = 0
        for relative, path in self._files():
            text = _text_of(path)
            if text is None:
                skipped.append(relative)
                continue
            seen.add(relative)
            mark = hashlib.sha256(text.encode()).hexdigest()
            if known.get(relative) != mark:
                self._replace(relative, mark, text)
                read += 1
        gone = known.keys() - seen
        for relative in sorted(gone):
            self._replace(relative, "", "")
        files, chunks = self.size()
        return Indexed(files, chunks, read, len(gone), tuple(skipped))

    def search(self, words: tuple[str, ...], limit: int) -> list[Hit]:
        match = " OR ".join(f'"{word}"' for word in words)
        rows = self.connection.execute(FIND, (match, limit)).fetchall()
        return [Hit(path, line + _best_line(text, words), text, -score) for path, line, text, score in rows]

    def size(self) -> tuple[int, int]:
        row = self.connection.execute("SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM chunks)").fetchone()
        return int(row[0]), int(row[1])

    def _files(self) -> Iterator[tuple[str, Path]]:
        root = self.root.resolve()
        for folder, pattern in SHELVES:
            for path in sorted((self.root / folder).glob(pattern)):
                # A link that leads out of the workspace is not part of it.
                if path.is_file() and path.resolve().is_relative_to(root):
                    yield path.relative_to(self.root).as_posix(), path

    def _replace(self, relative: str, mark: str, text: str) -> None:
        """Put a file's chunks in place of its old ones, in one transaction; without a mark only take them away."""
        with self.connection as connection:
            connection.execute("DELETE FROM words WHERE rowid IN (SELECT id FROM chunks WHERE path = ?)", (relative,))
            connection.execute("DELETE FROM chunks WHERE path = ?", (relative,))
            connection.execute("DELETE FROM files WHERE path = ?", (relative,))
            if not mark:
                return
            connection.execute("INSERT INTO files VALUES (?, ?)", (relative, mark))
            for line, chunk in chunked(redact(text)):
                added = connection.execute(
                    "INSERT INTO chunks(path, line, text) VALUES (?, ?, ?)", (relative, line, chunk)
                )
                connection.execute(
                    "INSERT INTO words(rowid, path, text) VALUES (?, ?, ?)", (added.lastrowid, relative, chunk)
                )


class Librarian(Kernel):
    spec = KernelSpec(requires=("message_bus",), priority=11, tier=2)

    async def start(self) -> None:
        self.lock = anyio.Lock()
        self.changes = self.subscribe(FilesChanged)
        self.skipped: frozenset[str] = frozenset()

        def opened() -> Library:
            return Library(self.context.workspace.root, self.context.workspace.state / "library.db")

        self.library = await anyio.to_thread.run_sync(opened)
        await self.index()

    async def run(self) -> None:
        async for change in self.changes:
            if any(path.endswith((".py", ".md", ".toml")) for path in change.paths):
                await self.index()

    async def probe(self) -> None:
        """Find a word of an indexed file in that file; an empty workspace has nothing to find."""
        async with self.lock:
            sample = await anyio.to_thread.run_sync(self._sample)
        if sample is None:
            return
        path, word = sample
        # A word may be in every chunk, so the path is asked for as well.
        found = await self.search(f"{path} {word}", limit=50)
        if not any(hit.path == path for hit in found):
            raise NotReady(f"{path} is indexed, and not found by its word {word!r}")

    async def stop(self) -> None:
        async with self.lock:
            await anyio.to_thread.run_sync(self.library.connection.close)

    async def clear_caches(self) -> str:
        async with self.lock:
            await anyio.to_thread.run_sync(self.library.shrink)
        return "the pages of its index that it held in memory"

    async def rebuild_index(self) -> str:
        """Start the index from nothing, and read every file again."""
        async with self.lock:
            await anyio.to_thread.run_sync(self.library.start_over)
        indexed = await self.index()
        return f"read {plural(indexed.files, 'file')} again, {plural(indexed.chunks, 'chunk')}"

    def summary(self) -> str:
        words = f"{plural(self.indexed.chunks, 'chunk')}, {plural(self.indexed.files, 'file')}"
        return f"{words}, {len(self.skipped)} skipped" if self.skipped else words

    # ---- services

    async def index(self) -> Indexed:
        """Read what changed since the last time; a file whose content is the same is not read again."""
        async with self.lock:
            self.indexed = await anyio.to_thread.run_sync(self.library.index)
        for path in sorted(set(self.indexed.skipped) - self.skipped):
            self.log.warning("not indexed: too large, or no text", path=path)
        self.skipped = frozenset(self.indexed.skipped)
        self.count(self.indexed.read)
        return self.indexed

    async def search(self, query: str, limit: int = 10) -> tuple[Hit, ...]:
        """Find the chunks that share words with `query`, the best match first, with file and line."""
        words = tuple(dict.fromkeys(re.findall(r"\w+", query)))
        if limit < 1:
            raise GraceError(f"limit is {limit}; expected 1 or more")
        if not words:
            return ()
        async with self.lock:
            found = await anyio.to_thread.run_sync(self.library.search, words, limit)
        self.count()
        return tuple(found)

    # ---- helpers

    def _sample(self) -> tuple[str, str] | None:
        for path, text in self.library.connection.execute("SELECT path, text FROM chunks ORDER BY id"):
            if words := re.findall(r"\w{4,}", text):
                return path, words[0]
        return None


def chunked(text: str) -> Iterator[tuple[int, str]]:
    """Cut a text at its headings and definitions, and where a part grows long; yields (first line, chunk)."""
    start, lines = 1, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        own_line = HEADING.match(line) is not None and not (lines and lines[-1].lstrip().startswith("@"))
        if lines and (own_line or len(lines) >= LONGEST_CHUNK):
            yield from _chunk(start, lines)
            start, lines = number, []
        lines.append(line)
    yield from _chunk(start, lines)


def _chunk(start: int, lines: list[str]) -> Iterator[tuple[int, str]]:
    if any(line.strip() for line in lines):
        yield start, "\n".join(lines)


def _best_line(text: str, words: tuple[str, ...]) -> int:
    """Offset of the first line with the most of `words` in it."""
    lowered = [word.lower() for word in words]
    counts = [sum(word in line.lower() for word in lowered) for line in text.splitlines()]
    return counts.index(max(counts))


def _text_of(path: Path) -> str | None:
    try:
        if path.stat().st_size > LARGEST_FILE:
            return None
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        connection.executescript(SCHEMA)
        connection.execute("SELECT count(*) FROM chunks JOIN words ON words.rowid = chunks.id").fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _opened_anew(path: Path) -> sqlite3.Connection:
    for leftover in path.parent.glob(path.name + "*"):
        leftover.unlink()
    return _opened(path)
