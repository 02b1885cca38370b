"""The composition root: opens every part on the supervisor's loop, in an order in which each can report to the last.

The only place that knows all parts. What a room does from then on stands in its neighbours: commands, hooks, first aid.
"""

import asyncio
import concurrent.futures
import dataclasses
import functools
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup

from grace_tui.faces.views import RoomView
from grace_tui.healing.healer import Healer
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.events import FilesChanged, KernelFailed, KernelStateChanged, MonitorReported, Tick
from grace_tui.kernel.records import CommandResult, KernelRecord
from grace_tui.room.commands import COMMANDS
from grace_tui.room.contexts import supervision
from grace_tui.room.first_aid import FirstAid
from grace_tui.room.guarding import Abandoned, GiveUp, Guarding
from grace_tui.room.hooks import Hooks
from grace_tui.room.hub import ViewHub
from grace_tui.room.known import KnownKernels
from grace_tui.room.measure import ProcessMeter, RateMeter
from grace_tui.room.parts import RoomParts, open_parts
from grace_tui.room.rereading import FILE, Rereading
from grace_tui.room.sources import Sources
from grace_tui.room.viewing import Gauges, host_name, lost, monitor_views, recognition_view, room_view
from grace_tui.runtime.guard import Lag, LoopBeat
from grace_tui.runtime.hosts import alive
from grace_tui.runtime.reload.watcher import watch
from grace_tui.runtime.supervisor import Supervisor, open_supervisor
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.needs import is_met
from grace_tui.settings import Settings
from grace_tui.workspace import Workspace

WATCHED = ("kernels", "themes", "policies", "grace.toml")
QUIET_SECONDS = 1.0
"""A view is made at least this often, so that ages and uptime move."""
SAVE_SECONDS = 30
"""Seconds between two savings of all kernels' states."""


