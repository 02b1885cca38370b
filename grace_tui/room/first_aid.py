"""First aid: the core answers incidents and works the repair queue when the kernels that should do it cannot.

The order is always the same: `self_healing` answers incidents, `coding_agent` works tasks; where one of them is down
the other steps in, and where both are, this does, and tries to get them up again (see `rescue`). It never competes:
each second it looks whether anything waits that nobody who is up would take. What it cannot do is told once, and tried
again ever more seldom.
"""

import time
from typing import TYPE_CHECKING

from grace_tui.healing.answering.gather import began_at
from grace_tui.healing.mutual import AGENT, HEALER, unanswered
from grace_tui.kernel.records import IncidentRecord
from grace_tui.room.rescue import NAME, Rescue

if TYPE_CHECKING:
    from grace_tui.room.core import Room

PATIENCE = 6.0
"""Seconds an incident may stay unanswered while `self_healing` is down and `coding_agent` is up."""
SETTLING = 10.0
"""Seconds after opening during which a healer that is still starting is waited for."""
LONGEST_WAIT = 300.0


class FirstAid:
    def __init__(self, room: "Room") -> None:
        self.room = room
        self.rescue = Rescue(room)
        self.busy = False
        self.failures = 0
        """In a row."""
        self._not_before = 0.0

    def look(self) -> None:
        """Once a second, on the loop: take one thing that waits and that nobody else will take."""
        self.rescue.look()
        if self.busy or self.room.closing or time.monotonic() < self._not_before:
            return
        healer, agent = self._is_up(HEALER), self._is_up(AGENT)
        if name := self.rescue.due(healer, agent):
            self._begin("", name)
        elif waiting := self._waiting(healer, agent):
            self._begin(waiting.id, "")
        elif self._has_task_nobody_takes(healer or agent):
            self._begin("", "")

    def _begin(self, incident_id: str, kernel: str) -> None:
        self.busy = True
        self.room.tasks.start_soon(self._help, incident_id, kernel, name=NAME)

    async def _help(self, incident_id: str, kernel: str) -> None:
        try:
            await self._carry_out(incident_id, kernel)
        except Exception as error:  # the last helper there is: what it cannot do is told, and it stays
            self._failed(error, incident_id or kernel or "the repair queue")
        else:
            self.failures = 0
            self.room.warn(NAME, "")
        finally:
            self.busy = False

    async def _carry_out(self, incident_id: str, kernel: str) -> None:
        healer = self.room.healer
        if kernel:
            await self.rescue.carry_out(kernel)
        elif incident_id:
            await healer.respond(incident_id, by=NAME)
        elif (task := self.room.parts.queue.claim(NAME)) is not None:
            await healer.work(task, by=NAME)

    def _failed(self, error: Exception, what: str) -> None:
        wait = min(2.0**self.failures, LONGEST_WAIT)
        self.failures += 1
        self._not_before = time.monotonic() + wait
        if self.failures == 1:
            self.room.trouble(NAME, error)
        self.room.warn(NAME, f"first aid for {what} failed {self.failures} times: {type(error).__name__}: {error}")

    # ---- who is up, and what waits

    def _is_up(self, kernel: str) -> bool:
        """Whether a healer works, or is about to."""
        child = self.room.supervisor.children.get(kernel)
        if child is None:
            return False
        young = time.monotonic() - self.room.opened_at < SETTLING
        return child.state == "running" or (young and child.state in ("starting", "stopped") and child.wanted)

    def _waiting(self, healer: bool, agent: bool) -> IncidentRecord | None:
        """The oldest incident that nobody who is up has answered in good time."""
        patience = self._longest if healer else PATIENCE if agent else 0.0
        now = time.time()
        waiting = unanswered(self.room.parts.book.all(), self.room.parts.queue.all())
        waiting = [record for record in waiting if not (self.rescue.at_work and record.kernel in (HEALER, AGENT))]
        return next((record for record in waiting if now - began_at(record) >= patience), None)

    def _has_task_nobody_takes(self, somebody: bool) -> bool:
        tasks = [task for task in self.room.parts.queue.all() if task.state != "waiting_for_approval"]
        queued = [task.queued_at for task in tasks if task.state == "queued"]
        if not queued or not somebody:
            return bool(queued)
        held = any(task.finished_at is None and task.state != "queued" for task in tasks)
        return not held and time.time() - min(queued) >= self._longest

    @property
    def _longest(self) -> float:
        """Seconds after which a healer that is up counts as one that does not get on: its neighbour goes first."""
        return 2 * self.room.settings.healing.stuck_after
