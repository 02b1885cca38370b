"""Five kernels that do as they are told, under a real supervisor, in a time that moves only when it is told to.

What they are told they do at their next beat. Whatever they see that must not be, they note in `World.wrongs`.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grace_tui.kernel import Kernel, KernelSpec
from grace_tui.kernel.testing import ManualClock
from grace_tui.runtime.reload.loader import LoadedKernel
from grace_tui.runtime.supervisor import RestartPolicy, needs
from tests.runtime.supervisor.bench import Bench, supervising

POLICY = RestartPolicy(intensity=3, period=30.0, base=0.5, factor=2.0, cap=4.0, jitter=0.0, healthy_after=12.0)
BEAT = 2.0
SPECS: Mapping[str, KernelSpec] = {
    "base": KernelSpec(heartbeat_timeout=6 * BEAT, stop_timeout=2.0, start_timeout=4.0, strategy="rest_for_one"),
    "store": KernelSpec(heartbeat_timeout=6 * BEAT, stop_timeout=2.0, requires=("base",), intensity=1, period=10.0),
    "user": KernelSpec(heartbeat_timeout=6 * BEAT, requires=("store",), follows=("store",), strategy="one_for_all"),
    "loner": KernelSpec(heartbeat_timeout=6 * BEAT, restart="transient"),
    "once": KernelSpec(
        heartbeat_timeout=6 * BEAT, restart="temporary", requires=("base",), conditions={"base": "started"}
    ),
}
DRAINS = "store"
DRAIN_SECONDS = 0.5
SETTLE_TURNS = 80


@dataclass
class World:
    clock: ManualClock = field(default_factory=ManualClock)
    orders: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in SPECS})
    broken: set[str] = field(default_factory=set)
    """Kernels whose file does not load."""
    turns: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPECS, 0))
    stops: list[str] = field(default_factory=list)
    """Kernels in the order in which their bodies stopped."""
    hangs: Counter[str] = field(default_factory=Counter)
    """How often each kernel began to hang, as it was told."""
    hanging: list[Kernel] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    bench: Bench | None = None

    def family(self) -> needs.Family:
        return self.bench.supervisor.children if self.bench else {}

    async def settle(self) -> None:
        for _ in range(SETTLE_TURNS):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        await self.settle()


class Told(Kernel):
    """What every kernel of the world is."""

    world: World
    left = False
    """Whether it ends of its own accord."""

    async def start(self) -> None:
        family = self.world.family()
        for name in self.spec.requires:
            asked = self.spec.conditions.get(name, "ready")
            # One that is asked to end in this very turn was still there when this kernel was begun.
            if not (family[name].state in needs.UP or (asked == "started" and family[name].state == "starting")):
                self.world.wrongs.append(f"{self.name} was started while {name} is {family[name].state}")

    async def run(self) -> None:
        turning = asyncio.create_task(self.turn(), name=f"turns:{self.name}")  # a part of it in a task of its own
        try:
            async for _ in self.every(BEAT):
                order = self.world.orders[self.name].pop(0) if self.world.orders[self.name] else ""
                self.left = order in ("crash", "finish")
                if order == "crash":
                    raise ValueError("told to crash")
                if order == "hang":
                    self.world.hangs[self.name] += 1
                    self.world.hanging.append(self)
                    await asyncio.Event().wait()
                if order == "finish":
                    return
        finally:
            turning.cancel()

    async def turn(self) -> None:
        while True:
            await self.context.clock.sleep(BEAT)
            self.world.turns[self.name] += 1

    async def drain(self) -> None:
        if self.name == DRAINS:
            await self.context.clock.sleep(DRAIN_SECONDS)

    async def stop(self) -> None:
        self.world.stops.append(self.name)
        family = self.world.family()
        child = family[self.name]
        if self.left or child.ending != "restart" or not child.carries:
            return
        partners = needs.restarts_with(child, family, strategy=child.carries == "strategy")
        for name in partners & needs.dependents((self.name,), family):
            if family[name].instance is not None:
                self.world.wrongs.append(f"{self.name} ended for a restart before {name}, which depends on it")


@dataclass
class ToldSource:
    """Hands out a class of its own at every load, as a real one does."""

    world: World
    isolation = "task"
    moved = ""

    async def load(self, name: str) -> LoadedKernel:
        await asyncio.sleep(0)
        if name in self.world.broken:
            raise SyntaxError(f"{name} does not load")
        kind = type(name.title(), (Told,), {"spec": SPECS[name], "world": self.world})
        return LoadedKernel(kind=kind, version="1", doc="", files=frozenset({f"kernels/{name}.py"}))


async def live(world: World, root: Path, opened: "asyncio.Future[None]", closing: asyncio.Event) -> None:
    """Keep a supervisor open over the world until it is told to close."""
    async with supervising(
        root, policy=POLICY, clock=world.clock, sources=dict.fromkeys(SPECS, ToldSource(world))
    ) as bench:
        world.bench = bench
        opened.set_result(None)
        await closing.wait()
