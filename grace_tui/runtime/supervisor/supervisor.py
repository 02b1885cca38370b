"""Owner of every kernel's task: the commands, the handles between kernels, the watch over beats, the ordered stop.

Runs on the supervisor loop; what happens is published on the bus, commands are method calls on the same loop.
"""

import asyncio
import dataclasses
import functools
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

import anyio
import msgspec
from anyio.abc import TaskGroup

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.errors import GraceError, ProviderDown
from grace_tui.kernel.records import KernelRecord, Vitals
from grace_tui.kernel.spelling import nearest
from grace_tui.runtime.hosts.source import TaskSource
from grace_tui.runtime.supervisor import needs, report
from grace_tui.runtime.supervisor.body import Failed
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.failures import KernelHung
from grace_tui.runtime.supervisor.gate import gating, ungated
from grace_tui.runtime.supervisor.granting import grant
from grace_tui.runtime.supervisor.life import Life
from grace_tui.runtime.supervisor.parts import Parts, break_off, end, move, publish_failure, save, text_of
from grace_tui.runtime.supervisor.place import waits_at
from grace_tui.runtime.supervisor.run import STUCK_GRACE
from grace_tui.runtime.supervisor.states import DOWN
from grace_tui.runtime.supervisor.timing import Limit

HANDLE_WAIT = 5.0
"""Seconds a call through a handle waits for a provider that is starting."""

CLOSING = "the room is closing"


