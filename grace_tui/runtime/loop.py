"""The supervisor's thread: one event loop that nothing a kernel raises can end, and the watchdog over it.

A `SystemExit` or `KeyboardInterrupt` inside a kernel's own child task leaves `run_forever` by design of asyncio; the
task has its outcome, so the loop is simply entered again.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any


class LoopThread(threading.Thread):
    """Runs one coroutine function to its end on a loop of its own."""

    def __init__(self, main: Callable[[], Coroutine[Any, Any, None]], name: str = "supervisor") -> None:
        super().__init__(name=name, daemon=True)
        self.main = main
        self.loop = asyncio.new_event_loop()
        self.error: BaseException | None = None
        self.escaped = 0
        """How often an exception left `run_forever` and the loop was entered again."""

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        task = self.loop.create_task(self.main(), name="room")
        task.add_done_callback(lambda _: self.loop.stop())
        while not task.done():
            try:
                self.loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                self.escaped += 1
        self.error = None if task.cancelled() else task.exception()
        self._close()

    def post(self, act: Callable[[], object]) -> bool:
        """Run `act` on the loop soon; False where the loop has ended. Any thread; never waits."""
        try:
            self.loop.call_soon_threadsafe(act)
        except RuntimeError:
            return False
        return True

    def _close(self) -> None:
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        if left:
            self._finish(asyncio.wait(left, timeout=1.0))
        self._finish(self.loop.shutdown_asyncgens())
        self.loop.close()

    def _finish(self, work: Coroutine[Any, Any, object]) -> None:
        task = self.loop.create_task(work)
        while not task.done():
            try:
                self.loop.run_until_complete(task)
            except (SystemExit, KeyboardInterrupt):  # out of another task, that was cancelled and ended so
                self.escaped += 1
