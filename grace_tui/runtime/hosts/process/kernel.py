"""The class that speaks for a kernel's process: to the supervisor it is a kernel like any other.

Its hooks are asked of the process; its other methods are the services of the kernel there. Nothing here waits for the
process longer than its caller does, and nothing of the kernel's own code runs here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, Protocol

import anyio

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.errors import RemoteFailure
from grace_tui.kernel.records import Vitals
from grace_tui.runtime.hosts.limits import Limits
from grace_tui.runtime.hosts.meter import meter
from grace_tui.runtime.hosts.process.exits import Exit, ProcessDied
from grace_tui.runtime.hosts.process.link import Gone, Link
from grace_tui.runtime.hosts.process.serving import Serving, silent_for
from grace_tui.runtime.hosts.process.words import HOOKS, Loaded, Start
from grace_tui.runtime.hosts.wire_errors import REMOTE

STACK_TIME = 0.05
"""Seconds that a process which does not answer has to print where it is."""
CANCEL_PATIENCE = 2.0
"""Seconds a cancelled call of a service waits for the service to clean up behind itself."""


class Home(Protocol):
    """Where one kernel's processes come from."""

    limits: Limits
    clock: bool
    """Whether the process asks the room for the time."""

    def describe(self, error: BaseException, kernel: str, phase: str) -> Mapping[str, object] | None:
        """A failure of this process as plain data."""

    async def process(self) -> Link:
        """A process that has the kernel's class loaded."""


class ProcessKernel(Kernel):
    """Made into a class of its own for every kernel that is loaded in a process: see `speak_for`."""

    home: ClassVar[Home]

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.link: Link | None = None
        self.serving: Serving | None = None

    # ---- hooks

    async def start(self) -> None:
        link = self.link = await self.home.process()
        self.serving = Serving(link, self.context, self.home.describe, clock=self.home.clock)
        workspace = self.context.workspace
        given = Start(
            self.name,
            type(self).spec,
            str(workspace.root),
            str(workspace.state),
            str(workspace.logs),
            self.context.settings,
            self.context.saved_state,
            self.home.clock,
        )
        meter.watch(link.pid)
        link.at_end = self.context.ended
        await self._ask("start", given, path="the settings or the saved state")

    async def run(self) -> None:
        await self._ask("run")

    async def probe(self) -> None:
        await self._ask("probe")

    async def stop(self) -> None:
        """Let the kernel stop and end its process; one that does not answer is killed."""
        link = self.link
        if link is None:
            return
        try:
            if self._is_silent(link):
                link.show_stack()
                await asyncio.sleep(STACK_TIME)
            elif link.exit is None:
                await link.ask("stop")
        except Gone:
            pass  # it ended by itself, as it was asked to
        finally:
            link.kill()
            with anyio.CancelScope(shield=True):
                await self._after(link)

    def save_state(self) -> Mapping[str, object]:
        """What the process said last; it is asked anew, and its answer is kept when it comes."""
        if self.link is not None:
            self.link.tell("save")
        return self.serving.state if self.serving is not None else self.context.saved_state

    def paused(self) -> None:
        if self.link is None:
            return
        self.link.tell("paused")
        if self.link.exit is not None:  # it ended this very moment
            self.context.ended()

    def resumed(self) -> None:
        if self.link is not None:
            self.link.tell("resumed")

    def summary(self) -> str:
        return self.serving.summary if self.serving is not None else ""

    def vitals(self) -> Vitals | None:
        if self.link is None or self.link.exit is not None or not self.link.pid:
            return None
        return meter.vitals(self.link.pid) or Vitals(self.link.pid)

    # ---- services

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        if method.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no {method}")

        async def call(*arguments: object, **named: object) -> Any:
            path = f"{self.name}.{method}()"
            return await self._ask("call", method, arguments, named, path=path, patience=CANCEL_PATIENCE)

        return call

    # ---- the process

    async def _ask(self, order: str, *arguments: Any, path: str = "", patience: float = 0.0) -> Any:
        if self.link is None:
            raise AssertionError(f"{self.name} has no process yet")
        try:
            return await self.link.ask(order, *arguments, path=path, patience=patience)
        except Gone:
            raise await death(self.link, self.name, self.home.limits) from None

    async def _after(self, link: Link) -> None:
        """Take in all that the process said and printed, and give back what it left."""
        await link.ended.wait()
        meter.forget(link.pid)
        await link.output_end()
        link.close_output()
        if self.serving is not None:
            self.serving.close()

    def _is_silent(self, link: Link) -> bool:
        """Whether it would not answer anyway: stopped, or busy in one place."""
        return link.exit is None and silent_for(link) > self.spec.heartbeat_timeout / 2


async def death(link: Link, kernel: str, limits: Limits) -> ProcessDied:
    """Why a process ended, with the stack that it printed last, where it did."""
    await link.ended.wait()
    await link.output_end()
    died = ProcessDied(kernel, link.exit or Exit(-9), limits)
    printed = link.fatal.printed(type(died).__name__, str(died))
    if printed:
        vars(died)[REMOTE] = RemoteFailure(type(died).__name__, str(died), printed=printed)
    return died


def speak_for(loaded: Loaded, home: Home, module: str) -> type[ProcessKernel]:
    """A class that stands for a kernel's class loaded elsewhere, with its name, spec, doc and services."""
    # Kernel's own helpers (count, publish, log...) would hide services of the same name.
    helpers = {name for name in dir(Kernel) if not name.startswith("_")} - HOOKS
    members: dict[str, Any] = {name: _service(name) for name in helpers}
    if loaded.drains:  # its own method, so that the supervisor sees that there is something to wait for
        members["drain"] = _drain
    members |= {"spec": loaded.spec, "home": home, "__doc__": loaded.doc, "__module__": module}
    return type(loaded.title, (ProcessKernel,), members)


async def _drain(self: ProcessKernel) -> None:
    await self._ask("drain")


def _service(name: str) -> property:
    return property(lambda self: ProcessKernel.__getattr__(self, name))
