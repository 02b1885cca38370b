"""Kernels that hold the loop in every way there is, a thousand times in a row, in an open room beside innocent ones.

Seen from outside: named is when a screen could show it, broken is when the loop turns again. A wrong kill is an
innocent kernel that failed, a loop that was left by an exception, or a block blamed on another.
"""

import sys
import threading
import time
import types
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from grace_tui.faces.views import KernelView, RoomView
from grace_tui.room.hub import ViewHub
from grace_tui.room.thread import RoomThread
from grace_tui.settings import Settings
from grace_tui.settings.model import RoomSettings, SupervisorSettings
from tests.bench.guard_kernels import CONSUMER, IN_RUN, INNOCENT, PROVIDER, spinning
from tests.bench.rows import Group, Row
from tests.bench.scratch import workspace_of

BLOCKS, WARM = 1000, 10
PATIENCE = 30.0
SHARED = "grace_bench_marks"
"""A module through which kernels and the measurement meet."""
# No budget and no move, or the same kernel could not hold the loop a thousand times; no backoff, to be quick.
LIMITS = SupervisorSettings(
    intensity=1000, period=1.0, backoff_base=0.0, backoff_cap=0.0, blocks=1000, block_period=1.0
)
SETTINGS = Settings(room=RoomSettings(screen_rate=30), supervisor=LIMITS)

OUTSIDE = ("start", "probe", "stop", "summary", "save_state")
WAYS = (*IN_RUN, "task", "callback", "finaliser", "provider", *OUTSIDE)
INNOCENTS = ("innocent_1", "innocent_2", "innocent_3", "consumer")


@dataclass
class Seen:
    """What came out of all blocks; milliseconds."""

    named: list[float] = field(default_factory=list)
    broken: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    ways: dict[str, list[float]] = field(default_factory=dict)


class Holder:
    """Has the loop held, one way after another, and watches through the hub."""

    def __init__(self, thread: RoomThread, marks: types.ModuleType) -> None:
        self.thread, self.marks = thread, marks
        self.seen = Seen()
        self._changed = threading.Event()
        self._named: list[tuple[float, str]] = []
        self._turned: list[float] = []
        thread.hub.listen(self._note)

    def hold(self, way: str) -> None:
        """One block, from the first moment until everything runs again."""
        self._named, self._turned = [], []
        self.marks.__dict__.update(where="", began=0.0)
        self.thread.post(self._begin(way))
        self._wait(lambda view: bool(self._turned))
        named, stall = self._named[0]
        self.marks.__dict__["where"] = ""
        culprit = "provider" if way == "provider" else "spin"
        if not stall.startswith(f"{culprit} "):
            self.seen.wrong[f"{way} was blamed: {stall}"] += 1
        self.seen.named.append((named - self.marks.began) * 1000)
        self.seen.broken.append((self._turned[0] - named) * 1000)
        self.seen.ways.setdefault(way, []).append(self.seen.broken[-1])
        for name in ("spin", "provider"):
            self._wait_running(name)
        self._wait(lambda view: not view.stall)

    def close(self) -> None:
        view = self._wait(lambda view: not view.stall)
        for kernel in view.kernels:
            if kernel.name in INNOCENTS and kernel.restarts:
                self.seen.wrong[f"{kernel.name}: {kernel.error or kernel.last_exit}"] += kernel.restarts
        if self.thread.escaped:
            self.seen.wrong["the loop"] += self.thread.escaped

    def _begin(self, way: str) -> Callable[[], object]:
        room = self.thread.room
        if room is None:
            raise RuntimeError("the room has closed")
        supervisor, bus = room.supervisor, room.parts.bus
        acts: dict[str, Callable[[], object]] = {
            "provider": lambda: bus.publish("bench.ask", 1, source="bench"),
            "summary": supervisor.second,
            "save_state": supervisor.save_states,
            **dict.fromkeys(("start", "probe", "stop"), lambda: supervisor.restart("spin")),
        }

        def begin() -> None:
            if way in OUTSIDE:
                self.marks.__dict__["where"] = way
            acts.get(way, lambda: bus.publish("bench.hold", way, source="bench"))()

        return begin

    def _note(self) -> None:
        view = self.thread.hub.latest()
        if view is not None and view.stall and not self._named:
            self._named.append((time.monotonic(), view.stall))
            self.thread.post(self._turn)
        self._changed.set()

    def _turn(self) -> None:
        self._turned.append(time.monotonic())
        self._changed.set()

    def _wait_running(self, name: str) -> None:
        """Asked of the room itself: the newest view may be older than the block."""
        asked = {"name": name, "until": "running", "within": int(PATIENCE)}
        answer = self.thread.submit("kernel.wait", asked, by="bench").result(PATIENCE)
        if not answer["ok"]:
            raise TimeoutError(str(answer["text"]))

    def _wait(self, reached: Callable[[RoomView], bool]) -> RoomView:
        deadline = time.monotonic() + PATIENCE
        while True:
            self._changed.clear()
            view = self.thread.hub.latest()
            if view is not None and reached(view):
                return view
            if not self._changed.wait(deadline - time.monotonic()):
                raise TimeoutError(f"not within {PATIENCE:g} s: {self._named}, {self._turned}, {_shown(view)}")


def measure() -> Iterator[Row]:
    seen = hold_often(BLOCKS)
    for what, count in seen.wrong.items():
        print(f"{count}x {what}", file=sys.stderr)
    yield Row("guard_named", "loop held -> named on a screen, over all ways", "ms", seen.named, asked_p95=150)
    yield Row("guard_broken", "named -> the loop turns again", "ms", seen.broken, asked_p95=20)
    yield Row("guard_wrong", f"wrong kills in {len(seen.named)} blocks", "", [sum(seen.wrong.values())], 0)


def hold_often(times: int) -> Seen:
    marks = types.ModuleType(SHARED)

    def begin() -> None:
        marks.began = time.monotonic()  # type: ignore[attr-defined]

    marks.__dict__.update(begin=begin, began=0.0, where="")
    sys.modules[SHARED] = marks
    kernels = {
        "spin": spinning(),
        "provider": PROVIDER,
        "consumer": CONSUMER,
        **dict.fromkeys(INNOCENTS[:3], INNOCENT),
    }
    with workspace_of(kernels) as workspace:
        thread = RoomThread(workspace, SETTINGS, ViewHub())
        holder = Holder(thread, marks)
        thread.start()
        try:
            holder._wait(lambda view: view.running == len(kernels))
            for number in range(WARM + times):
                if number == WARM:
                    holder.seen = Seen()
                holder.hold(WAYS[number % len(WAYS)])
            holder.close()
        finally:
            thread.stop()
            thread.join(PATIENCE)
            del sys.modules[SHARED]
    return holder.seen


def _shown(view: RoomView | None) -> list[tuple[str, str, str]]:
    kernels: tuple[KernelView, ...] = () if view is None else view.kernels
    return [(kernel.name, kernel.state, kernel.error) for kernel in kernels]


GROUP = Group(("guard_named", "guard_broken", "guard_wrong"), measure)
