"""A room that is open: what kernels, screens and commands ask of it. `open_room` makes it of its parts.

What it does stands in its neighbours: commands, hooks, duties, first aid.
"""

import concurrent.futures
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import msgspec
from anyio.abc import TaskGroup

from grace_tui.faces.views import RoomView
from grace_tui.healing.healer import Healer
from grace_tui.healing.playbooks.playbooks import Playbooks
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import CommandResult, KernelRecord, LatencyRecord
from grace_tui.room.commands import COMMANDS
from grace_tui.room.duties import Duties
from grace_tui.room.evidence import RoomEvidence
from grace_tui.room.family import RoomFamily
from grace_tui.room.first_aid import FirstAid
from grace_tui.room.guarding import GiveUp, Guarding
from grace_tui.room.hub import ViewHub
from grace_tui.room.judging import Judging
from grace_tui.room.known import KnownKernels
from grace_tui.room.parts import RoomParts
from grace_tui.room.replicas import Replicas
from grace_tui.room.rereading import FILE, Rereading
from grace_tui.room.showing import Showing
from grace_tui.room.silencing import Silencing
from grace_tui.room.sources import Sources
from grace_tui.runtime.guard import LoopBeat
from grace_tui.runtime.hosts import alive
from grace_tui.runtime.supervisor import Supervisor
from grace_tui.settings import Settings