class Supervisor:
    """Made by `open_supervisor`."""

    def __init__(self, tasks: TaskGroup, parts: Parts) -> None:
        self.tasks, self.parts = tasks, parts
        self.children: dict[str, Child] = {}
        self.abandoned = False
        """Set by whoever gives this loop up: every task of it was cancelled, and ends as it comes."""
        # Imports hold one another's locks and the interpreter's: side by side they only delay the screen.
        turns = anyio.CapacityLimiter(1)
        self._source = parts.source or (lambda name: TaskSource(parts.loader, turns))

    def add(self, name: str, path: str, *, wanted: bool = True) -> Child:
        """Take a kernel in and begin its life; `path` is relative to the workspace."""
        now = self.parts.clock.monotonic()
        settings = self.parts.settings.get(name, {})
        log, source = self.parts.open_log(name), self._source(name)
        child = Child(name, path, log, settings, now, source, since_at=self.parts.clock.time(), wanted=wanted)
        self.children[name] = child
        for other in self.children.values():
            if name in other.waits_for:
                other.poke()
        life = Life(child, self.children, self.parts, lambda child: grant(child, self.parts, self.resolve))
        ungated().run(functools.partial(self.tasks.start_soon, life.live, name=f"life:{name}"))
        return child

    async def open_doors(self, may_load: anyio.Event) -> None:
        """Let the kernels load once the first screen is there."""
        await may_load.wait()
        for child in self.children.values():
            child.poke()

    def start(self, name: str) -> None:
        """Let a kernel run again: from stopped, failed, backing off or quarantine; its budget starts afresh."""
        child = self.child(name)
        if child.wanted and child.state in ("running", "paused", "starting"):
            raise GraceError(f"{name} is already {child.state}")
        self._try_again(child)

    def stop(self, name: str, reason: str = "asked to stop") -> None:
        """Stop a kernel; it stays stopped until `start`. Wins over a restart that is under way."""
        child = self.child(name)
        child.wanted = False
        child.detail = reason
        if child.loading is not None:
            child.loading.cancel()
        end(self.parts, child, "stop")
        child.poke()

    async def remove(self, name: str, reason: str) -> None:
        """Stop a kernel and, once it has stopped, forget it.

        Raises:
            GraceError: somebody started it meanwhile, or it does not end.
        """
        child = self.child(name)
        self.stop(name, reason)
        await self._until_stopped(child, lambda: child.wanted)
        if child.wanted or child.scope is not None:
            raise GraceError(f"{name} is {child.state}; it was to be stopped and taken out")
        child.gone = True
        child.poke()
        if self.children.get(name) is child:
            del self.children[name]
        child.tell_moved()
        self.parts.changed()

    def restart(self, name: str) -> None:
        """Stop and start a kernel, reading its file again; those that restart with it do so in order."""
        child = self.child(name)
        if child.scope is not None and not child.ending:
            child.carries = "strategy" if needs.restarts_with(child, self.children, strategy=True) else ""
            end(self.parts, child, "restart")
        self._try_again(child)

    def pause(self, name: str, reason: str = "paused") -> None:
        """Hold every task of a running kernel where it next waits; its beats are excused."""
        child = self.child(name)
        if child.state != "running" or child.ending:
            state = "ending" if child.ending else child.state
            raise GraceError(f"{name} is {state}; only a running kernel can be paused")
        child.gate.close()
        child.held = reason
        move(self.parts, child, "paused", reason)
        self._hook(child, "paused")

    def resume(self, name: str) -> None:
        """Let a paused kernel go on."""
        child = self.child(name)
        if child.state != "paused":
            raise GraceError(f"{name} is {child.state}; only a paused kernel can be resumed")
        child.last_beat = self.parts.clock.monotonic()
        child.gate.open()
        move(self.parts, child, "running", "resumed")
        self._hook(child, "resumed")

    def note_block(self, name: str) -> None:
        """Count that a kernel held this loop."""
        self.child(name).blocks += 1

    def quarantine(self, name: str, reason: str) -> None:
        """Take a kernel down for what it did; it waits for a changed file or for `start`."""
        child = self.child(name)
        child.barred = reason
        break_off(child, GraceError(reason))
        child.poke()

    def child(self, name: str) -> Child:
        """Return a kernel by name, or raise with the names there are."""
        if name in self.children:
            return self.children[name]
        raise GraceError(f"there is no kernel {name!r}; {nearest(name, sorted(self.children))}")

    def files_changed(self, paths: Iterable[str]) -> list[str]:
        """Take note of changed workspace files; returns the kernels that will be tried again."""
        changed = set(paths)
        self.parts.loader.invalidate(changed)
        for name, path in self.parts.loader.names().items():
            if name in self.children:
                self.children[name].path = path
            else:
                self.add(name, path)
        touched = {child for child in self.children.values() if self._made_from(child, changed)}
        # A kernel that is down may have been waiting for exactly this change, in whichever file it was; one that is
        # being loaded may have read the file just before.
        down = {child for child in self.children.values() if child.wanted and self._may_be_mended(child)}
        for child in touched | down:
            child.stale = True
            if child.state in DOWN:
                _forgive(child)
            child.poke()
        return sorted(child.name for child in touched | down)

    def records(self) -> tuple[KernelRecord, ...]:
        """Every kernel in boot order."""
        return report.records(self.children, self.parts.policy, self.parts.clock)

    def record(self, name: str) -> KernelRecord:
        """One kernel, without what only the others know of it."""
        return report.record(self.child(name), self.parts.policy, self.parts.clock.monotonic())

    async def wait_running(self, name: str, within: float) -> bool:
        """Wait until a kernel is RUNNING; False where that takes longer."""
        child = self.child(name)
        with Limit(self.parts.clock, within):
            while child.state != "running" or child.ending:
                await child.moved.wait()
        return child.state == "running" and not child.ending

    async def resolve(self, consumer: str, provider: str) -> object:
        """Return the provider's running instance, waiting a little while it is starting or paused.

        Raises:
            ProviderDown: it is not running.
        """
        child = self.children.get(provider)
        if child is None:
            raise ProviderDown(consumer, provider, "not in this workspace")
        if child.wanted and child.state not in DOWN and not _serves(child):
            await self._wait_serving(child)
        if not _serves(child):
            raise ProviderDown(consumer, provider, child.state)
        return child.instance

    def second(self) -> None:
        """Once a second: close the work counts, ask for summaries, look for kernels that no longer beat."""
        now = self.parts.clock.monotonic()
        for child in self.children.values():
            child.second()
            if child.instance is not None and child.state in ("running", "paused"):
                self._ask(child, child.instance)
                self._check_beat(child, now)
            else:
                child.vitals = None

    def save_states(self) -> None:
        """Keep the state of every running kernel, in case the process is killed."""
        for child in self.children.values():
            save(self.parts, child)

    async def stop_all(self) -> None:
        """Stop every kernel, each as soon as all that depend on it have stopped, within its deadlines."""
        if self.abandoned:
            return
        for child in self.children.values():  # from here on none begins again
            child.wanted, child.detail = False, CLOSING
            child.poke()
        gone = {name: asyncio.Event() for name in self.children}
        async with anyio.create_task_group() as tasks:
            first = set[str]()
            for wave in needs.waves(self.children, self.children):
                for name in wave:
                    dependents = first & needs.dependents((name,), self.children)
                    tasks.start_soon(self._stop_in_turn, self.children[name], dependents, gone)
                first.update(wave)

    async def _stop_in_turn(self, child: Child, dependents: set[str], gone: Mapping[str, asyncio.Event]) -> None:
        for dependent in dependents:
            await gone[dependent].wait()
        if not child.gone:
            self.stop(child.name, CLOSING)
            await self._until_stopped(child)
        gone[child.name].set()

    async def _until_stopped(self, child: Child, unless: Callable[[], bool] = lambda: False) -> None:
        with Limit(self.parts.clock, 4 * child.spec.stop_timeout + STUCK_GRACE + 1):
            while child.state not in ("stopped", "completed") and not unless():
                await child.moved.wait()

    def _try_again(self, child: Child) -> None:
        child.wanted, child.stale = True, True
        _forgive(child)
        child.poke()

    def _may_be_mended(self, child: Child) -> bool:
        """Whether a change anywhere could be what it waits for; a temporary kernel is not begun again for that."""
        if child.state == "failed" and child.code is not None and child.spec.restart == "temporary":
            return False
        return child.state in DOWN or child.loading is not None

    def _made_from(self, child: Child, changed: set[str]) -> bool:
        return child.path in changed or (child.code is not None and bool(changed & child.code.files))

    async def _wait_serving(self, child: Child) -> None:
        with Limit(self.parts.clock, HANDLE_WAIT):
            while not _serves(child) and child.state not in DOWN:
                await child.moved.wait()

    def _hook(self, child: Child, name: str) -> None:
        if child.instance is None:  # it just ended by itself
            return
        try:
            getattr(child.instance, name)()
        except BaseException as error:  # kernel code: it is paused or goes on all the same
            publish_failure(self.parts, child, Failed(name, error))

    def _ask(self, child: Child, kernel: Kernel) -> None:
        try:
            child.summary, child.vitals = str(kernel.summary()), vitals_of(kernel)
        except BaseException as error:  # kernel code: what it could not say is shown in its place
            child.summary, child.vitals = f"could not say how it is: {text_of(error)}", None

    def _check_beat(self, child: Child, now: float) -> None:
        limit = child.spec.heartbeat_timeout
        age = now - (child.last_beat or now)
        if child.state == "running" and age > limit:
            hung = KernelHung(child.name, age, limit)
            if child.task is not None and child.source.isolation == "task":  # another host's kernel is not on this loop
                hung.__traceback__ = waits_at(child.task)
            break_off(child, hung)


@asynccontextmanager
async def open_supervisor(parts: Parts) -> AsyncIterator[Supervisor]:
    """Run a supervisor; leaving the context stops every kernel in order."""
    with gating(asyncio.get_running_loop()):
        async with anyio.create_task_group() as tasks:
            supervisor = Supervisor(tasks, parts)
            if parts.may_load is not None:
                tasks.start_soon(supervisor.open_doors, parts.may_load)
            try:
                yield supervisor
            finally:
                with anyio.CancelScope(shield=True):
                    await supervisor.stop_all()
                tasks.cancel_scope.cancel()


def vitals_of(kernel: Kernel) -> Vitals | None:
    """What a kernel says of its processes; every screen takes it for what it should be."""
    return None if (vitals := kernel.vitals()) is None else msgspec.convert(dataclasses.asdict(vitals), Vitals)


def _serves(child: Child) -> bool:
    return child.instance is not None and child.state == "running"


def _forgive(child: Child) -> None:
    """A kernel that is tried again for a reason has its whole budget."""
    child.crashes.clear()
    child.streak, child.barred = 0, ""