class Room:
    """A room that is open; its methods run on the supervisor's loop."""

    def __init__(
        self, tasks: TaskGroup, parts: RoomParts, hub: ViewHub, settings: Settings, give_up: GiveUp | None = None
    ) -> None:
        self.tasks, self.parts, self.hub, self.settings = tasks, parts, hub, settings
        self.opened_at = self.up_since = time.monotonic()
        """Seconds on the monotonic clock; `up_since` is older where another loop was given up for this one."""
        self.banner = ""
        self.screens = 0
        self.closing = False
        self.fenced = False
        """Another loop has this room's place."""
        self.stop_watching = anyio.Event()
        self.booted = False
        self.supervisor: Supervisor
        self.healer: Healer
        self.known = KnownKernels(parts.workspace.state / "kernels.json")
        self.first_aid = FirstAid(self)
        self.rereading = Rereading(self)
        self.sources = Sources(self)
        self.beat = LoopBeat()
        self.guarding = Guarding(self, give_up)
        self._lag = Lag()
        self._changed = anyio.Event()
        self._meter, self._bus_rate = ProcessMeter(), RateMeter()
        self._monitors: dict[str, tuple[float, MonitorReported]] = {}

    # ---- RoomPort, for kernels

    def kernels(self) -> tuple[KernelRecord, ...]:
        return self.supervisor.records()

    def status(self) -> Mapping[str, Any]:
        """The newest view as plain data."""
        plain: Mapping[str, Any] = msgspec.to_builtins(self.hub.latest() or self.view())
        return plain

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

    # ---- what screens see

    def changed(self) -> None:
        """Something a screen shows is different; a view follows within a tenth of a second."""
        self._changed.set()

    def forget_missing(self, name: str) -> bool:
        """No longer expect a kernel whose file is gone; False where it is there, or the settings name it."""
        missing = name not in self.parts.loader.names() and name not in self.settings.kernels
        if missing:
            self.known.forget(name)
        return missing

    def set_banner(self, text: str) -> None:
        self.banner = text
        self.changed()

    def set_screens(self, count: int) -> None:
        self.screens = count
        self.changed()

    def view(self) -> RoomView:
        """Make a view of this moment."""
        kernels = self.supervisor.records()
        incidents = self.parts.book.all()
        gauges = Gauges(
            workspace=self.settings.room.name or str(self.parts.workspace.root),
            host=self.settings.room.host or host_name(),
            state=self._state(kernels),
            loop_lag_ms=round(self._lag.worst * 1000, 2),
            loop_lag_p99_ms=round(self._lag.p99 * 1000, 2),
            cpu_percent=self._meter.latest.cpu_percent,
            rss_bytes=self._meter.latest.rss_bytes,
            uptime=time.monotonic() - self.up_since,
            bus_rate=round(self._bus_rate.rate, 1),
            banner=self.banner,
            screens=self.screens,
        )
        monitors = [
            recognition_view(incidents, len(self.healer.knowledge())),
            *monitor_views(self._monitors, time.monotonic()),
        ]
        tasks = self.parts.queue.all()
        return room_view(self.hub.number(), time.time(), gauges, kernels, incidents, tasks, monitors)

    def _state(self, kernels: tuple[KernelRecord, ...]) -> str:
        if self.closing:
            return "stopping"
        self.booted = self.booted or not any(map(self._is_booting, self.supervisor.children.values()))
        if not self.booted:
            return "booting"
        return "degraded" if lost(kernels) else "steady"

    def _is_booting(self, child: Child) -> bool:
        """Whether a kernel is still on its way; one that waits for another is where that one is."""
        if not child.wanted or child.state not in ("starting", "stopped"):
            return False
        family = self.supervisor.children
        return all(is_met(child.spec, family.get(name), name) for name in child.waits_for)

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

    def beats(self, kernel: str) -> Mapping[str, object]:
        """A kernel's record for its evidence."""
        child = self.supervisor.children.get(kernel)
        return {} if child is None else msgspec.to_builtins(self.supervisor.record(kernel))

    # ---- the room's own tasks

    async def publish_views(self) -> None:
        """Hand out a view when something changed, at most `screen_rate` a second, and once a second anyway."""
        shortest = 1 / self.settings.room.screen_rate
        while True:
            self._changed = anyio.Event()
            if not self.spared(self.show):
                await anyio.sleep(QUIET_SECONDS)  # one that cannot be made now is not tried many times a second
            await anyio.sleep(shortest)
            with anyio.move_on_after(max(QUIET_SECONDS - shortest, 0)):
                await self._changed.wait()

    async def every_second(self) -> None:
        """Measure, look after beats and saved states, make the audit log durable, give first aid where it is due."""
        seconds = 0
        while True:
            await anyio.sleep(1.0)
            seconds += 1
            duties = [self._measure, self.supervisor.second, self._note_known, self._tick, self.parts.grouping.look]
            duties += [self.parts.book.flush, self.first_aid.look]
            duties += [self.supervisor.save_states] * (seconds % SAVE_SECONDS == 0)
            for duty in duties:
                self.spared(duty)
            await anyio.to_thread.run_sync(self.spared, self.parts.audit.sync)

    async def record_failures(self) -> None:
        """Every failure of a kernel becomes an incident, whatever else is down, and ends when the kernel runs again."""
        box = self.parts.bus.subscribe("room", "kernel.*", capacity=10_000)
        while True:
            message = await box.receive(60.0)
            if message is None:
                continue
            await asyncio.sleep(0)  # whoever else hears of it comes first: recording takes most of a millisecond
            if isinstance(message.payload, KernelFailed):
                self.spared(functools.partial(self._record, message.payload))
            elif isinstance(message.payload, KernelStateChanged):
                self.spared(functools.partial(self._on_kernel_state, message.payload))

    async def follow_events(self) -> None:
        """Keep the monitors' reports and note what changes a screen."""
        box = self.parts.bus.subscribe("room", "*", capacity=10_000)
        while True:
            message = await box.receive(60.0)
            if message is None:
                continue
            if isinstance(message.payload, MonitorReported) and _can_be_shown(message.payload):
                self._monitors[message.payload.monitor] = (time.monotonic(), message.payload)
            if message.topic.partition(".")[0] in ("incident", "task", "monitor"):
                self.changed()

    async def follow_files(self) -> None:
        """Saved files reach the supervisor within milliseconds."""
        async for paths in watch(self.parts.workspace.root, WATCHED, self.stop_watching):
            kernels = [path for path in paths if path.startswith("kernels/")]
            if kernels:
                self.supervisor.files_changed(kernels)
            if FILE in paths:
                await self.rereading.look()
            self.parts.bus.publish(FilesChanged.topic, FilesChanged(paths), source="room")

    def _record(self, failed: KernelFailed) -> None:
        record = self.parts.book.record(failed)
        if record.phase == "block":
            self.guarding.recorded(record)

    def _on_kernel_state(self, event: KernelStateChanged) -> None:
        # It may have failed since.
        if event.new == "running" and self.supervisor.child(event.kernel).state == "running":
            self.parts.book.kernel_running(event.kernel, "supervisor")
        elif event.new == "quarantined":
            self.parts.book.kernel_quarantined(event.kernel, event.reason, "supervisor")

    def spared(self, duty: Callable[[], object]) -> bool:
        """Do one of the room's duties; a full disk or a defect costs this turn of it, never the room."""
        try:
            duty()
        except Exception as error:
            self.trouble(getattr(duty, "__name__", "recording"), error)
            return False
        return True

    def _note_known(self) -> None:
        records = self.supervisor.records()
        self.known.note(record.name for record in records if record.state == "running" and record.path != FILE)

    def _tick(self) -> None:
        self.parts.bus.publish(Tick.topic, Tick(time.time()), source="room")

    def _measure(self) -> None:
        self._meter.read()
        self._lag = self.beat.take_lag()
        self._bus_rate.read(self.parts.bus.published, time.monotonic())


