"""The base class of every kernel, and the two loops a kernel lives in: a feed of messages and a pace of time.

Both loops beat at every turn and at least once in a beat interval.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast, overload

from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.events import Event
from grace_tui.kernel.handle import Handle
from grace_tui.kernel.ports import LogPort, Overflow, Subscription
from grace_tui.kernel.records import PRIORITY_NORMAL, Message, Vitals
from grace_tui.kernel.spec import KernelSpec

E = TypeVar("E")


class Feed(Generic[E]):
    """An endless async iterator over a mailbox, open from the moment it is made."""

    def __init__(self, context: KernelContext, interval: float, box: Subscription, unwrap: bool) -> None:
        self.context = context
        self.interval = interval
        self.box = box
        self.unwrap = unwrap

    def __aiter__(self) -> "Feed[E]":
        return self

    async def __anext__(self) -> E:
        context = self.context
        while True:
            context.beat()
            message = await self.box.receive(self.interval)
            if message is not None:
                context.beat()
                return cast(E, message.payload if self.unwrap else message)


class Kernel:
    """One supervised service. Subclass it once in a file under `kernels/`; the file's name is the kernel's name."""

    spec: ClassVar[KernelSpec] = KernelSpec()

    def __init__(self, context: KernelContext) -> None:
        self.context = context
        self.name = context.name

    # ---- what a kernel may define, in the order the supervisor calls it

    async def start(self) -> None:
        """Get ready: open what is needed, ask providers. Raising means the start failed."""

    async def run(self) -> None:
        """Work until cancelled. Returning is an end; raising is a crash."""
        async for _ in self.every(self.spec.beat_interval):
            pass

    async def probe(self) -> None:
        """Exercise the kernel's real function while `run` is going; raising means it is not ready."""

    async def drain(self) -> None:
        """Finish what was begun: called before `run` is cancelled for a stop or a restart, within `stop_timeout`."""

    async def stop(self) -> None:
        """Let go of what `start` opened. Called after `run` has ended, within `stop_timeout`."""

    def save_state(self) -> Mapping[str, object]:
        """What the next instance needs in `saved_state`; plain JSON values."""
        return {}

    def paused(self) -> None:
        """The kernel was paused: its tasks stand still where they wait, by themselves; stop here what else works."""

    def resumed(self) -> None:
        """The kernel goes on."""

    async def clear_caches(self) -> str:
        """Let go of what is kept only to be faster, for memory is short. Returns what went, in a few words."""
        return ""

    async def rebuild_index(self) -> str:
        """Make an index anew from what it was made of. Returns what was made, in a few words; empty: there is none."""
        return ""

    def vitals(self) -> Vitals | None:
        """What the kernel's own processes use; None where it has none."""
        return None

    def summary(self) -> str:
        """A few measured words for the kernel's tile, such as `3 keys`."""
        return ""

    # ---- what a kernel may use

    @property
    def log(self) -> LogPort:
        return self.context.log

    @property
    def settings(self) -> Mapping[str, object]:
        """The `[kernels.NAME]` table of grace.toml."""
        return self.context.settings

    @property
    def saved_state(self) -> Mapping[str, Any]:
        """What the last instance returned from `save_state`; empty at the very first start."""
        return self.context.saved_state

    def kernel(self, name: str) -> Handle:
        """Return a handle to another kernel."""
        return Handle(name, self.context.resolve, consumer=self.name, took=self.context.took)

    def publish(self, event: Event, priority: int = PRIORITY_NORMAL) -> int:
        """Publish a fact on its own topic; returns how many mailboxes got it."""
        return self.context.bus.publish(event.topic, event, source=self.name, priority=priority)

    @overload
    def subscribe(self, what: str, *, capacity: int = 1024, overflow: Overflow = "drop_oldest") -> Feed[Message]: ...

    @overload
    def subscribe(self, what: type[E], *, capacity: int = 1024, overflow: Overflow = "drop_oldest") -> Feed[E]: ...

    def subscribe(
        self, what: str | type[E], *, capacity: int = 1024, overflow: Overflow = "drop_oldest"
    ) -> Feed[Message] | Feed[E]:
        """Open a feed: of messages for a topic pattern, of events for an event class."""
        pattern = what if isinstance(what, str) else cast(type[Event], what).topic
        box = self.context.bus.subscribe(self.name, pattern, capacity=capacity, overflow=overflow)
        self.context.subscriptions.append(box)
        return Feed(self.context, self.spec.beat_interval, box, unwrap=not isinstance(what, str))

    async def every(self, seconds: float) -> AsyncIterator[float]:
        """Yield the monotonic time at once and then every `seconds`; late turns are skipped, not piled up."""
        clock = self.context.clock
        due = clock.monotonic()
        while True:
            yield clock.monotonic()
            due = max(due + seconds, clock.monotonic())
            if due <= clock.monotonic():  # a kernel that is always late still gives the others their turn
                await asyncio.sleep(0)
            while (left := due - clock.monotonic()) > 0:
                await self.sleep(min(left, self.spec.beat_interval))
            self.beat()

    async def sleep(self, seconds: float) -> None:
        """Sleep at most one beat interval's worth at a time, beating."""
        clock = self.context.clock
        until = clock.monotonic() + seconds
        while (left := until - clock.monotonic()) > 0:
            self.beat()
            await clock.sleep(min(left, self.spec.beat_interval))

    def beat(self) -> None:
        """Say that this kernel is alive; only its own task may say so."""
        self.context.beat()

    def count(self, units: int = 1) -> None:
        """Count work done: the tile's rate and spark line."""
        self.context.count(units)


def kernel_class(namespace: Mapping[str, object], module: str) -> type[Kernel]:
    """Find the one Kernel subclass that `module` defines.

    Raises:
        TypeError: there is none, or there are several.
    """
    found = list(
        dict.fromkeys(  # a class may have a second name in its module
            value
            for value in namespace.values()
            if isinstance(value, type) and issubclass(value, Kernel) and value.__module__ == module
        )
    )
    if len(found) != 1:
        names = ", ".join(sorted(value.__name__ for value in found)) or "none"
        raise TypeError(f"{module} must define exactly one Kernel subclass; found {names}")
    return found[0]
