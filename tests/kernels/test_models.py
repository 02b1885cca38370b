from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from kernels.models import Approval, async_session
from kernels.models.database import create_tables, open_engine

pytestmark = pytest.mark.anyio


async def test_a_session_commits_at_the_end_of_its_block(tmp_path: Path) -> None:
    async with engine_in(tmp_path) as engine:
        async with async_session(engine) as session:
            session.add(approval("A1"))
        assert await ids(engine) == ["A1"]


async def test_a_session_rolls_back_when_an_error_leaves_its_block(tmp_path: Path) -> None:
    async with engine_in(tmp_path) as engine:
        with pytest.raises(ZeroDivisionError):
            await write_and_fail(engine)
        assert await ids(engine) == []


async def test_rows_are_there_after_the_engine_is_opened_again(tmp_path: Path) -> None:
    async with engine_in(tmp_path) as engine, async_session(engine) as session:
        session.add(approval("A1"))
    async with engine_in(tmp_path) as engine:
        assert await ids(engine) == ["A1"]


async def test_sqlite_writes_ahead_so_that_readers_do_not_wait(tmp_path: Path) -> None:
    async with engine_in(tmp_path) as engine, engine.connect() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"


@asynccontextmanager
async def engine_in(folder: Path) -> AsyncIterator[AsyncEngine]:
    engine = open_engine("", folder / "test.db")
    await create_tables(engine)
    try:
        yield engine
    finally:
        await engine.dispose()


async def write_and_fail(engine: AsyncEngine) -> None:
    async with async_session(engine) as session:
        session.add(approval("A1"))
        await session.flush()
        raise ZeroDivisionError


async def ids(engine: AsyncEngine) -> list[str]:
    async with async_session(engine) as session:
        return list(await session.scalars(select(Approval.id)))


def approval(key: str) -> Approval:
    return Approval(id=key, actor="a", action="b", resource="c", reason="", policies="", state="pending", asked_at=0.0)
