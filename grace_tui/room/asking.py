"""How the core asks a kernel something: within a time, and with every way of failing as one error.

What a kernel raises must never reach a task of the room, whose end would be the room's.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from grace_tui.kernel.errors import GraceError, ProviderDown

if TYPE_CHECKING:
    from grace_tui.room.core import Room

ASK_SECONDS = 10.0


class NoAnswer(GraceError):
    """A kernel that is up could not answer."""


async def ask_kernel(
    room: "Room", by: str, kernel: str, method: str, *arguments: object, within: float = ASK_SECONDS
) -> Any:
    """Call a service method of a kernel.

    Raises:
        ProviderDown: it is not up.
        NoAnswer: it raised, whatever that was, or took longer than `within` seconds.
    """
    instance = await room.supervisor.resolve(by, kernel)
    # A task of its own: so a cancellation that the kernel makes up is told from one of ours.
    call = asyncio.create_task(_outcome(instance, method, arguments))
    try:
        answer, error = await asyncio.wait_for(call, within)
    except TimeoutError as late:
        raise NoAnswer(f"{kernel}.{method} took longer than {within:g} s") from late
    except asyncio.CancelledError as cancelled:
        if not call.cancelled() or _asked_to_end():
            raise
        raise NoAnswer(f"{kernel}.{method} was cancelled") from cancelled
    if isinstance(error, ProviderDown):
        raise error
    if isinstance(error, GraceError):  # it says itself what is wrong with the question
        raise NoAnswer(f"{error}") from error
    if error is not None:
        raise NoAnswer(f"{kernel}.{method} raised {type(error).__name__}: {error}") from error
    return answer


async def _outcome(instance: object, method: str, arguments: tuple[object, ...]) -> tuple[Any, BaseException | None]:
    try:
        return await getattr(instance, method)(*arguments), None
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # a crash boundary: SystemExit of a kernel ends here too
        return None, error


def _asked_to_end() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
