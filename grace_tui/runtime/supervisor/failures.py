"""The failures that the supervisor itself notices, and how a group of exceptions comes down to the one that matters."""

from collections.abc import Iterator

import anyio

from grace_tui.kernel.errors import GraceError


class KernelHung(GraceError):
    """A kernel did not beat for longer than its timeout."""

    def __init__(self, kernel: str, age: float, timeout: float) -> None:
        super().__init__(f"{kernel} has not beaten for {age:.0f} s; its limit is {timeout:g} s")
        self.kernel, self.age, self.timeout = kernel, age, timeout


class KernelReturned(GraceError):
    """A permanent kernel's `run` came to an end."""

    def __init__(self, kernel: str) -> None:
        super().__init__(f"{kernel}.run returned; a permanent kernel runs until it is cancelled")
        self.kernel = kernel


class KernelCancelled(GraceError):
    """A kernel raised a cancellation that nobody had asked for."""

    def __init__(self, kernel: str) -> None:
        super().__init__(f"{kernel} ended by a cancellation of its own")
        self.kernel = kernel


class StartTimeout(GraceError):
    """A kernel did not get ready in time."""

    def __init__(self, kernel: str, phase: str, seconds: float) -> None:
        super().__init__(f"{kernel} was not ready within {seconds:g} s: still in {phase}")
        self.kernel, self.phase, self.seconds = kernel, phase, seconds


class KernelStuck(GraceError):
    """A kernel ignored its cancellation; its task was left behind."""

    def __init__(self, kernel: str, seconds: float) -> None:
        super().__init__(f"{kernel} did not stop within {seconds:g} s of being cancelled; its task was left behind")
        self.kernel, self.seconds = kernel, seconds


def leaf(error: BaseException) -> BaseException:
    """Return the first exception in a group that is not a cancellation; other exceptions as they are."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = list(_leaves(error))
    cancelled = anyio.get_cancelled_exc_class()
    return next((found for found in leaves if not isinstance(found, cancelled)), leaves[0])


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
