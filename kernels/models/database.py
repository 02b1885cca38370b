"""Engines and sessions of the kernels' database: SQLite in the workspace by default, PostgreSQL where a URL says so.

Owns no connection: whoever opens an engine disposes of it. Never logs a URL, because it may carry a password.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from grace_tui.kernel import GraceError
from kernels.models.tables import Base


def open_engine(url: str, default_file: Path) -> AsyncEngine:
    """Make an engine for `url`, or for the SQLite file where there is none. Connects only when it is used.

    Raises:
        GraceError: the URL is none, or names a database that has no asynchronous driver here.
    """
    try:
        target = make_url(url or f"sqlite+aiosqlite:///{default_file}")
        if target.get_backend_name() != "sqlite":
            return create_async_engine(target, pool_pre_ping=True)
        # Every SQLite connection owns a thread, so none is kept between two units of work.
        engine = create_async_engine(target, poolclass=NullPool)
    except (ArgumentError, ImportError) as error:
        raise GraceError(f"the database URL cannot be used: {type(error).__name__}; expected {EXAMPLES}") from error
    event.listen(engine.sync_engine, "connect", _write_ahead)
    return engine


EXAMPLES = "'sqlite+aiosqlite:///FILE' or 'postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE'"


@asynccontextmanager
async def async_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """One unit of work: committed at the end of the block, rolled back when an error leaves it."""
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        yield session


async def create_tables(engine: AsyncEngine) -> None:
    """Make the tables that are not there yet."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


def _write_ahead(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Let readers and a writer work at once, and let a kill in the middle of a write lose nothing committed."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
