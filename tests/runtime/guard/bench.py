"""A loop on its thread under a guard, and functions written into a kernels folder that hold it."""

import asyncio
import textwrap
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any

from grace_tui.runtime.guard import Block, Guard, GuardLimits, LoopBeat
from grace_tui.runtime.loop import LoopThread

PATIENCE = 20.0
"""Seconds a condition may take on a loaded machine; reached at once on any other."""
LIMITS = GuardLimits(stall=0.1, abandon=PATIENCE)


@dataclass
class Told:
    """A GuardListener that keeps what it is told."""

    blocks: "Queue[Block]" = field(default_factory=Queue)
    lasting: "Queue[tuple[Block, float]]" = field(default_factory=Queue)
    releases: "Queue[bool]" = field(default_factory=Queue)
    given: "Queue[Block]" = field(default_factory=Queue)

    def blocked(self, block: Block) -> None:
        self.blocks.put(block)

    def held(self, block: Block, seconds: float) -> None:
        self.lasting.put((block, seconds))

    def released(self) -> None:
        self.releases.put(True)

    def given_up(self, block: Block) -> None:
        self.given.put(block)


@dataclass
class Bench:
    thread: LoopThread
    guard: Guard
    told: Told
    kernels: Path

    def run(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> "Queue[object]":
        """Run a coroutine function as a task of the loop; its result or its error comes in the queue."""
        outcome: Queue[object] = Queue()

        def keep(task: "asyncio.Task[Any]") -> None:
            outcome.put(task.exception() or task.result())

        def begin() -> None:
            self.thread.loop.create_task(work()).add_done_callback(keep)

        assert self.thread.post(begin)
        return outcome

    def turns(self) -> bool:
        """Whether the loop runs what is posted on it."""
        turned = threading.Event()
        return self.thread.post(turned.set) and turned.wait(PATIENCE)


@contextmanager
def guarded(kernels: Path, limits: GuardLimits = LIMITS) -> Iterator[Bench]:
    """A loop that beats, on a thread of its own, and the guard over it."""
    opened: Queue[tuple[Guard, asyncio.Event]] = Queue()
    told = Told()

    async def main() -> None:
        beat, end = LoopBeat(), asyncio.Event()
        beat.start()
        guard = Guard(beat, kernels, limits, told)
        guard.start()
        opened.put((guard, end))
        await end.wait()
        beat.stop()
        guard.stop()

    thread = LoopThread(main)
    thread.start()
    guard, end = opened.get(timeout=PATIENCE)
    try:
        yield Bench(thread, guard, told, kernels)
    finally:
        thread.post(end.set)
        thread.join(PATIENCE)
        guard.join(PATIENCE)
        assert not thread.is_alive()
        assert not guard.is_alive()


def code(kernels: Path, name: str, source: str) -> dict[str, Any]:
    """Write a file of kernel code; returns what it defines."""
    path = kernels / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = textwrap.dedent(source).lstrip()
    path.write_text(text)
    namespace: dict[str, Any] = {"__name__": f"kernels.{path.stem}"}
    exec(compile(text, str(path), "exec"), namespace)
    return namespace
