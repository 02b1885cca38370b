"""Time limits by the injected clock, for work that is awaited."""

from collections.abc import Awaitable
from typing import TypeVar

import anyio

from grace_tui.kernel.ports import Clock

T = TypeVar("T")


async def limited(clock: Clock, seconds: float, work: Awaitable[T]) -> T:
    """Await `work`, cancelling it after `seconds`.

    Raises:
        TimeoutError: it did not end in time.
    """
    outcome: list[T] = []
    raised: list[Exception] = []

    async def ring(scope: anyio.CancelScope) -> None:
        await clock.sleep(seconds)
        scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(ring, group.cancel_scope)
        try:
            outcome.append(await work)
        except Exception as error:  # handed on below: a group would wrap it
            raised.append(error)
        group.cancel_scope.cancel()
    if raised:
        raise raised[0]
    if not outcome:
        raise TimeoutError(f"took longer than {seconds:g} s")
    return outcome[0]
