"""The supervisor's thread: one event loop that nothing a kernel raises can end, and that can be given up from outside.

A `SystemExit` or `KeyboardInterrupt` inside a kernel's own child task leaves `run_forever` by design of asyncio; the
task has its outcome, so the loop is simply entered again. The same goes for what the guard raises, should it ever miss.
"""

import asyncio
import contextlib
import importlib
import os
import selectors
import socket
import stat
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from grace_tui.kernel.errors import LoopBlocked, LoopBroken

CLOSE_SECONDS = 1.0
"""How long the tasks that are left over have to end."""

_ESCAPED = (SystemExit, KeyboardInterrupt, LoopBlocked, LoopBroken)


class LoopThread(threading.Thread):
    """Runs one coroutine function to its end on a loop of its own."""

    def __init__(self, main: Callable[[], Coroutine[Any, Any, None]], name: str = "supervisor") -> None:
        super().__init__(name=name, daemon=True)
        self.main = main
        self._selector = selectors.DefaultSelector()
        self.loop = asyncio.SelectorEventLoop(self._selector)
        self.error: BaseException | None = None
        self.escaped = 0
        """How often an exception left `run_forever` and the loop was entered again."""
        self.abandoned = False

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        _name_library()
        task = self.loop.create_task(self.main(), name="room")
        self._run(task, lambda: self.abandoned)
        self._close()
        if task.done() and not task.cancelled() and (error := task.exception()) and not self.abandoned:
            self.error = error

    def post(self, act: Callable[[], object]) -> bool:
        """Run `act` on the loop soon; False where the loop has ended. Any thread; never waits."""
        try:
            self.loop.call_soon_threadsafe(act)
        except RuntimeError:
            return False
        return True

    def abandon(self) -> None:
        """Give up a loop that is held: once it is free, its tasks end instead of going on. Another thread; never waits.

        Its ports to listen on are free at once, for those who take its place.
        """
        self.abandoned = True
        self._stop_listening()
        # Now, not when the loop is free: whatever was ready to run would take another step before.
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.post(self.loop.stop)

    def _stop_listening(self) -> None:
        for key in list(self._selector.get_map().values()):
            with contextlib.suppress(OSError):  # it may just have been closed
                _stop_if_listening(key.fd)

    def _run(self, task: "asyncio.Task[Any]", is_over: Callable[[], bool] = lambda: False) -> None:
        task.add_done_callback(lambda _: self.loop.stop())
        while not (task.done() or is_over()):
            try:
                self.loop.run_forever()
            except _ESCAPED:
                self.escaped += 1

    def _close(self) -> None:
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        if left:
            self._run(self.loop.create_task(asyncio.wait(left, timeout=CLOSE_SECONDS)))
        self._run(self.loop.create_task(self.loop.shutdown_asyncgens()))
        self.loop.close()


def _stop_if_listening(number: int) -> None:
    if not stat.S_ISSOCK(os.fstat(number).st_mode):
        return
    # Through a duplicate: closing the descriptor itself would hand its number to somebody else.
    with socket.socket(fileno=os.dup(number)) as listening:
        if listening.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            listening.shutdown(socket.SHUT_RDWR)


def _name_library() -> None:
    """Tell what asks `sniffio` that this thread runs asyncio, also in callbacks, which are no tasks.

    anyio asks it wherever it happens to be installed; a callback of this loop could start no task then.
    """
    try:
        sniffio = importlib.import_module("sniffio")
    except ModuleNotFoundError:
        return
    sniffio.thread_local.name = "asyncio"
