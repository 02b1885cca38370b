"""Gets the two healing kernels up again when neither can help the other: the last good file first, then a restart.

Part of first aid. Each kernel is tried a few times within the budget's period; then a person is asked.
"""

import time
from typing import TYPE_CHECKING

import anyio

from grace_tui.healing.mutual import AGENT, HEALER, KINDS
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.events import DecisionMade
from grace_tui.room.last_good import LastGood
from grace_tui.runtime.supervisor.child import Child

if TYPE_CHECKING:
    from grace_tui.room.core import Room

NAME = "first_aid"
TRIES = 2
APART = 5.0
"""Seconds between two restarts: one of the two may bring the other up."""
RUNNING_WITHIN = 10.0
GIVEN_UP = frozenset({"quarantined", "completed", "failed"})


class Rescue:
    def __init__(self, room: "Room") -> None:
        self.room = room
        self.good = LastGood(room, (HEALER, AGENT))
        self._tries: dict[str, list[float]] = {HEALER: [], AGENT: []}
        self._not_before = 0.0
        self._told = ""
        self._begun = False
        self.at_work = False
        """Whether it is not done with the two yet: until then nobody else acts on their incidents."""

    def look(self) -> None:
        """Once a second: remember what is good while it is."""
        self.good.look()

    def due(self, healer_up: bool, agent_up: bool) -> str:
        """The kernel to get up now; empty where one of the two can still help the other, or nothing helps."""
        children = self.room.supervisor.children
        down = {HEALER: not healer_up or self._is_stuck(HEALER), AGENT: not agent_up or self._is_stuck(AGENT)}
        lost = [name for name in (HEALER, AGENT) if name in children and self._is_lost(children[name])]
        waits = self._wait_on_each_other()
        # Once both were down, both are got up: the first that runs may not know how to help the other.
        self._begun = bool(lost) and (self._begun or all(down.values()))
        if not waits and not self._begun:
            self._tell("")
            self.at_work = False
            return ""
        names = lost or [HEALER, AGENT]
        why = "they wait on each other" if waits else "neither of them works"
        self._tell(f"{' and '.join(names)}: {why}{self._tried(names)}")
        least = min(names, key=lambda name: len(self._recent(name)))
        self.at_work = len(self._recent(least)) < TRIES
        if time.monotonic() < self._not_before or self._is_helped():
            return ""
        return least if self.at_work else ""

    async def carry_out(self, name: str) -> None:
        """
        Raises:
            GraceError: its file could not be brought back.
        """
        self._tries[name].append(time.monotonic())
        try:
            restored = await self.good.restore(name)
        except (GraceError, OSError) as problem:
            restored = ""
            self.room.trouble(f"bringing back the last good {name}", problem)
        why = restored or "its file is the one that was good"
        self.room.parts.audit.append({"actor": NAME, "action": "kernel.rescue", "resource": name, "reason": why})
        self.room.parts.publish(DecisionMade(NAME, "restart", name, f"both who heal are down; {why}"))
        child = self.room.supervisor.child(name)
        moved = child.moved
        await self.room.answer("kernel.restart", {"name": name, "reason": why}, NAME)
        with anyio.move_on_after(RUNNING_WITHIN):
            await moved.wait()
            while child.state not in {"running", *GIVEN_UP}:
                await child.moved.wait()
        self._not_before = time.monotonic() + APART

    # ---- how the two are

    def _is_helped(self) -> bool:
        """Whether a playbook acts on one of the two at this moment: what it does is waited for."""
        return any(run.state == "running" and run.kernel in (HEALER, AGENT) for run in self.room.playbooks.unended())

    def _is_lost(self, child: Child) -> bool:
        """Whether nobody else brings it back: the supervisor gave it up, or it beats and does nothing."""
        return child.wanted and (child.state in GIVEN_UP or self._is_stuck(child.name))

    def _is_stuck(self, name: str) -> bool:
        """Whether the other one reported it, and it is so for a while."""
        for incident in self.room.parts.book.all():
            if incident.kernel == name and incident.kind == KINDS[name] and incident.state != "resolved":
                return time.time() - incident.opened_at >= self.room.settings.healing.stuck_after
        return False

    def _wait_on_each_other(self) -> bool:
        children = self.room.supervisor.children
        healer, agent = children.get(HEALER), children.get(AGENT)
        return bool(healer and agent and AGENT in healer.waits_for and HEALER in agent.waits_for)

    # ---- telling

    def _recent(self, name: str) -> list[float]:
        since = time.monotonic() - self.room.settings.healing.budget_period
        self._tries[name] = [at for at in self._tries[name] if at >= since]
        return self._tries[name]

    def _tried(self, names: list[str]) -> str:
        if any(len(self._recent(name)) < TRIES for name in names):
            return ""
        return f"; first aid restarted each of them {TRIES} times and leaves them to a person"

    def _tell(self, text: str) -> None:
        if text == self._told:
            return
        self._told = text
        self.room.warn("healers", text)
        if text:
            self.room.parts.log.warning(text)
            self.room.parts.audit.append({"actor": NAME, "action": "healers.down", "resource": "", "reason": text})
