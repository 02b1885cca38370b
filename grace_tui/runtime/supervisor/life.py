"""The life of one kernel, from the first start to the last stop: wait for providers, load, run, restart or give up.

Invariant: the bell is cleared before the child's wishes are read, so that a change between the two is never missed.
"""

import random
from collections.abc import Callable

from grace_tui.kernel.context import KernelContext
from grace_tui.runtime.supervisor import needs
from grace_tui.runtime.supervisor.body import Failed, Outcome
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.loading import read
from grace_tui.runtime.supervisor.needs import Family
from grace_tui.runtime.supervisor.parts import Parts, fail, move, note_end, publish_failure, tell
from grace_tui.runtime.supervisor.policy import Quarantine, Restart, decide
from grace_tui.runtime.supervisor.run import Run
from grace_tui.runtime.supervisor.states import DOWN

ORDER_WAIT = 10.0
"""Seconds a kernel waits for one it only starts `after`."""
AT_ONCE = Restart(after=0.0)


class Life:
    """Drives one child; `family` is every child of the supervisor, `context` makes a context for this one."""

    def __init__(self, child: Child, family: Family, parts: Parts, context: Callable[[Child], KernelContext]) -> None:
        self.child, self.family, self.parts = child, family, parts
        self.run = Run(child, family, parts, context)

    async def live(self) -> None:
        """Until it is taken out; a defect of ours is published as a failure of this kernel and spares the others."""
        while not self.child.gone:
            try:
                await self._turn()
            except Exception as error:
                publish_failure(self.parts, self.child, Failed("supervisor", error))
                await self.parts.clock.sleep(1.0)

    async def _turn(self) -> None:
        child = self.child
        child.bell.clear()
        if not child.wanted:
            tell(self.parts, child)
            child.waits_for = ()
            if child.state not in ("stopped", "completed"):
                move(self.parts, child, "stopped", child.detail or "stopped")
            self.parts.bus.close_parked(child.name)
            await child.bell.wait(self.parts.clock)
        elif child.barred:
            await self._quarantine(child.barred)
        elif await self._providers_ready() and await self._load():
            await self._conclude(await self.run.once())

    async def _conclude(self, outcome: Outcome) -> None:
        child = self.child
        if isinstance(outcome, Failed):
            await self._after_failure(outcome)
        elif outcome.reason == "finished":
            note_end(self.parts, child, "finished")
            child.wanted, child.detail = False, "finished"
            move(self.parts, child, "completed", "finished")
        else:
            note_end(self.parts, child, child.detail if not child.wanted else f"ended to {outcome.reason}")

    # ---- before the run

    async def _providers_ready(self) -> bool:
        """Wait for the kernels this one needs; False once it is not wanted any more."""
        child, clock = self.child, self.parts.clock
        if not child.spec.requires and not child.spec.after and self._doors_open():
            return child.wanted
        deadline = clock.monotonic() + ORDER_WAIT
        while child.wanted:
            child.bell.clear()
            if not self._doors_open():
                await child.bell.wait(clock)
                continue
            spec = child.spec
            missing = [name for name in spec.requires if not needs.is_met(spec, self.family.get(name), name)]
            if missing and (circle := needs.cycle_through(child.name, self.family)):
                if child.stale:  # what it requires may be another thing by now
                    return True
                if all(self.family[name].is_read for name in circle):
                    await self._refuse(needs.RequiresCycle(circle))
                    return False
            left = deadline - clock.monotonic()
            unsettled = [name for name in spec.after if left > 0 and self._is_unsettled(name)]
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
        found = await read(child, self.parts)
        if isinstance(found, BaseException):
            await self._refuse(found)
            return False
        return found and await self._providers_ready() and not child.stale

    async def _refuse(self, error: BaseException) -> None:
        """A kernel that cannot even be begun waits for a changed file or a person."""
        child = self.child
        if child.state != "starting":
            move(self.parts, child, "starting", "loading")
        child.waits_for = ()
        fail(self.parts, child, Failed("load", error))
        tell(self.parts, child)
        child.detail = "waits for a file to change"
        await self._standstill()

    def _doors_open(self) -> bool:
        return self.parts.may_load is None or self.parts.may_load.is_set()

    def _awaited(self, name: str) -> str:
        """A kernel that is waited for, and whether there is little to wait for."""
        other = self.family.get(name)
        if other is None:
            return name
        given_up = other.state in ("failed", "quarantined") or (other.state == "stopped" and not other.wanted)
        return f"{name}, which is {other.state}" if given_up else name

    def _show_waiting(self) -> None:
        child = self.child
        child.detail = f"waits for {', '.join(map(self._awaited, child.waits_for))}"
        if child.state in DOWN:
            move(self.parts, child, "starting", child.detail)
        elif child.state not in ("starting", "stopped"):
            move(self.parts, child, "stopped", child.detail)

    def _is_unsettled(self, name: str) -> bool:
        other = self.family.get(name)
        return other is not None and other.wanted and other.state in ("stopped", "starting")

    async def _any_moves(self, names: tuple[str, ...], seconds: float | None) -> None:
        others = [self.family[name] for name in names if name in self.family]
        for other in others:
            other.watchers.add(self.child)
        try:
            await self.child.bell.wait(self.parts.clock, seconds)
        finally:
            for other in others:
                other.watchers.discard(self.child)

    # ---- after the run

    async def _after_failure(self, failed: Failed) -> None:
        """Restart at once, later, or not at all; those that restart together with it end before it does."""
        child, now = self.child, self.parts.clock.monotonic()
        decision = self._decide(now)
        fail(self.parts, child, failed)
        child.bell.clear()
        if not child.wanted:
            return
        if decision != AT_ONCE or child.spec.restart == "temporary":
            tell(self.parts, child)
        if not child.stale:
            if child.spec.restart == "temporary":
                child.detail = f"{child.detail}; a temporary kernel is not restarted"
                self.parts.bus.close_parked(child.name)
                await self._standstill()
            elif isinstance(decision, Quarantine):
                await self._quarantine(decision.reason)
            elif decision.after > 0:
                await self._back_off(now, decision.after)
        if child.wanted:
            await self.run.end_partners()

    def _decide(self, now: float) -> Restart | Quarantine:
        child, policy = self.child, self.parts.policy.of(self.child.spec)
        if child.running_since is not None and now - child.running_since >= policy.healthy_after:
            child.streak = 0
        child.streak += 1
        child.crashes.append(now)
        while now - child.crashes[0] > policy.period:
            child.crashes.popleft()
        if child.barred:
            return Quarantine(child.barred)
        return decide(policy, len(child.crashes), child.streak, was_ready=child.was_ready, chance=random.random())

    async def _quarantine(self, reason: str) -> None:
        child = self.child
        child.detail = f"quarantined after {reason}: waits for a changed file or for start"
        move(self.parts, child, "quarantined", reason)
        self.parts.bus.close_parked(child.name)
        await self._standstill()

    async def _back_off(self, now: float, seconds: float) -> None:
        child, clock = self.child, self.parts.clock
        move(self.parts, child, "backing_off", f"next try in {seconds:.1f} s")
        child.next_try = now + seconds
        while child.wanted and not child.stale and (left := child.next_try - clock.monotonic()) > 0:
            child.bell.clear()
            await child.bell.wait(clock, left)
        child.next_try = None

    async def _standstill(self) -> None:
        """Wait for a person, or for a change on disk."""
        child = self.child
        while child.wanted and not child.stale:
            child.bell.clear()
            await child.bell.wait(self.parts.clock)
