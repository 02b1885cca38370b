"""Whatever happens to five kernels in whatever order, what a supervisor promises holds after every step.

Time is the world's own; nothing sleeps.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from grace_tui.kernel import GraceError, KernelFailed, KernelStateChanged
from grace_tui.kernel.records import KernelState
from grace_tui.runtime.bus import Mailbox
from grace_tui.runtime.supervisor import needs
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.failures import KernelHung
from grace_tui.runtime.supervisor.states import LEGAL
from tests.runtime.supervisor.world import BEAT, POLICY, SPECS, World, live

NAMES = st.sampled_from(sorted(SPECS))
COUNTED = ("load", "start", "probe", "run", "stop", "heartbeat")
LONGEST_STOP = 60.0
TIMERS_A_KERNEL = 8

T = TypeVar("T")


class Supervision(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="supervision-"))
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.closing = asyncio.Event()
        self.states: dict[str, KernelState] = dict.fromkeys(SPECS, "stopped")
        self.failures: dict[str, list[float]] = {name: [] for name in SPECS}
        """Since the kernel's budget last started afresh."""
        self.stood_still: dict[str, int] = {}
        """Paused kernels, and the turns their own tasks had taken."""
        self.moves: Mailbox
        self.do(self._open())

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(work)

    def act(self, act: Callable[[], T]) -> T:
        """Do something on the loop, and let what comes of it happen."""

        async def acted() -> T:
            done = act()
            await self.world.settle()
            return done

        return self.loop.run_until_complete(acted())

    async def _open(self) -> None:
        opened = self.loop.create_future()
        self.host = asyncio.create_task(live(self.world, self.root, opened, self.closing), name="host")
        await opened
        self.moves = self.supervisor.parts.bus.subscribe("room", "kernel.*", capacity=100_000)
        self.states.update({child.name: child.state for child in self.world.family().values()})
        await self.world.settle()

    @property
    def supervisor(self) -> Any:
        assert self.world.bench is not None
        return self.world.bench.supervisor

    def child(self, name: str) -> Child:
        found: Child = self.supervisor.child(name)
        return found

    def forgive(self, name: str) -> None:
        self.failures[name].clear()

    # ---- what happens

    @rule(name=NAMES, order=st.sampled_from(["crash", "crash", "crash", "hang", "finish"]))
    def order(self, name: str, order: str) -> None:
        if self.child(name).state == "running":
            self.world.orders[name].append(order)

    @rule(name=NAMES)
    def stop(self, name: str) -> None:
        self.act(lambda: self.supervisor.stop(name))

    @rule(name=NAMES, verb=st.sampled_from(["start", "restart", "pause", "resume"]))
    def command(self, name: str, verb: str) -> None:
        self.drain_events()
        try:
            self.act(lambda: getattr(self.supervisor, verb)(name))
        except GraceError:  # it came at a moment at which it makes no sense
            return
        if verb in ("start", "restart"):
            self.forgive(name)
        if verb == "pause":
            self.stood_still[name] = self.world.turns[name]
        else:
            self.stood_still.pop(name, None)

    @rule(name=NAMES, broken=st.booleans())
    def save(self, name: str, broken: bool) -> None:
        (self.world.broken.add if broken else self.world.broken.discard)(name)
        self.drain_events()
        before = {child.name for child in self.world.family().values() if child.crashes}
        self.act(lambda: self.supervisor.files_changed([f"kernels/{name}.py"]))
        for forgiven in before - {child.name for child in self.world.family().values() if child.crashes}:
            self.forgive(forgiven)

    @rule(first=NAMES, second=NAMES, verb=st.sampled_from(["stop", "restart"]))
    def two_at_once(self, first: str, second: str, verb: str) -> None:
        self.drain_events()
        self.forgive(first)
        if verb == "restart":
            self.forgive(second)
        self.act(lambda: (self.supervisor.restart(first), getattr(self.supervisor, verb)(second)))

    @rule(beats=st.sampled_from([1, 1, 1, 2, 5, 16]))
    def time_passes(self, beats: int) -> None:
        for _ in range(beats):
            self.do(self.world.clock.advance(BEAT))
            self.act(self.supervisor.second)

    @rule(within=st.sampled_from([0.25, 0.5, 0.75, 1.0]))
    def a_moment_passes(self, within: float) -> None:
        self.do(self.world.advance(within))

    @precondition(lambda self: any(child.state == "running" for child in self.world.family().values()))
    @rule()
    def states_are_saved(self) -> None:
        self.act(self.supervisor.save_states)

    # ---- what must hold

    def drain_events(self) -> None:
        """Follow the events: every move is legal, every failure within the budget and one that was provoked."""
        while (message := self.moves.pop()) is not None:
            event = message.payload
            if isinstance(event, KernelStateChanged):
                assert event.old == self.states[event.kernel], event
                assert event.new in LEGAL[self.states[event.kernel]], event
                self.states[event.kernel] = event.new
            elif isinstance(event, KernelFailed):
                self._failed(event)

    def _failed(self, event: KernelFailed) -> None:
        assert event.phase in COUNTED, (event, event.error)
        if isinstance(event.error, KernelHung):
            assert self.world.hangs[event.kernel], f"{event.kernel} lost its beats"
            self.world.hangs[event.kernel] -= 1
        if event.phase == "load":
            return
        spec, own = SPECS[event.kernel], self.failures[event.kernel]
        policy = POLICY.of(spec)
        own.append(event.at)
        counted = sum(event.at - at <= policy.period for at in own)
        assert counted <= policy.intensity + 1, f"{event.kernel} was restarted more often than it may be"

    @invariant()
    def events_make_sense(self) -> None:
        self.drain_events()
        assert self.states == {child.name: child.state for child in self.world.family().values()}
        assert self.world.wrongs == [], self.world.wrongs

    @invariant()
    def no_task_is_orphaned(self) -> None:
        bodies = {child.name for child in self.world.family().values() if child.scope is not None}
        allowed = {"host", *(f"life:{name}" for name in SPECS)}
        allowed |= {f"{part}:{name}" for name in bodies for part in ("kernel", "turns", "drain")}
        names = [task.get_name() for task in asyncio.all_tasks(self.loop)]
        assert set(names) <= allowed
        assert len(names) == len(set(names)), names
        assert {f"life:{name}" for name in SPECS} <= set(names)
        assert len(self.world.clock.timers) <= TIMERS_A_KERNEL * len(SPECS)

    @invariant()
    def nobody_is_in_limbo(self) -> None:
        """A wanted kernel whose providers are there runs, is on its way, or has said why it does not."""
        family = self.world.family()
        for child in family.values():
            unmet = [name for name in child.spec.requires if not needs.is_met(child.spec, family.get(name), name)]
            waits = bool(child.waits_for) and set(child.waits_for) <= set(unmet)
            if child.state == "failed" and child.waits_for:
                assert any(family[name].scope is not None for name in child.waits_for), child
            elif child.state == "failed":
                assert child.code is None or child.phase == "load" or child.spec.restart == "temporary", child
            elif child.state == "starting":
                assert waits or child.ending, child
            elif child.state == "stopped":
                assert not child.wanted or waits, child
            elif child.state == "completed":
                assert not child.wanted, child
            elif child.state == "backing_off":
                assert child.waits_for or (child.next_try or 0.0) >= self.world.clock.now, child
            elif child.state == "running":
                assert child.ending or child.wanted, child

    @invariant()
    def a_paused_kernel_stands_still_and_is_excused(self) -> None:
        for name, turns in list(self.stood_still.items()):
            if self.child(name).state != "paused" or self.child(name).ending:
                del self.stood_still[name]
            else:
                assert self.world.turns[name] == turns, f"{name} worked while it was paused"

    @invariant()
    def running_kernels_beat(self) -> None:
        for child in self.world.family().values():
            if child.state == "running" and child.instance not in self.world.hanging and not child.ending:
                assert child.last_beat is not None
                assert self.world.clock.now - child.last_beat <= BEAT + 0.001, child

    def teardown(self) -> None:
        self.world.stops.clear()
        for orders in self.world.orders.values():
            orders.clear()
        bodies = {child.name for child in self.world.family().values() if child.scope is not None}
        self.closing.set()
        for _ in range(int(LONGEST_STOP / BEAT)):
            self.do(self.world.advance(BEAT))
            if self.host.done():
                break
        assert self.host.done(), "the supervisor did not end"
        self.host.result()
        stopped = [name for name in self.world.stops if name in bodies]
        assert set(stopped) == bodies
        for at, name in enumerate(stopped):
            later = set(stopped[at + 1 :])
            assert not later & needs.dependents((name,), self.world.family()), f"stopped in the order {stopped}"
        assert asyncio.all_tasks(self.loop) == set()
        self.loop.close()
        shutil.rmtree(self.root)


TestSupervision = Supervision.TestCase
TestSupervision.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)
