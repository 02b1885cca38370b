"""A kernel's process from the inside: one loop, one kernel, and the crash boundary around it.

It does what the room tells it (load, start, run, probe, call, stop) and reports how each ended. Whatever the kernel
raises is told to the room with its traceback; only the end of the process itself is left for the room to see.
"""

import asyncio
import contextvars
import gc
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.clock import RealClock
from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.ports import Clock
from grace_tui.runtime.hosts.limits import Limits, apply
from grace_tui.runtime.hosts.process.inside.channel import Channel
from grace_tui.runtime.hosts.process.inside.proxies import RemoteKernel, RemotePorts, make_port
from grace_tui.runtime.hosts.process.inside.pulse import Pulse
from grace_tui.runtime.hosts.process.inside.telling import Describe, told
from grace_tui.runtime.hosts.process.ports import CLOCK
from grace_tui.runtime.hosts.process.words import Loaded, Start, loaded_kernel
from grace_tui.runtime.hosts.wire import CannotTravel
from grace_tui.runtime.reload.loader import KernelLoader
from grace_tui.runtime.supervisor.failures import KernelCancelled, leaf
from grace_tui.runtime.supervisor.gate import Gate, gating
from grace_tui.runtime.supervisor.place import stacks_behind
from grace_tui.runtime.supervisor.place import told as told_stacks

GATED = frozenset({"start", "run", "probe", "drain"})
"""Orders whose tasks stand still while the kernel is paused."""


@dataclass(frozen=True)
class Folders:
    """The workspace's folders, made by the room."""

    root: Path
    state: Path
    logs: Path


