"""Where a task waits: the stack of a coroutine that is suspended, as a traceback like any other."""

import asyncio
import traceback
from types import FrameType, TracebackType
from typing import Any

from grace_tui.runtime.supervisor.gate import Gate, GatedCoroutine

Stacks = list[tuple[str, traceback.StackSummary]]


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


def stacks_behind(gate: Gate) -> Stacks:
    """Every task that goes through a gate, by name, and where it waits. No file is read for it: `told` does."""
    found = Stacks()
    for task in asyncio.all_tasks():
        coroutine: object = task.get_coro()
        if isinstance(coroutine, GatedCoroutine) and coroutine.gate is gate:
            walked = traceback.walk_tb(waits_at(task))
            found.append((task.get_name(), traceback.StackSummary.extract(walked, lookup_lines=False)))
    return sorted(found, key=lambda each: each[0])


def told(stacks: Stacks) -> str:
    """Stacks as text, outermost frame first, with the lines of their files."""
    parts = [
        f"task {name}\n{''.join(summary.format()) or '  nowhere: it is about to run, or has ended'}"
        for name, summary in stacks
    ]
    return "\n".join(parts)
