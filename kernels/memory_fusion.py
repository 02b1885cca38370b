"""Remembers texts and finds them again, the best match first: notes, decisions, and every incident that was resolved.

Owns `.grace/memory.db`. Called by whoever wants to recall what happened before. Never returns a text that is not what
was remembered: each is read against the hash it was stored with.
"""

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from grace_tui.kernel import (
    Denied,
    GraceError,
    IncidentChanged,
    IncidentRecord,
    Kernel,
    KernelSpec,
    NotReady,
    ProviderDown,
)

LONGEST = 100_000
MOST_TAGS = 20
# Remembering one of these changes how others read the store, so governance has a say.
GOVERNED = "schema"

SCHEMA = """
CREATE TABLE IF NOT EXISTS memories (
    id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE, text TEXT NOT NULL, kind TEXT NOT NULL,
    source TEXT NOT NULL, tags TEXT NOT NULL, at REAL NOT NULL, seen INTEGER NOT NULL DEFAULT 1
);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    text, tags, content='memories', content_rowid='id', tokenize='porter unicode61'
);
CREATE TRIGGER IF NOT EXISTS remembered AFTER INSERT ON memories BEGIN
    INSERT INTO words(rowid, text, tags) VALUES (new.id, new.text, new.tags);
END;
CREATE TRIGGER IF NOT EXISTS forgotten AFTER DELETE ON memories BEGIN
    INSERT INTO words(words, rowid, text, tags) VALUES ('delete', old.id, old.text, old.tags);
END;
"""
RECALL = """
SELECT memories.id, text, kind, source, tags, at, seen, hash, score
FROM (SELECT rowid, bm25(words, 1.0, 0.5) AS score FROM words WHERE words MATCH ?) AS found
JOIN memories ON memories.id = found.rowid WHERE ? IN ('', kind) ORDER BY score, at DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Memory:
    id: int
    text: str
    kind: str
    source: str
    tags: tuple[str, ...]
    at: float
    seen: int
    """How often the same text was remembered."""
    score: float
    """Rank of the match (bm25); higher is better."""


class Store:
    """The SQLite file. Blocking and used by one thread at a time: the kernel's lock sees to that."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.connection = sqlite3.connect(path, check_same_thread=False)
            with closing(self.connection.cursor()) as cursor:
                cursor.execute("PRAGMA journal_mode=WAL")
                cursor.execute("PRAGMA busy_timeout=5000")
                cursor.executescript(SCHEMA)
                [(verdict,)] = cursor.execute("PRAGMA quick_check(1)").fetchall()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
        except sqlite3.DatabaseError as error:
            self.connection.close()
            raise GraceError(
                f"{path}: cannot be used as a memory ({error}); it is left as it is, move it away to start empty"
            ) from error

    def remember(self, text: str, kind: str, source: str, tags: str, at: float) -> int:
        with self.connection as connection:
            [(key,)] = connection.execute(
                "INSERT INTO memories(hash, text, kind, source, tags, at) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT(hash) DO UPDATE SET seen = seen + 1, at = excluded.at RETURNING id",
                (_hash(kind, text), text, kind, source, tags, at),
            ).fetchall()
        return int(key)

    def recall(self, match: str, kind: str, limit: int) -> tuple[list[Memory], list[int]]:
        """Return the matches, and the ids of those whose text is not what was stored."""
        good: list[Memory] = []
        damaged: list[int] = []
        for key, text, of_kind, source, tags, at, seen, kept, score in self.connection.execute(
            RECALL, (match, kind, limit)
        ):
            if _hash(of_kind, text) == kept:
                good.append(Memory(key, text, of_kind, source, tuple(tags.split()), at, seen, -score))
            else:
                damaged.append(key)
        return good, damaged

    def forget(self, key: int) -> bool:
        with self.connection as connection:
            return connection.execute("DELETE FROM memories WHERE id = ?", (key,)).rowcount > 0

    def count(self) -> int:
        return int(self.connection.execute("SELECT count(*) FROM memories").fetchone()[0])

    def sources(self, kind: str) -> set[str]:
        return {source for (source,) in self.connection.execute("SELECT source FROM memories WHERE kind = ?", (kind,))}

    def shrink(self) -> None:
        self.connection.execute("PRAGMA shrink_memory")

    def reindex(self) -> int:
        with self.connection as connection:
            connection.execute("INSERT INTO words(words) VALUES ('rebuild')")
            connection.execute("INSERT INTO words(words) VALUES ('integrity-check')")
        return self.count()

    def try_out(self, text: str) -> bool:
        """Remember, find and forget `text` in a transaction that is rolled back."""
        try:
            self.connection.execute("BEGIN")
            self.connection.execute(
                "INSERT INTO memories(hash, text, kind, source, tags, at) VALUES (?, ?, 'probe', '', '', 0)",
                (_hash("probe", text), text),
            )
            found, damaged = self.recall(_query(text), "probe", 1)
            return [memory.text for memory in found] == [text] and not damaged
        finally:
            self.connection.rollback()


