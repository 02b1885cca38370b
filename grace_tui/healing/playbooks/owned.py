"""Work that goes on when whoever asked for it goes away, until its owner closes."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import anyio

T = TypeVar("T")


class Owned:
    def __init__(self, raised: Callable[[BaseException], None]) -> None:
        self.raised = raised
        """Told of an error that nobody waits for."""
        self._tasks: set[asyncio.Task[Any]] = set()

    def begin(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Have it carried out; nobody waits for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def outcome(self, work: Coroutine[Any, Any, T]) -> T:
        """Have it carried out, and wait for it; a caller that is cancelled does not stop it."""
        return await asyncio.shield(self.begin(work))

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Stop what is under way, and wait until it has."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            with anyio.CancelScope(shield=True):
                await asyncio.wait(self._tasks)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.raised(error)