class Child:
    """Lives as long as the process; its methods run on the process's loop."""

    def __init__(
        self,
        fd: int,
        describe: Describe,
        kind: type[Kernel] | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.loop = loop or asyncio.new_event_loop()
        self.channel = Channel(fd, self.loop, self._heard)
        self.describe = describe
        self.kind = kind
        self.name = ""
        self.root = Path()
        self.kernel: Kernel | None = None
        self.ports = RemotePorts(self.channel)
        self.pulse = Pulse(self.channel, self.loop)
        self.gate = Gate()
        self.orders: dict[str, Callable[..., Coroutine[Any, Any, Any]]] = {
            "load": self._load,
            "start": self._start,
            "run": self._run,
            "probe": self._probe,
            "call": self._call,
            "drain": self._drain,
            "stop": self._stop,
            "where": self._where,
        }
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._asked_to_end: set[int] = set()
        self._running = 0
        """Number of the order to run, while the kernel does."""

    def live(self) -> None:
        """Do what the room says until it ends this process."""
        asyncio.set_event_loop(self.loop)
        self.channel.start()
        with gating(self.loop):
            while True:
                try:
                    self.loop.run_forever()
                except (SystemExit, KeyboardInterrupt):  # out of a task of the kernel's own, that has ended with it
                    continue

    # ---- what the room says

    def _heard(self, words: Sequence[Any]) -> None:
        what, *rest = words
        if what == "do":
            self._begin(*rest)
        elif what == "cancel":
            self._cancel(*rest)
        elif what == "mail":
            self.ports.arrive(*rest)
        elif what == "save":
            self._save()
        elif what in ("paused", "resumed"):
            self._hold(what)

    def _begin(self, number: int, order: str, *arguments: Any) -> None:
        # A call is its caller's work, and not held by a pause of this kernel: the room did not let it through then.
        context = self.gate.context() if order in GATED else contextvars.copy_context()
        work = self._carry_out(number, order, arguments)
        self._tasks[number] = self.loop.create_task(work, name=order, context=context)

    async def _carry_out(self, number: int, order: str, arguments: Sequence[Any]) -> None:
        try:
            if order == "run":
                self._running = number
            value = await self.orders[order](*arguments)
            self._done(number, value)
        except asyncio.CancelledError:
            if number in self._asked_to_end:
                self.channel.tell("raised", number, KernelCancelled(self.name))
            else:
                self._raised(number, KernelCancelled(self.name), order)
        except CannotTravel as error:
            self._raised(number, error, order)
        except BaseException as error:  # the crash boundary: SystemExit and KeyboardInterrupt of a kernel end here too
            self._raised(number, error if order in ("load", "call") else leaf(error), order)
        finally:
            if order == "run":
                self._running = 0
            self._asked_to_end.discard(number)
            self._tasks.pop(number, None)

    def _cancel(self, number: int) -> None:
        task = self._tasks.get(number)
        if task is None:
            return
        self.gate.open()
        if number == self._running:  # what it knows goes to the next instance, as before any other end asked for
            self._save()
        self._asked_to_end.add(number)
        task.cancel()

    # ---- orders

    async def _load(self, root: str, name: str, limits: Limits, kept: Mapping[str, bytes]) -> Loaded:
        self.name, self.root = name, Path(root)
        apply(limits)
        loaded = KernelLoader(self.root, kept).load(name)
        self.kind = kind = loaded.kind
        sources = kept or {file: (self.root / file).read_bytes() for file in loaded.files}
        return loaded_kernel(kind, loaded.doc, loaded.version, sources)

    async def _start(self, given: Start) -> None:
        if self.kind is None:
            raise GraceError("nothing is loaded that could start")
        self.name, self.root = given.name, Path(given.root)
        self.kind.spec = given.spec
        self.pulse.begin(0.0 if given.clock else given.spec.beat_interval)
        self.kernel = self.pulse.kernel = self.kind(self._context(given))
        await self.kernel.start()

    async def _run(self) -> None:
        await self._started().run()

    async def _probe(self) -> None:
        await self._started().probe()

    async def _call(self, method: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
        return await getattr(self._started(), method)(*arguments, **named)

    async def _drain(self) -> None:
        await self._started().drain()

    async def _where(self) -> str:
        return told_stacks(stacks_behind(self.gate))

    async def _stop(self) -> None:
        self.gate.open()
        if self._running:
            running = self._tasks[self._running]
            self._cancel(self._running)
            await asyncio.wait({running})
        if self.kernel is not None:
            await self.kernel.stop()
        self.pulse.flush()
        sys.stdout.flush()
        sys.stderr.flush()

    # ---- what the kernel is given

    def _context(self, given: Start) -> KernelContext:
        clock: Clock = make_port(self.channel, CLOCK, Clock) if given.clock else RealClock()

        async def resolve(provider: str) -> object:
            return RemoteKernel(self.channel, provider)

        return KernelContext(
            name=given.name,
            clock=clock,
            **self.ports.table,
            workspace=Folders(Path(given.root), Path(given.state), Path(given.logs)),
            resolve=resolve,
            settings=given.settings,
            saved_state=given.saved_state,
            beat=self.pulse.beat,
            count=self.pulse.count,
            failed=self._failed,
            keep_state=self._keep,
        )

    def _hold(self, hook: str) -> None:
        if hook == "paused":
            self.gate.close()
        else:
            self.gate.open()
        try:
            getattr(self._started(), hook)()
        except Exception as error:  # kernel code: it is paused or goes on all the same
            self._failed(error, hook)

    def _save(self) -> None:
        """Tell the room what the next instance needs; a kernel that cannot say loses its state, not its life."""
        if self.kernel is None or not self._running:
            return
        try:
            self._keep(self.kernel.save_state())
        except Exception as error:  # kernel code
            self._failed(error, "save_state")

    def _keep(self, state: Mapping[str, object]) -> None:
        self.channel.tell("state", dict(state), path="the saved state")

    def _failed(self, error: BaseException, phase: str) -> None:
        self.channel.tell("failed", self._told(error, phase), phase)

    # ---- failures

    def _started(self) -> Kernel:
        if self.kernel is None:
            raise GraceError(f"{self.name or 'the kernel'} has not been started")
        return self.kernel

    def _done(self, number: int, value: Any) -> None:
        self.channel.tell("done", number, value, path="result")

    def _raised(self, number: int, error: BaseException, phase: str) -> None:
        self.channel.tell("raised", number, self._told(error, phase))

    def _told(self, error: BaseException, phase: str) -> BaseException:
        return told(error, self.name, phase, self.root, self.describe)


def run_child(fd: int, describe: Describe) -> None:
    """Be a kernel's process on this line to the room; never returns."""
    gc.unfreeze()
    Child(fd, describe).live()
