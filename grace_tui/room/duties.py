"""What a room does by itself: once a second, and whenever a kernel fails, a fact is published or a file is saved.

Each of `jobs` runs as a task of the room for as long as it is open.
"""

import asyncio
import functools
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from grace_tui.kernel.events import FilesChanged, KernelFailed, KernelStateChanged, MonitorReported, Tick
from grace_tui.room.remembering import tell_kept
from grace_tui.room.rereading import FILE
from grace_tui.runtime.reload.watcher import watch

if TYPE_CHECKING:
    from grace_tui.room.core import Room

WATCHED = ("kernels", "themes", "policies", "playbooks", "grace.toml")
SAVE_SECONDS = 30
"""Seconds between two savings of all kernels' states."""


class Duties:
    def __init__(self, room: "Room") -> None:
        self.room = room

    def jobs(self) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
        return (self.record_failures, self.follow_events, self.every_second, self.follow_files)

    async def every_second(self) -> None:
        """Measure, look after beats and saved states, make the audit log durable, give first aid where it is due."""
        room = self.room
        seconds = 0
        while True:
            await anyio.sleep(1.0)
            seconds += 1
            duties = [room.showing.measure, room.supervisor.second, self._note_known, self._tick]
            duties += [room.judging.measure, room.parts.grouping.look, room.parts.book.flush, room.silencing.look]
            duties += [room.evidence.look]
            duties += [room.playbooks.look, room.healer.follow_up.look, room.first_aid.look]
            duties += [room.supervisor.save_states] * (seconds % SAVE_SECONDS == 0)
            duties += [functools.partial(tell_kept, room)]
            for duty in duties:
                room.spared(duty)
            await anyio.to_thread.run_sync(room.spared, room.parts.audit.sync)

    async def record_failures(self) -> None:
        """Every failure of a kernel becomes an incident, whatever else is down, and is watched once it runs again."""
        box = self.room.parts.bus.subscribe("room", "kernel.*", capacity=10_000)
        while True:
            message = await box.receive(60.0)
            if message is None:
                continue
            await asyncio.sleep(0)  # whoever else hears of it comes first: recording takes most of a millisecond
            if isinstance(message.payload, KernelFailed):
                self.room.spared(functools.partial(self._record, message.payload))
            elif isinstance(message.payload, KernelStateChanged):
                self.room.spared(functools.partial(self._on_kernel_state, message.payload))

    async def follow_events(self) -> None:
        """Keep the monitors' reports and note what changes a screen."""
        box = self.room.parts.bus.subscribe("room", "*", capacity=10_000)
        while True:
            message = await box.receive(60.0)
            if message is None:
                continue
            if isinstance(message.payload, MonitorReported):
                self.room.showing.reported(message.payload)
            if message.topic.partition(".")[0] in ("incident", "task", "monitor", "playbook"):
                self.room.changed()

    async def follow_files(self) -> None:
        """Saved files reach the supervisor within milliseconds."""
        room = self.room
        async for paths in watch(room.parts.workspace.root, WATCHED, room.stop_watching):
            kernels = [path for path in paths if path.startswith("kernels/")]
            if kernels:
                room.supervisor.files_changed(kernels)
            if FILE in paths:
                await room.rereading.look()
            room.parts.bus.publish(FilesChanged.topic, FilesChanged(paths), source="room")

    def _record(self, failed: KernelFailed) -> None:
        record = self.room.parts.book.record(failed)
        if failed.phase == "block" == record.phase:
            self.room.guarding.recorded(record)

    def _on_kernel_state(self, event: KernelStateChanged) -> None:
        # It may have failed since.
        child = self.room.supervisor.children.get(event.kernel)
        if event.new == "running" and child is not None and child.state == "running":
            watch = self.room.healer.hooks.healthy_after(event.kernel)
            self.room.parts.book.kernel_running(event.kernel, "supervisor", watch)
        elif event.new == "quarantined":
            self.room.parts.book.kernel_quarantined(event.kernel, event.reason, "supervisor")

    def _note_known(self) -> None:
        records = self.room.supervisor.records()
        self.room.known.note(record.name for record in records if record.state == "running" and record.path != FILE)

    def _tick(self) -> None:
        self.room.parts.bus.publish(Tick.topic, Tick(time.time()), source="room")
