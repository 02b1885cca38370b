"""Pausing: every task of a kernel goes through its gate each time it is resumed, and stands still while that is shut.

The supervisor runs a kernel in a context that names its gate, and the loop's task factory puts every task that is made
in such a context behind the same gate. What is not a task, such as a worker thread, is not held.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any

ANYIO_CANCELS = "Cancelled "
"""How the message of a cancellation by an anyio scope begins."""

_gate: contextvars.ContextVar["Gate | None"] = contextvars.ContextVar("gate", default=None)


class Gate:
    """One instance's gate; open until `close`."""

    __slots__ = ("held", "is_shut")

    def __init__(self) -> None:
        self.is_shut = False
        self.held: set[asyncio.Future[None]] = set()
        """One for each task that stands before the gate; a shared one would be cancelled for all of them."""

    def close(self) -> None:
        self.is_shut = True

    def open(self) -> None:
        self.is_shut = False
        held, self.held = self.held, set()
        for waiting in held:
            if not waiting.done():
                waiting.set_result(None)

    def context(self) -> contextvars.Context:
        """A copy of the current context in which every new task goes through this gate."""
        context = contextvars.copy_context()
        context.run(_gate.set, self)
        return context

    def hold(self) -> "asyncio.Future[None]":
        """What a task waits on before the gate, in the shape in which asyncio takes it from a coroutine."""
        waiting = asyncio.get_running_loop().create_future()
        self.held.add(waiting)
        waiting.add_done_callback(self.held.discard)
        waiting._asyncio_future_blocking = True
        return waiting


class GatedCoroutine(Coroutine[Any, Any, Any]):
    """A coroutine that takes its next step only while the gate is open."""

    __slots__ = ("gate", "inner", "pending")

    def __init__(self, inner: Coroutine[Any, Any, Any], gate: Gate) -> None:
        self.inner, self.gate = inner, gate
        self.pending: BaseException | None = None
        """A cancellation that came while the gate was shut."""

    def send(self, value: Any) -> Any:
        if self.gate.is_shut:
            return self.gate.hold()
        if self.pending is not None:
            pending, self.pending = self.pending, None
            return self.inner.throw(pending)
        return self.inner.send(value)

    def throw(self, kind: Any, value: Any = None, trace: Any = None) -> Any:
        # An anyio scope calls again and again until its cancellation is taken: held, it would keep the loop spinning.
        # So a timeout of the kernel's own takes it to its next await.
        if self.gate.is_shut and not (kind.args and str(kind.args[0]).startswith(ANYIO_CANCELS)):
            self.pending = kind
            return self.gate.hold()
        return self.inner.throw(kind)

    def close(self) -> None:
        self.inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self.inner.__await__()

    def __getattr__(self, name: str) -> Any:
        """What asyncio, anyio and debuggers look for in a coroutine: its frame, its code, its name."""
        return getattr(self.inner, name)


def ungated() -> contextvars.Context:
    """A copy of the current context in which new tasks go through no gate: for the core's own tasks."""
    context = contextvars.copy_context()
    context.run(_gate.set, None)
    return context


@contextmanager
def gating(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Put the tasks of kernels behind their gates for as long as the context is open."""
    before = loop.get_task_factory()
    make: Callable[..., Any] = _plain_task if before is None else before

    def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> "asyncio.Future[Any]":
        context = options.get("context")
        gate = _gate.get() if context is None else context.get(_gate)
        if gate is not None and isinstance(coroutine, Awaitable):
            coroutine = GatedCoroutine(coroutine, gate)  # type: ignore[arg-type]
        made: asyncio.Future[Any] = make(loop, coroutine, **options)
        return made

    loop.set_task_factory(factory)
    try:
        yield
    finally:
        loop.set_task_factory(before)


def _plain_task(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> "asyncio.Task[Any]":
    return asyncio.Task(coroutine, loop=loop, **options)
