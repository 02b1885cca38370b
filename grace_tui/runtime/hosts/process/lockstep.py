"""Kernels of a test in processes, in step with the test: each turn of its loop ends when every process stands still.

So a test that lets the loop turn a few times means the same in both hosts. The processes are forked from the test
itself, and have every class that it defined and everything that it replaced. For tests only: `run_in_processes` is what
a conftest hands to `grace_tui.kernel.testing`.
"""

import asyncio
import contextlib
import inspect
import os
import select
import selectors
import socket
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.fakes import ManualClock
from grace_tui.runtime.hosts.limits import Limits
from grace_tui.runtime.hosts.process.exits import Exit
from grace_tui.runtime.hosts.process.inside.child import Child
from grace_tui.runtime.hosts.process.inside.forkserver import BROKEN, die_with, redirect
from grace_tui.runtime.hosts.process.kernel import ProcessKernel, speak_for
from grace_tui.runtime.hosts.process.link import Attention, Link
from grace_tui.runtime.hosts.process.words import loaded_kernel

PATIENCE = 10.0
"""Seconds a process may take over one turn."""


def run_in_processes(kind: type[Kernel], context: KernelContext) -> Kernel:
    """An instance of a class that speaks for `kind` in a process of its own."""
    home = _Home(kind, manual=isinstance(context.clock, ManualClock))
    loaded = loaded_kernel(kind, kind.__doc__ or "", "", {})
    speaker = speak_for(loaded, home, kind.__module__)

    def attribute(self: ProcessKernel, name: str) -> Any:
        link = self.link
        if not isinstance(link, SteppedLink) or (hasattr(kind, name) and not name.startswith("_")):
            return ProcessKernel.__getattr__(self, name)
        if inspect.iscoroutinefunction(getattr(kind, name, None)):
            return lambda *arguments, **named: self._ask("call", name, arguments, named)
        if hasattr(kind, name):
            return lambda *arguments: link.look(name, arguments)
        return link.look(name)

    speaker.__getattr__ = attribute  # type: ignore[method-assign]  # what the instance keeps, not only does
    return speaker(context)


class LockstepLoop(asyncio.SelectorEventLoop):
    """The loop of a test whose kernels live in processes."""

    def __init__(self) -> None:
        self.links: list[SteppedLink] = []
        super().__init__(_Settling(self.links))


class _Settling(selectors.DefaultSelector):
    """Asked at the beginning of each turn."""

    def __init__(self, links: "list[SteppedLink]") -> None:
        super().__init__()
        self.links = links

    def select(self, timeout: float | None = None) -> Any:
        # What a process said has made the loop something to do.
        heard = [link.settle() for link in list(self.links)]
        return super().select(0 if any(heard) else timeout)


class SteppedLink(Link):
    """A line on which the test waits until the process has handled everything and waits itself."""

    handled = 0

    def settle(self) -> bool:
        """Wait until the process stands still; whether it said anything meanwhile."""
        heard = False
        while not self._closed and self.handled < self.sent:
            readable, writable, _ = select.select([self.line], [self.line] if self._unsent else [], [], PATIENCE)
            if writable:
                self._writable()
            if readable:
                heard = self._read() or heard
            if not readable and not writable:
                raise GraceError(f"process {self.pid} did not come to rest within {PATIENCE:g} s")
        return heard

    def look(self, name: str, arguments: tuple[Any, ...] | None = None) -> Any:
        """The value of an attribute of the kernel, or what a method of it gives for these arguments, as far as that can
        travel. The test stands still meanwhile."""
        if self.exit is not None or self._closed:
            raise GraceError(f"{name} was looked for in a kernel whose process has ended")
        number = next(self._numbers)
        future = self._asked[number] = self.loop.create_future()
        self.tell("do", number, "look", name, arguments)
        self.settle()
        del self._asked[number]
        return future.result()

    def _take(self, words: Any) -> None:
        if words[0] == "idle":
            self.handled = words[1]
        else:
            super()._take(words)


class _Home:
    """Forks the test for each start."""

    limits = Limits()

    def __init__(self, kind: type[Kernel], *, manual: bool) -> None:
        self.kind = kind
        self.clock = manual

    def describe(self, error: BaseException, kernel: str, phase: str) -> Mapping[str, object] | None:
        return None

    async def process(self) -> Link:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, LockstepLoop):
            raise GraceError("kernels of a test run in processes on a LockstepLoop only")
        line, their_line = socket.socketpair()
        out, their_out = os.pipe()
        err, their_err = os.pipe()
        link = SteppedLink(line, out, err, Attention())
        mine = os.getpid()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the test's threads are not needed in the fork
            pid = os.fork()
        if pid == 0:
            self._be_child(mine, their_line, their_out, their_err)
        their_line.close()
        os.close(their_out)
        os.close(their_err)
        link.forked(pid)
        loop.links.append(link)
        _watch(loop, link)
        return link

    def _be_child(self, parent: int, line: socket.socket, out: int, err: int) -> None:
        try:
            asyncio._set_running_loop(None)
            os.setsid()
            die_with(parent)
            redirect(out, err)
            SteppedChild(line.detach(), self.kind).live()
        finally:
            os._exit(BROKEN)


class SteppedChild(Child):
    """Tells the test whenever it has nothing more to do."""

    def __init__(self, fd: int, kind: type[Kernel]) -> None:
        loop = asyncio.SelectorEventLoop(_Idling(self._idle))
        super().__init__(fd, _undescribed, kind, loop)
        self.told = -1
        self.orders["look"] = self._look

    def _done(self, number: int, value: Any) -> None:
        self.pulse.flush()  # before the answer: who has that may look at these next
        self._save()
        super()._done(number, value)

    async def _look(self, name: str, arguments: tuple[Any, ...] | None) -> Any:
        found = getattr(self._started(), name)
        return found if arguments is None else found(*arguments)

    def _idle(self) -> None:
        channel = self.channel
        if channel.handled != channel.received or channel.handled == self.told:
            return
        self.pulse.flush()
        self._save()
        if channel.handled == channel.received:  # what these two asked is answered, and nothing else has come
            self.told = channel.handled
            channel.tell("idle", self.told)


class _Idling(selectors.DefaultSelector):
    def __init__(self, idle: Any) -> None:
        super().__init__()
        self.idle = idle

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout > 0:
            self.idle()
        return super().select(timeout)


def _undescribed(error: BaseException, kernel: str, phase: str, root: Path) -> Mapping[str, object] | None:
    return None


def _watch(loop: LockstepLoop, link: SteppedLink) -> None:
    """Take note of the end of a process."""
    ended = os.pidfd_open(link.pid)

    def reap() -> None:
        loop.remove_reader(ended)
        os.close(ended)
        _, status = os.waitpid(link.pid, 0)
        with contextlib.suppress(ValueError):
            loop.links.remove(link)
        link.has_ended(Exit(os.waitstatus_to_exitcode(status)))

    loop.add_reader(ended, reap)
