"""What the room does about a kernel that holds its loop: shows it, records it, and in the end moves it out.

The guard calls the listener's methods on its own thread; everything else here runs on the room's loop.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grace_tui.kernel.events import DecisionMade, KernelFailed
from grace_tui.kernel.records import PRIORITY_CRITICAL, IncidentRecord
from grace_tui.runtime.guard import Block, Guard, GuardLimits

if TYPE_CHECKING:
    from grace_tui.room.core import Room

ACTOR = "loop guard"


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Why the loop before this one was given up."""

    block: Block
    seconds: float
    task_only: str
    """Why the kernel that held it cannot be moved; empty where it can."""
    up_since: float


GiveUp = Callable[[Abandoned], None]


class Guarding:
    """GuardListener of one room. `give_up` opens the room on a fresh loop; None where nobody could."""

    def __init__(self, room: "Room", give_up: GiveUp | None) -> None:
        self.room = room
        self._give_up = give_up
        self._loop = asyncio.get_running_loop()
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)
        self._acts: dict[str, str] = {}
        """What was done about a kernel's block, for the incident that is about to be recorded."""

    def guard(self) -> Guard:
        """The guard over this room's loop."""
        limits = self.room.settings.supervisor
        abandon = limits.abandon_after if self._give_up else float("inf")
        kernels = self.room.parts.workspace.kernels
        return Guard(self.room.beat, kernels, GuardLimits(limits.stall_ms / 1000, abandon), self)

    # ---- on the guard's thread

    def blocked(self, block: Block) -> None:
        # Before the kernel is broken: so it is told before its restart, as every failure is.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, block)

    def held(self, block: Block, seconds: float) -> None:
        who = block.kernel or "the core"
        self.room.hub.stall(f"{who} holds the loop at {block.place}, {seconds:.1f} s", seconds)

    def released(self) -> None:
        self.room.hub.turns_again()

    def given_up(self, block: Block) -> None:
        if self._give_up is not None:
            seconds, task_only = time.monotonic() - block.began, self._why_task_only(block.kernel)
            self._give_up(Abandoned(block, seconds, task_only, self.room.up_since))

    # ---- on the loop

    def take_over(self, abandoned: Abandoned) -> None:
        """Before the kernels start on a fresh loop: keep the one that held the last out of it."""
        block = abandoned.block
        self.room.up_since = abandoned.up_since
        self._audit("loop.abandoned", block, abandoned.seconds)
        self.room.parts.log.error("the loop was given up", kernel=block.kernel, place=block.place)
        if block.kernel in self.room.supervisor.children:
            self._keep_out(block, f"it held the loop for {abandoned.seconds:.0f} s", abandoned.task_only)
            self.room.tasks.start_soon(self._tell_failure, block)

    def recorded(self, record: IncidentRecord) -> None:
        """The incident of a block is in the book: say what was done about it."""
        act = self._acts.pop(record.kernel, "")
        if act:
            self.room.parts.book.note(record.id, action=act, by=ACTOR)

    def _tell(self, block: Block) -> None:
        """Runs as soon as the loop turns."""
        if self.room.fenced:  # it turned too late: whoever has its place has told it
            return
        seconds = time.monotonic() - block.began
        self._audit("loop.blocked", block, seconds)
        child = self.room.supervisor.children.get(block.kernel)
        if child is None:
            return
        self.room.supervisor.note_block(block.kernel)
        child.log.error("held the loop", place=block.place, seconds=round(seconds, 3), broken=block.broken)
        if self._is_once_too_often(block.kernel):
            limits = self.room.settings.supervisor
            blocks = f"{limits.blocks} block{'s' if limits.blocks > 1 else ''} of the loop"
            self._keep_out(block, f"{blocks} within {limits.block_period:g} s", self._why_task_only(block.kernel))
        self._publish_failure(block)

    async def _tell_failure(self, block: Block) -> None:
        self._publish_failure(block)

    def _publish_failure(self, block: Block) -> None:
        event = KernelFailed(block.kernel, "block", time.time(), block.error())
        self.room.parts.bus.publish(event.topic, event, source="supervisor", priority=PRIORITY_CRITICAL)

    def _is_once_too_often(self, kernel: str) -> bool:
        limits, times, now = self.room.settings.supervisor, self._times[kernel], time.monotonic()
        times.append(now)
        while now - times[0] > limits.block_period:
            times.popleft()
        return len(times) >= limits.blocks

    def _keep_out(self, block: Block, why: str, task_only: str) -> None:
        """Take a kernel off the loop: into a process of its own, or down where it cannot live in one."""
        name, reason = block.kernel, f"{why}, last at {block.place}"
        self._times.pop(name, None)
        if task_only:
            act, reason = "kernel.quarantine", f"{reason}; it cannot be moved to a process: {task_only}"
            self._acts[name] = "quarantined: it holds the loop, and cannot be moved to a process"
            self.room.supervisor.quarantine(name, reason)
        else:
            act, self._acts[name] = "kernel.move", "moved to a process of its own"
            self.room.sources.move(name, reason)
            self.room.supervisor.restart(name)
        self.room.parts.log.warning(self._acts[name], kernel=name, reason=reason)
        self.room.parts.audit.append({"actor": ACTOR, "action": act, "resource": name, "reason": reason})
        decided = DecisionMade(ACTOR, act, name, reason)
        self.room.parts.bus.publish(decided.topic, decided, source="room")

    def _why_task_only(self, kernel: str) -> str:
        child = self.room.supervisor.children.get(kernel)
        if self.room.settings.kernel(kernel).isolation == "task":
            return 'grace.toml says isolation = "task"'
        return "" if child is None else child.spec.task_only

    def _audit(self, action: str, block: Block, seconds: float) -> None:
        place = {"place": block.place, "seconds": round(seconds, 3), "broken": block.broken}
        self.room.parts.audit.append({"actor": ACTOR, "action": action, "resource": block.kernel, **place})