@asynccontextmanager
async def open_room(
    workspace: Workspace,
    settings: Settings,
    hub: ViewHub,
    *,
    may_load: anyio.Event | None = None,
    give_up: GiveUp | None = None,
    abandoned: Abandoned | None = None,
) -> AsyncIterator[Room]:
    """Open a room on the running loop; leaving the context stops the kernels in order and closes the stores.

    `give_up` opens the room anew where this loop is held for good; `abandoned` tells a room that it was opened so.
    """
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(anyio.create_task_group())
        parts = open_parts(workspace, settings)
        room = Room(tasks, parts, hub, settings, give_up)
        parts.open_book(room.beats)
        stack.callback(parts.close)
        room.healer = open_healer(room)
        stack.push_async_callback(room.healer.close)
        stack.push_async_callback(room.sources.close)
        room.supervisor = await stack.enter_async_context(open_supervisor(supervision(room, may_load)))
        stack.enter_context(_guarded(room))
        _add_kernels(room)
        for job in (room.record_failures, room.follow_events, room.publish_views, room.every_second, room.follow_files):
            tasks.start_soon(job, name=job.__name__)
        if abandoned is not None:
            room.guarding.take_over(abandoned)
        parts.audit.append({"actor": "room", "action": "room.opened", "resource": str(workspace.root)})
        try:
            yield room
        finally:
            room.closing = True
            if not room.fenced:
                await _close(room)
            tasks.cancel_scope.cancel()


async def _close(room: Room) -> None:
    room.spared(room.show)
    room.stop_watching.set()
    with anyio.CancelScope(shield=True):
        await room.supervisor.stop_all()
    room.spared(room.show)
    room.parts.audit.append({"actor": "room", "action": "room.closed", "resource": str(room.parts.workspace.root)})


def _can_be_shown(report: MonitorReported) -> bool:
    """Whether a kernel reported what screens can take."""
    try:
        msgspec.convert(dataclasses.asdict(report), MonitorReported)
    except (msgspec.ValidationError, TypeError):
        return False
    return True


def _add_kernels(room: Room) -> None:
    """Every kernel on disk, and those that should be there: a missing file is a failure to be seen, not an absence."""
    found = dict(room.parts.loader.names())
    expected = {*room.known.names, *room.settings.kernels}
    for name in sorted(expected - set(found)):
        found[name] = f"kernels/{name}.py"
    for name, path in found.items():
        if room.settings.kernel(name).command is not None:
            path = FILE
        room.supervisor.add(name, path, wanted=room.settings.kernel(name).enabled)


def open_healer(room: Room) -> Healer:
    """Open the repair library on this room, after what a killed room left half done is put right."""
    parts = room.parts
    healer = Healer(
        parts.workspace.root,
        parts.workspace.state,
        parts.book,
        parts.queue,
        Hooks(room),
        parts.clock,
        watch_seconds=room.settings.repair.watch_window,
    )
    for recovered in healer.recover():
        parts.log.warning("a half-done repair was put right", repair=str(recovered))
    parts.queue.release_orphans()
    return healer


@contextmanager
def _guarded(room: Room) -> Iterator[None]:
    """Watch over the loop from another thread."""
    room.beat.start()
    guard = room.guarding.guard()
    guard.start()
    try:
        yield
    finally:
        room.beat.stop()
        guard.stop()
