"""Where a task waits: the stack of a coroutine that is suspended, as a traceback like any other."""

import asyncio
from types import FrameType, TracebackType
from typing import Any


def waits_at(task: "asyncio.Task[Any]") -> TracebackType | None:
    """A traceback from the task's outermost frame to the innermost that can be seen."""
    frames = list[FrameType]()
    inner: Any = task.get_coro()
    while inner is not None:
        frame = getattr(inner, "cr_frame", None) or getattr(inner, "gi_frame", None)
        if frame is None:  # a future, or an asynchronous generator, which does not tell where it is
            break
        frames.append(frame)
        inner = getattr(inner, "cr_await", None) or getattr(inner, "gi_yieldfrom", None)
    trace: TracebackType | None = None
    for frame in reversed(frames):
        trace = TracebackType(trace, frame, frame.f_lasti, frame.f_lineno)
    return trace
