"""One run of a kernel as its life looks after it: begin its body, take changed code, end it, and let no body linger."""

import asyncio
from collections.abc import Callable, Iterable

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.context import KernelContext
from grace_tui.runtime.supervisor import needs
from grace_tui.runtime.supervisor.body import Body, Ended, Failed, Outcome
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.failures import KernelStuck, StartTimeout, leaf
from grace_tui.runtime.supervisor.gate import Gate
from grace_tui.runtime.supervisor.loading import read
from grace_tui.runtime.supervisor.needs import Family
from grace_tui.runtime.supervisor.parts import (
    Parts,
    break_off,
    drains,
    end,
    keep_state,
    move,
    publish_failure,
    tell,
    text_of,
)

STUCK_GRACE = 2.0
"""Seconds after the stop deadline before a task that ignores its cancellation is left behind."""


class Run:
    """Made once for each child; `once` is one run."""

    def __init__(self, child: Child, family: Family, parts: Parts, context: Callable[[Child], KernelContext]) -> None:
        self.child, self.family, self.parts, self.context = child, family, parts, context
        self.outcomes: list[Outcome] = []
        """The present body's, once it has ended."""
        self.left_behind: set[asyncio.Task[None]] = set()
        """Bodies that ignored their cancellation; held here because asyncio alone would not keep them."""

    async def once(self) -> Outcome:
        """Run the child's code until it ends, whoever ends it."""
        child = self.child
        if child.code is None:
            raise AssertionError(f"{child.name} has no code to run")
        self._begin()
        kind, context = child.code.kind, self.context(child)
        outcomes = self.outcomes = []
        # Not in the task group: one body that ignores its cancellation would keep the whole group from ending.
        task = child.task = asyncio.create_task(
            self._live(Body(child, kind, context, self.parts.clock, self._ready), outcomes),
            name=f"kernel:{child.name}",
            context=child.gate.context(),
        )
        if child.watchers:  # its body runs: what some ask of it
            child.tell_moved()
        try:
            below = await self._until_over(kind)
        finally:
            if not outcomes:
                self._leave(task)
        outcome = self._settle(context, kind)
        await self._end_all(below)
        return outcome

    async def end_partners(self) -> None:
        """After a failure: end those that restart with this kernel; they wait for it, and start in order again."""
        child = self.child
        partners = needs.restarts_with(child, self.family, strategy=True)
        self._announce(partners)
        child.waits_for = tuple(sorted(name for name in partners if self.family[name].scope is not None))
        if child.waits_for:
            child.detail = f"waits for the end of {', '.join(child.waits_for)}"
            await self._end_all(partners)
            child.waits_for = ()

    # ---- the beginning

    def _begin(self) -> None:
        child = self.child
        if child.state != "starting":
            move(self.parts, child, "starting", "starting")
        child.ending = child.carries = ""
        child.due = False
        child.hung, child.waits_for, child.detail = None, (), "starting"
        child.restarts += 1
        child.running_since = None
        child.last_beat = self.parts.clock.monotonic()
        child.gate = Gate()

    async def _live(self, body: Body, outcomes: list[Outcome]) -> None:
        outcomes.append(await body.live())
        self.child.poke()

    def _ready(self) -> None:
        child = self.child
        if child.ending:
            return
        if child.stale:  # its file changed during the start
            child.poke()
        child.running_since = self.parts.clock.monotonic()
        child.error = child.detail = ""
        tell(self.parts, child, running="probe passed")
        self.parts.bus.close_parked(child.name)

    # ---- until the end

    async def _until_over(self, kind: type[Kernel]) -> set[str]:
        """Wait for the body's end; returns the partners that are to end after it."""
        child, clock, spec = self.child, self.parts.clock, kind.spec
        must_be_ready = clock.monotonic() + 2 * spec.start_timeout + STUCK_GRACE
        while not self.outcomes:
            child.bell.clear()
            if child.stale and not child.ending and child.instance is not None:
                await self._take_new_code()
            left = None if child.was_ready else must_be_ready - clock.monotonic()
            if left is not None and left <= 0 and not child.ending:
                break_off(child, StartTimeout(child.name, child.phase, spec.start_timeout))
            if child.ending:
                below = await self._wind_down()
                await self._wait(lambda: bool(self.outcomes), 2 * spec.stop_timeout + STUCK_GRACE)
                return below
            await child.bell.wait(clock, left)
        return set()

    async def _take_new_code(self) -> None:
        """Load the changed file while the old instance serves, and end that one only if the new code loads."""
        child = self.child
        child.stale = False
        found = await read(child, self.parts)
        if isinstance(found, BaseException):
            child.detail = f"runs its last good version; the file on disk does not load: {text_of(found)}"
            publish_failure(self.parts, child, Failed("load", found))
            child.tell_moved()
        elif found and not child.ending:
            child.carries = "follows" if needs.restarts_with(child, self.family, strategy=False) else ""
            end(self.parts, child, "restart")

    async def _wind_down(self) -> set[str]:
        """Cancel a body that was asked to end, once the partners that depend on it ended and it had its chance."""
        child, scope = self.child, self.child.scope
        if child.ending not in ("stop", "restart") or scope is None or scope.cancel_called:
            return set()
        partners = set[str]()
        if child.carries:
            partners = needs.restarts_with(child, self.family, strategy=child.carries == "strategy")
        above = partners & needs.dependents((child.name,), self.family) if partners else partners
        self._announce(partners)
        await self._end_all(above)
        if drains(child):
            await self._drain(child.spec.stop_timeout)
        keep_state(self.parts, child)
        scope.cancel()
        return partners - above

    async def _drain(self, limit: float) -> None:
        """Let the kernel finish what it began."""
        child, ended = self.child, list[BaseException | None]()

        async def drain(kernel: Kernel) -> None:
            try:
                await kernel.drain()
                ended.append(None)
            except BaseException as error:  # part of the crash boundary
                ended.append(error)
            finally:
                child.poke()

        if child.instance is None:
            return
        context = child.gate.context()
        task = asyncio.create_task(drain(child.instance), name=f"drain:{child.name}", context=context)
        await self._wait(lambda: bool(ended or self.outcomes), limit)
        if not ended:
            self._leave(task)
        elif ended[0] is not None:
            publish_failure(self.parts, child, Failed("stop", leaf(ended[0])))

    # ---- the end

    def _settle(self, context: KernelContext, kind: type[Kernel]) -> Outcome:
        """What is left of a body is put away: its mail waits for the next one, its gate stands open."""
        child = self.child
        child.gate.open()
        if not self.outcomes:
            _disown(child, context)
            outcome: Outcome = Failed("stop", KernelStuck(child.name, kind.spec.stop_timeout))
        else:
            outcome = self.outcomes[0]
            if child.wanted and outcome != Ended("finished"):
                for box in context.subscriptions:
                    self.parts.bus.park(box)
                context.subscriptions.clear()
            context.close()
        if child.watchers:
            child.tell_moved()
        return outcome

    def _leave(self, task: "asyncio.Task[None]") -> None:
        task.cancel()
        self.left_behind.add(task)
        task.add_done_callback(self.left_behind.discard)

    def _announce(self, names: Iterable[str]) -> None:
        """Let nobody start again on one that is about to end."""
        for name in names:
            self.family[name].due = self.family[name].scope is not None

    async def _end_all(self, names: Iterable[str]) -> None:
        for wave in needs.waves(names, self.family) if names else ():
            others = [self.family[name] for name in wave if self.family[name].scope is not None]
            for other in others:
                end(self.parts, other, "restart")
            for other in others:
                await self._gone(other)

    async def _gone(self, other: Child) -> None:
        """Wait for the end of another kernel's body, that its own life sees to."""
        scope = other.scope
        other.watchers.add(self.child)
        try:
            await self._wait(
                lambda: other.scope is None or other.scope is not scope, 4 * other.spec.stop_timeout + STUCK_GRACE
            )
        finally:
            other.watchers.discard(self.child)

    async def _wait(self, over: Callable[[], bool], seconds: float) -> None:
        """Wait until `over`, looked at whenever the bell rings, and at most `seconds`."""
        bell, clock = self.child.bell, self.parts.clock
        deadline = clock.monotonic() + seconds
        while not over() and (left := deadline - clock.monotonic()) > 0:
            bell.clear()
            await bell.wait(clock, left)


def _disown(child: Child, context: KernelContext) -> None:
    """Part a child from a body that does not end, so that it cannot speak for the next one."""
    child.instance = child.scope = None
    context.close()
    context.beat, context.count = (lambda: None), (lambda units: None)