class MemoryFusion(Kernel):
    spec = KernelSpec(requires=("message_bus",), after=("governance",), priority=10, tier=2)

    async def start(self) -> None:
        self.lock = anyio.Lock()
        self.damaged: set[int] = set()
        self.changes = self.subscribe(IncidentChanged)
        self.store = await anyio.to_thread.run_sync(lambda: Store(self.context.workspace.state / "memory.db"))
        self.total = await anyio.to_thread.run_sync(self.store.count)

    async def run(self) -> None:
        async with self.lock:
            learned = await anyio.to_thread.run_sync(self.store.sources, "incident")
        for record in reversed(self.context.incidents.all()):
            if record.id not in learned:
                await self._learn(record)
        async for change in self.changes:
            found = self.context.incidents.get(change.incident_id)
            if found is not None:
                await self._learn(found)

    async def probe(self) -> None:
        async with self.lock:
            if not await anyio.to_thread.run_sync(self.store.try_out, "what the probe remembers"):
                raise NotReady(f"{self.store.path}: a text was remembered and not recalled")

    async def stop(self) -> None:
        async with self.lock:
            await anyio.to_thread.run_sync(self.store.connection.close)

    async def clear_caches(self) -> str:
        async with self.lock:
            await anyio.to_thread.run_sync(self.store.shrink)
        return "the pages of its store that it held in memory"

    async def rebuild_index(self) -> str:
        """Make the index of words anew; the memories themselves are not touched."""
        async with self.lock:
            count = await anyio.to_thread.run_sync(self.store.reindex)
        return f"indexed the words of {count} memories again"

    def summary(self) -> str:
        words = f"{self.total} memories"
        return f"{words}, {len(self.damaged)} damaged" if self.damaged else words

    # ---- services

    async def remember(self, text: str, *, kind: str = "note", source: str = "", tags: Sequence[str] = ()) -> int:
        """Keep `text` and return its id; the same text of the same kind is kept once and counted.

        Raises:
            Denied: `kind` is `schema` and governance does not allow it (yet).
        """
        if not text.strip() or len(text) > LONGEST:
            raise GraceError(f"a memory has {len(text)} characters; expected 1 to {LONGEST}, not all blank")
        if not kind.strip():
            raise GraceError("a memory needs a kind, such as 'note'")
        if kind == GOVERNED:
            await self._ask_governance(source)
        words = " ".join(dict.fromkeys(word for tag in tags for word in tag.split()))
        if len(words.split()) > MOST_TAGS:
            raise GraceError(f"a memory has {len(words.split())} tags; expected {MOST_TAGS} at most")
        keep = partial(self.store.remember, text, kind, source, words, self.context.clock.time())
        async with self.lock:
            key = await anyio.to_thread.run_sync(keep)
            self.total = await anyio.to_thread.run_sync(self.store.count)
        self.count()
        return key

    async def recall(self, query: str, limit: int = 10, *, kind: str = "") -> tuple[Memory, ...]:
        """Find memories that share words with `query`, the best match first."""
        match = _query(query)
        if not match or limit < 1:
            return ()
        async with self.lock:
            found, damaged = await anyio.to_thread.run_sync(self.store.recall, match, kind, limit)
        for key in sorted(set(damaged) - self.damaged):
            self.log.error("a memory is not what was stored and is withheld", id=key)
        self.damaged.update(damaged)
        self.count()
        return tuple(found)

    async def forget(self, memory_id: int) -> bool:
        """Remove a memory; False where there is none of that id."""
        async with self.lock:
            gone = await anyio.to_thread.run_sync(self.store.forget, memory_id)
            self.total = await anyio.to_thread.run_sync(self.store.count)
        self.damaged.discard(memory_id)
        return gone

    async def size(self) -> int:
        """Number of memories (`count` is every kernel's own: it counts work done)."""
        async with self.lock:
            return await anyio.to_thread.run_sync(self.store.count)

    # ---- helpers

    async def _learn(self, incident: IncidentRecord) -> None:
        """Remember a resolved incident: what broke, whose interface it was, and what ended it."""
        if incident.state != "resolved":
            return
        lines = [f"{incident.title} in {incident.kernel}", f"{incident.kind}: {incident.message}"]
        if incident.provider:
            lines.append(f"provider {incident.provider}")
        if incident.timeline:
            lines.append(f"ended by {incident.timeline[-1][1]}: {incident.timeline[-1][2]}")
        text = "\n".join(lines)[:LONGEST]
        await self.remember(text, kind="incident", source=incident.id, tags=(incident.kernel, incident.signature))

    async def _ask_governance(self, source: str) -> None:
        governance = self.kernel("governance")
        try:
            word = await governance.decide(self.name, "schema.change", source)
        except ProviderDown as down:
            self.log.warning("a schema change was not put to governance", source=source, reason=str(down))
            return
        if word.decision == "needs_approval":
            asked = await governance.request_approval(
                self.name, "schema.change", source, reason=word.reason, policies=word.policies
            )
            raise Denied(self.name, f"change the schema of {source or 'its memories'}", f"waits for approval {asked}")
        if not word.allowed:
            raise Denied(self.name, f"change the schema of {source or 'its memories'}", word.reason)


def _hash(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}\0{text}".encode()).hexdigest()


def _query(text: str) -> str:
    """Turn words of a person into an FTS5 expression: any of the words, none of them an operator."""
    return " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", text)))
