"""One run of one kernel: start, run and probe together, stop. Here stands the crash boundary.

Whatever a kernel raises ends here as an outcome; only the cancellation of the whole supervisor passes through.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import anyio

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.errors import GraceError
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.failures import KernelCancelled, KernelHung, KernelReturned, StartTimeout, leaf
from grace_tui.runtime.supervisor.timing import Limit, TimerClock


@dataclass(frozen=True, slots=True)
class Ended:
    """The body came to an end that was asked for, or that its restart type allows."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    phase: str
    error: BaseException


Outcome = Ended | Failed


class Body:
    """Made with its scope by the child's life, so that a stop before the first step reaches it."""

    def __init__(
        self, child: Child, kind: type[Kernel], context: KernelContext, clock: TimerClock, ready: Callable[[], None]
    ) -> None:
        self.child, self.kind, self.context, self.clock = child, kind, context, clock
        self.ready = ready
        """Called once the probe is green."""
        self.scope = child.scope = anyio.CancelScope()
        self.kernel: Kernel | None = None
        self.unproven: BaseException | None = None
        """What the probe raised."""

    async def live(self) -> Outcome:
        """Make an instance and run it until it ends."""
        child = self.child
        outcome = await self._guarded()
        if child.scope is self.scope:
            child.instance = None  # what has ended serves nobody, and has no state to save, while it lets go
            child.ending = child.ending or "over"
            child.poke()
        problem = await self._let_go()
        if child.scope is self.scope:  # a body that was left behind owns nothing of its child any more
            child.scope = None
        return problem if problem and isinstance(outcome, Ended) else outcome

    async def _guarded(self) -> Outcome:
        child, scope = self.child, self.scope
        if scope.cancel_called:  # stopped before its first step
            return Ended(child.ending)
        try:
            with scope:
                child.phase = "start"
                self.kernel = self.kind(self.context)
                await self._serve(self.kernel)
        except asyncio.CancelledError:
            if child.scope is not scope:  # left behind: nobody asks for its outcome any more
                raise
            return Failed(child.phase, KernelCancelled(child.name))
        except BaseException as error:  # the crash boundary: SystemExit and KeyboardInterrupt of a kernel end here too
            return self._unproven() or Failed(child.phase, leaf(error))
        return self._unproven() or self._ended()

    def _unproven(self) -> Failed | None:
        return None if self.unproven is None else Failed("probe", leaf(self.unproven))

    def _ended(self) -> Outcome:
        """Why `run` came to an end without an error of its own."""
        child = self.child
        if child.hung is not None:
            return Failed("heartbeat" if isinstance(child.hung, KernelHung) else child.phase, child.hung)
        if self.scope.cancel_called:
            return Ended(child.ending)
        if self.kind.spec.restart == "permanent":
            return Failed("run", KernelReturned(child.name))
        return Ended("finished")

    async def _serve(self, kernel: Kernel) -> None:
        child, limit = self.child, self.kind.spec.start_timeout
        with Limit(self.clock, limit) as starting:
            await kernel.start()
        if starting.expired:
            raise StartTimeout(child.name, "start", limit)
        if self.scope.cancel_called:  # `start` swallowed its cancellation; the child may belong to another by now
            return
        child.instance, child.phase = kernel, "run"
        proving = asyncio.create_task(self._prove(kernel), name=f"probe:{child.name}")
        try:
            await kernel.run()
        finally:
            if not proving.done():
                await self._drop(proving)

    async def _prove(self, kernel: Kernel) -> None:
        """Exercise the kernel; a failure is kept and ends the body."""
        limit = kernel.spec.start_timeout
        try:
            with Limit(self.clock, limit) as proving:
                await kernel.probe()
            if proving.expired:
                raise StartTimeout(self.child.name, "probe", limit)
        except asyncio.CancelledError:
            if _asked_to_end():
                raise
            self.unproven = KernelCancelled(self.child.name)
        except BaseException as error:  # part of the crash boundary
            self.unproven = error
        if self.child.scope is not self.scope:
            return
        if self.unproven is None:
            self.ready()
        else:
            self.child.ending = self.child.ending or "over"
            self.child.poke()
            self.scope.cancel()

    async def _drop(self, proving: "asyncio.Task[None]") -> None:
        """End a probe whose kernel has ended; one that ignores this is left behind."""
        proving.cancel()
        with anyio.CancelScope(shield=True), Limit(self.clock, self.kind.spec.stop_timeout):
            await asyncio.wait([proving])

    async def _let_go(self) -> Failed | None:
        """Call `stop` within its deadline, also while the kernel is being cancelled."""
        if self.kernel is None:
            return None
        limit = self.kind.spec.stop_timeout
        try:
            with Limit(self.clock, limit) as stopping:
                await self.kernel.stop()
        except BaseException as error:  # part of the crash boundary: a failing stop is a failure like any other
            return Failed("stop", leaf(error))
        if stopping.expired:
            return Failed("stop", GraceError(f"{self.child.name}.stop took longer than {limit:g} s"))
        return None


def _asked_to_end() -> bool:
    """Whether this task was really cancelled, rather than handed a CancelledError that a kernel raised by itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
