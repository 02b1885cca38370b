"""The room's small database, `.grace/room.db`: incidents and repair tasks that outlive a crash.

Opened once by the room (and by verbs that look without one); shared by threads behind a lock. Every call is short,
because most are made on the supervisor's loop: a commit is a write without fsync, and the WAL is folded back into the
database by a thread of its own. A database that cannot be read is moved aside, never deleted.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grace_tui.kernel.errors import GraceError, LoopAbandoned

BUSY_SECONDS = 2.0
WRITES_PER_CHECKPOINT = 500
FENCE_SECONDS = 0.5
"""How long a fence waits for a call that is under way."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE incidents (
        id TEXT PRIMARY KEY, opened_at REAL NOT NULL, record BLOB NOT NULL, failure BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE tasks (
        id TEXT PRIMARY KEY, incident_id TEXT NOT NULL, state TEXT NOT NULL, finished INTEGER NOT NULL,
        priority INTEGER NOT NULL, queued_at REAL NOT NULL, token INTEGER NOT NULL, holder TEXT NOT NULL,
        record BLOB NOT NULL, failure BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX one_open_task_an_incident ON tasks (incident_id) WHERE finished = 0;
    CREATE INDEX tasks_in_turn ON tasks (state, priority DESC, queued_at, id);
    """,
    """
    CREATE TABLE silences (id TEXT PRIMARY KEY, ends_at REAL NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE silence_hits (
        silence_id TEXT NOT NULL, incident_id TEXT NOT NULL, record BLOB NOT NULL,
        PRIMARY KEY (silence_id, incident_id)
    ) WITHOUT ROWID;
    CREATE TABLE playbook_runs (
        id TEXT PRIMARY KEY, playbook TEXT NOT NULL, incident_id TEXT NOT NULL, coarse TEXT NOT NULL,
        state TEXT NOT NULL, started_at REAL NOT NULL, record BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX runs_by_coarse ON playbook_runs (coarse, started_at);
    """,
    "ALTER TABLE tasks ADD COLUMN patch TEXT NOT NULL DEFAULT ''",
)
"""Script number N brings a database from version N to N + 1; a script that shipped is never edited."""

Row = tuple[Any, ...]


class StoreBusy(GraceError):
    """Another process held the database for too long."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(f"{path} is held by another process; waited {seconds:g} s")
        self.path = path


class Store:
    """One connection behind a lock. `notice` says what the operator must know of how it was opened."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None, notice: str = "") -> None:
        self.path, self.notice = path, notice
        self._connection = connection
        self._lock = threading.RLock()
        self._writes = 0
        self._tidier = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._tidying: Future[None] | None = None
        self._closed = False
        self._fenced = False

    def read(self, sql: str, *parameters: object) -> list[Row]:
        with self._held():
            return self._connection.execute(sql, parameters).fetchall()

    def write(self, sql: str, *parameters: object) -> None:
        """Run one statement and commit it."""
        with self._held():
            self._connection.execute(sql, parameters)
            self._count()

    def write_many(self, sql: str, rows: Sequence[Row]) -> None:
        """Run one statement for every row, all or none."""
        with self.transaction():
            self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock, against other processes too, and commit at the end; an error undoes everything."""
        with self._held():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has undone it already
                    self._connection.execute("ROLLBACK")
                raise
            self._count()

    @property
    def foreign_version(self) -> int:
        """Changes whenever another connection has written."""
        return int(self.read("PRAGMA data_version")[0][0])

    def fence(self) -> None:
        """Refuse every further call, and undo what is half done: another room opens the database. Any thread."""
        self._fenced = True
        self._connection.interrupt()
        if not self._lock.acquire(timeout=FENCE_SECONDS):
            return
        try:
            self._connection.close()
        finally:
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._tidier.shutdown(wait=True)
        with self._lock:
            self._connection.close()

    @contextmanager
    def _held(self) -> Iterator[None]:
        with self._lock:
            if self._fenced:
                raise LoopAbandoned("the room's database")
            yield

    def _count(self) -> None:
        self._writes += 1
        idle = self._tidying is None or self._tidying.done()
        if self.path is not None and idle and not self._closed and self._writes >= WRITES_PER_CHECKPOINT:
            self._writes = 0
            self._tidying = self._tidier.submit(_checkpoint, self.path)


def open_store(path: Path) -> Store:
    """Open the database at `path`, making or migrating it.

    One that is corrupt, or from a newer Grace, is moved aside; where the disk refuses, the store lives in memory.
    Both are told in `Store.notice`.

    Raises:
        StoreBusy: another process held it for too long.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Store(_connect(path), path)
    except OSError as error:
        return _in_memory(path, str(error))
    except sqlite3.DatabaseError as error:
        if _is_busy(error):
            raise StoreBusy(path, BUSY_SECONDS) from error
        if isinstance(error, sqlite3.OperationalError):
            return _in_memory(path, str(error))
        return _open_anew(path, str(error))


def _open_anew(path: Path, problem: str) -> Store:
    try:
        aside = _move_aside(path)
        notice = f"{path} could not be read ({problem}); it was moved to {aside.name} and a new one was made"
        return Store(_connect(path), path, notice)
    except (OSError, sqlite3.Error) as error:
        return _in_memory(path, f"{problem}, and it could not be replaced: {error}")


def _in_memory(path: Path, problem: str) -> Store:
    connection = _configured(sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None))
    notice = f"{path} could not be opened ({problem}); incidents and tasks are forgotten when the room closes"
    return Store(connection, None, notice)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found is None or found[0] != "ok":
            raise sqlite3.DatabaseError(f"quick_check: {found[0] if found else 'no answer'}")
        return _configured(connection)
    except BaseException:
        connection.close()
        raise


def _configured(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("PRAGMA synchronous = NORMAL")
    # A checkpoint waits for the disk; the loop must not, so only the tidier's thread makes one.
    connection.execute("PRAGMA wal_autocheckpoint = 0").fetchone()
    _migrate(connection)
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        connection.execute("ROLLBACK")
        raise sqlite3.DatabaseError(f"its version is {version}; this Grace knows {len(MIGRATIONS)}")
    for script in MIGRATIONS[version:]:
        for statement in filter(str.strip, script.split(";")):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def _checkpoint(path: Path) -> None:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    finally:
        connection.close()


def _move_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    return aside


def _is_busy(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
