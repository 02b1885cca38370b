"""The life of one kernel, from the first start to the last stop: wait for providers, load, run, restart or give up.

Invariant: `wake` is renewed before the child's wishes are read, so that a change between the two is never missed.
"""

import asyncio
import dataclasses
import random
from collections.abc import Callable, Mapping
from typing import Any

import anyio
from anyio.abc import TaskGroup

from grace_tui.kernel.context import KernelContext
from grace_tui.runtime.reload.loader import LoadedKernel
from grace_tui.runtime.supervisor.body import Failed, Outcome, run_body
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.failures import KernelStuck
from grace_tui.runtime.supervisor.parts import Parts, end, fail, move, publish_failure, release, text_of
from grace_tui.runtime.supervisor.policy import Quarantine, decide
from grace_tui.runtime.supervisor.states import DOWN

ORDER_WAIT = 10.0
"""Seconds a kernel waits for one it only starts `after`."""
STUCK_GRACE = 2.0
"""Seconds after the stop deadline before a task that ignores its cancellation is left behind."""


class Life:
    """Drives one child; `family` is every child of the supervisor, `context` makes a context for this one."""

    def __init__(
        self,
        child: Child,
        family: Mapping[str, Child],
        parts: Parts,
        tasks: TaskGroup,
        context: Callable[[Child], KernelContext],
    ) -> None:
        self.child, self.family, self.parts = child, family, parts
        self.tasks, self.context = tasks, context
        self.left_behind: set[asyncio.Task[None]] = set()
        """Bodies that ignored their cancellation; held here because asyncio alone would not keep them."""

    async def live(self) -> None:
        """Never returns; a defect of ours is published as a failure of this kernel and spares the others."""
        while True:
            try:
                await self._turn()
            except Exception as error:
                publish_failure(self.parts, self.child, Failed("supervisor", error))
                await self.parts.clock.sleep(1.0)

    async def _turn(self) -> None:
        child = self.child
        child.wake = anyio.Event()
        if not child.wanted:
            if child.state not in ("stopped", "completed"):
                move(self.parts, child, "stopped", child.detail or "stopped")
            await child.wake.wait()
        elif await self._providers_ready() and await self._load():
            outcome = await self._run()
            if isinstance(outcome, Failed):
                await self._after_failure(outcome)
            elif outcome.reason == "finished":
                child.wanted, child.detail = False, "finished"
                move(self.parts, child, "completed", "finished")

    async def _providers_ready(self) -> bool:
        """Wait for the kernels this one needs; False once it is not wanted any more."""
        child, clock = self.child, self.parts.clock
        if self.parts.may_load is not None:
            await self.parts.may_load.wait()
        deadline = clock.monotonic() + ORDER_WAIT
        while child.wanted:
            child.wake = anyio.Event()
            missing = [name for name in child.spec.requires if not self._is_up(name)]
            left = deadline - clock.monotonic()
            unsettled = [name for name in child.spec.after if left > 0 and self._is_unsettled(name)]
            child.waits_for = (*missing, *unsettled)
            if not child.waits_for:
                return True
            self._show_waiting()
            await self._any_moves(child.waits_for, left if unsettled else None)
        return False

    async def _load(self) -> bool:
        """Read the kernel's file where it is new or changed; False where it cannot be used or its needs changed."""
        child = self.child
        if child.code is not None and not child.stale:
            return True
        if child.state != "starting":
            move(self.parts, child, "starting", "loading")
        child.phase, child.stale, child.detail = "load", False, "loading"
        try:
            child.code = await self._read()
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:  # part of the crash boundary: importing a kernel runs its code
            fail(self.parts, child, Failed("load", error))
            child.detail = "waits for a file to change"
            while child.wanted and not child.stale:
                await child.wake.wait()
                child.wake = anyio.Event()
            return False
        return await self._providers_ready() and not child.stale

    async def _read(self) -> LoadedKernel:
        name = self.child.name
        self.child.loading = True
        try:
            code = await self.child.source.load(name)
        finally:
            self.child.loading = False
        apply_overrides(code, self.parts.overrides.get(name, {}))
        return code

    async def _run(self) -> Outcome:
        child = self.child
        if child.code is None:
            raise AssertionError(f"{child.name} has no code to run")
        if child.state != "starting":
            move(self.parts, child, "starting", "starting")
        child.ending, child.hung, child.waits_for, child.detail = "", None, (), "starting"
        child.restarts += 1
        child.was_ready = False
        child.last_beat = self.parts.clock.monotonic()
        kind, context = child.code.kind, self.context(child)
        # Made before the body's first step, so that a stop in between reaches it.
        child.scope = anyio.CancelScope()
        done, outcomes = anyio.Event(), list[Outcome]()

        async def body() -> None:
            try:
                outcomes.append(await run_body(child, kind, context, self._ready))
            finally:
                done.set()

        # Not in the task group: one body that ignores its cancellation would keep the whole group from ending.
        task = asyncio.create_task(body(), name=f"kernel:{child.name}")
        try:
            await self._until(done, kind.spec.stop_timeout)
        finally:
            if not done.is_set():
                task.cancel()
                self.left_behind.add(task)
                task.add_done_callback(self.left_behind.discard)
        release(child)
        if outcomes:
            return outcomes[0]
        _disown(child, context)
        return Failed("stop", KernelStuck(child.name, kind.spec.stop_timeout))

    async def _until(self, done: anyio.Event, stop_timeout: float) -> None:
        """Wait for the body's end; take changed code; leave a task behind that ignores its cancellation."""
        child = self.child
        while not done.is_set():
            child.wake = anyio.Event()
            if child.stale and not child.ending and child.instance is not None:
                await self._take_new_code()
            if child.ending:
                release(child)
                with anyio.move_on_after(2 * stop_timeout + STUCK_GRACE):
                    await done.wait()
                return
            await _first(done, child.wake)

    async def _take_new_code(self) -> None:
        """Load the changed file while the old instance serves, and end that one only if the new code loads."""
        child = self.child
        child.stale = False
        try:
            child.code = await self._read()
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:  # part of the crash boundary: importing a kernel runs its code
            child.detail = f"runs its last good version; the file on disk does not load: {text_of(error)}"
            publish_failure(self.parts, child, Failed("load", error))
            child.tell_moved()
            return
        end(self.parts, child, "restart")

    async def _after_failure(self, failed: Failed) -> None:
        child, now = self.child, self.parts.clock.monotonic()
        child.crashes.append(now)
        fail(self.parts, child, failed)
        child.wake = anyio.Event()
        if child.code is not None and child.code.kind.spec.restart == "temporary":
            child.wanted, child.detail = False, f"temporary; {child.detail}"
        if not child.wanted or child.stale:
            return
        decision = decide(self.parts.policy, child.crashes, now, was_ready=child.was_ready, chance=random.random())
        if isinstance(decision, Quarantine):
            child.detail = f"quarantined after {decision.reason}: waits for a changed file or for start"
            move(self.parts, child, "quarantined", decision.reason)
            await child.wake.wait()
        elif decision.after > 0:
            move(self.parts, child, "backing_off", f"next try in {decision.after:.1f} s")
            child.next_try = now + decision.after
            with anyio.move_on_after(decision.after):
                await child.wake.wait()

    def _ready(self) -> None:
        child = self.child
        if child.ending:
            return
        if child.stale:  # its file changed during the start
            child.poke()
        child.was_ready = True
        child.error = child.detail = ""
        move(self.parts, child, "running", "probe passed")

    def _show_waiting(self) -> None:
        child = self.child
        child.detail = f"waits for {', '.join(child.waits_for)}"
        if child.state in DOWN:
            move(self.parts, child, "starting", child.detail)
        elif child.state not in ("starting", "stopped"):
            move(self.parts, child, "stopped", child.detail)

    def _is_up(self, name: str) -> bool:
        provider = self.family.get(name)
        return provider is not None and provider.state in ("running", "paused") and not provider.is_changing

    def _is_unsettled(self, name: str) -> bool:
        other = self.family.get(name)
        return other is not None and other.wanted and other.state in ("stopped", "starting")

    async def _any_moves(self, names: tuple[str, ...], within: float | None) -> None:
        others = [self.family[name].moved for name in names if name in self.family]
        with anyio.move_on_after(within):
            await _first(self.child.wake, *others)


def apply_overrides(code: LoadedKernel, overrides: Mapping[str, Any]) -> None:
    """Let the workspace's settings speak over a kernel's own spec; the class was made for this load alone."""
    if overrides:
        code.kind.spec = dataclasses.replace(code.kind.spec, **overrides)


def _disown(child: Child, context: KernelContext) -> None:
    """Part a child from a body that does not end, so that it cannot speak for the next one."""
    child.instance = child.scope = None
    context.close()
    context.beat, context.count = (lambda: None), (lambda units: None)


async def _first(*events: anyio.Event) -> None:
    """Wait for the first of several events."""

    async def cancel_when(event: anyio.Event) -> None:
        await event.wait()
        waiting.cancel_scope.cancel()

    async with anyio.create_task_group() as waiting:
        for event in events:
            waiting.start_soon(cancel_when, event)