class Room:
    """A room that is open; its methods run on the supervisor's loop."""

    def __init__(
        self, tasks: TaskGroup, parts: RoomParts, hub: ViewHub, settings: Settings, give_up: GiveUp | None = None
    ) -> None:
        self.tasks, self.parts, self.hub, self.settings = tasks, parts, hub, settings
        self.opened_at = self.up_since = time.monotonic()
        """Seconds on the monotonic clock; `up_since` is older where another loop was given up for this one."""
        self.banner = ""
        self.warnings: dict[str, str] = {}
        """What a person should know soon, by who says it: screens show it calmly until it is taken away."""
        self.shed: dict[str, float] = {}
        """Kernels that are paused to shed load, and the time of that pause."""
        self.screens = 0
        self.closing = False
        self.fenced = False
        """Another loop has this room's place."""
        self.stop_watching = anyio.Event()
        self.supervisor: Supervisor
        self.healer: Healer
        self.playbooks: Playbooks
        self.silencing: Silencing
        self.known = KnownKernels(parts.workspace.state / "kernels.json")
        self.first_aid = FirstAid(self)
        self.rereading = Rereading(self)
        self.sources = Sources(self)
        self.replicas = Replicas(self)
        self.evidence = RoomEvidence(self)
        self.beat = LoopBeat()
        self.guarding = Guarding(self, give_up)
        self.family = RoomFamily(self)
        self.judging = Judging(self)
        self.showing = Showing(self)
        self.duties = Duties(self)

    # ---- RoomPort, for kernels

    def kernels(self) -> tuple[KernelRecord, ...]:
        return self.supervisor.records()

    def status(self) -> Mapping[str, Any]:
        """The newest view as plain data."""
        plain: Mapping[str, Any] = msgspec.to_builtins(self.hub.latest() or self.view())
        return plain

    def schema(self) -> Mapping[str, Any]:
        """The JSON schema of what `status` returns."""
        return msgspec.json.schema(RoomView)

    def latencies(self) -> tuple[LatencyRecord, ...]:
        """How long calls between kernels took within the last minute."""
        return self.parts.calls.read()

    async def command(self, verb: str, target: str, *, by: str, reason: str = "") -> CommandResult:
        answer = await self.answer(verb, {"name": target, "reason": reason}, by)
        return CommandResult(bool(answer["ok"]), str(answer["text"]), answer.get("data", {}))

    # ---- commands from everywhere

    async def answer(self, verb: str, arguments: Mapping[str, object], by: str) -> Mapping[str, Any]:
        """Carry out one command; a refusal is an answer, never an exception."""
        command = COMMANDS.get(verb)
        if command is None:
            return {"ok": False, "text": f"there is no command {verb!r}", "data": {}}
        target = str(arguments.get("name") or arguments.get("id") or "")
        if command.acts:
            act = {"actor": by, "action": verb, "resource": target, "subsystem": "commands"}
            reason = str(arguments.get("reason") or "")
            self.parts.audit.append({**act, "reason": reason} if reason else act)
        try:
            return await command.run(self, arguments, by)
        except (GraceError, KeyError, ValueError, OSError) as error:
            text = f"{error}" or type(error).__name__
            if command.acts:
                refusal = {"actor": by, "action": "command.refused", "resource": f"{verb} {target}", "result": text}
                self.parts.audit.append(refusal)
            return {"ok": False, "text": text, "data": {}}
        except Exception as error:  # a defect of one command must not end the room
            self.trouble(f"command {verb}", error)
            return {"ok": False, "text": f"{verb} broke: {type(error).__name__}: {error}", "data": {}}

    def post(
        self,
        verb: str,
        arguments: Mapping[str, object],
        by: str,
        future: "concurrent.futures.Future[Mapping[str, Any]]",
    ) -> None:
        """Answer a command that came from another thread; one whose asker has given up is not begun."""
        if self.fenced:  # whoever has this room's place has answered it
            return

        async def carry_out() -> None:
            # From here on the asker cannot cancel the future between a check and its result.
            if not future.set_running_or_notify_cancel():
                return
            answer: Mapping[str, Any] = {"ok": False, "text": f"the room closed before {verb} was done", "data": {}}
            try:
                answer = await self.answer(verb, arguments, by)
            finally:
                future.set_result(answer)

        self.tasks.start_soon(carry_out, name=f"command:{verb}")

    def trouble(self, what: str, error: BaseException) -> None:
        """Something of the core's own went wrong: the log has where, and the room goes on."""
        self.parts.log.error(f"{what} failed", traceback="".join(traceback.format_exception(error)))

    def spared(self, duty: Callable[[], object]) -> bool:
        """Do one of the room's duties; a full disk or a defect costs this turn of it, never the room."""
        try:
            duty()
        except Exception as error:
            self.trouble(getattr(duty, "__name__", "recording"), error)
            return False
        return True

    # ---- what screens see

    def changed(self) -> None:
        """Something a screen shows is different; a view follows within a tenth of a second."""
        self.showing.changed()

    def forget_missing(self, name: str) -> bool:
        """No longer expect a kernel whose file is gone; False where it is there, or the settings name it."""
        missing = name not in self.parts.loader.names() and name not in self.settings.kernels
        if missing:
            self.known.forget(name)
            self.family.gone(name, f"{name} was stopped, and its file is gone")
        elif name in self.rereading.gone:
            self.family.gone(name, f"{name} was stopped, and is not in {FILE} any more")
        return missing

    def set_banner(self, text: str) -> None:
        self.banner = text
        self.changed()

    def set_screens(self, count: int) -> None:
        self.screens = count
        self.changed()

    def warn(self, who: str, text: str) -> None:
        """Have screens say something until `who` says otherwise; an empty text takes it away."""
        if self.warnings.get(who, "") == text:
            return
        self.warnings[who] = text
        if not text:
            del self.warnings[who]
        self.changed()

    def view(self) -> RoomView:
        """Make a view of this moment."""
        return self.showing.view()

    def show(self) -> None:
        """Hand out a view of this moment."""
        if not self.fenced:
            self.hub.put(self.view())

    def fence(self) -> None:
        """Part this room from the world, for another that takes its place; called by the thread that gave its loop up.

        Nothing here waits for the loop: it is held.
        """
        self.fenced = self.supervisor.abandoned = True
        self.stop_watching.set()
        self.parts.fence()
        alive.kill_all()
