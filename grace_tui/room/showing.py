"""What screens see of a room: its measurements and the views that are made from them.

Owned by the room, on its loop. Whoever changes something that a screen shows calls `Room.changed`.
"""

import dataclasses
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio
import msgspec

from grace_tui.faces.views import RoomView
from grace_tui.healing.incidents.counting import Allowance
from grace_tui.kernel.events import MonitorReported
from grace_tui.kernel.records import KernelRecord
from grace_tui.room import telling_silences
from grace_tui.room.measure import ProcessMeter, RateMeter
from grace_tui.room.viewing import Gauges, Shown, host_name, lost, monitor_views, recognition_view, room_view
from grace_tui.runtime.guard import Lag
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.needs import is_met

if TYPE_CHECKING:
    from grace_tui.room.core import Room

QUIET_SECONDS = 1.0
"""A view is made at least this often, so that ages and uptime move."""
GATHER_SECONDS = 0.005
"""What changes together is shown together: a failure, its restart and its incident are a few milliseconds apart."""
AT_ONCE = 3
"""Views that may follow one another without a pause after a rest, so that news need not wait for a turn."""


class Showing:
    def __init__(self, room: "Room") -> None:
        self.room = room
        self.booted = False
        self._lag = Lag()
        self._changed = anyio.Event()
        self._meter, self._bus_rate = ProcessMeter(), RateMeter()
        self._monitors: dict[str, tuple[float, MonitorReported]] = {}

    def changed(self) -> None:
        """Something a screen shows is different; a view follows within a tenth of a second."""
        self._changed.set()

    def reported(self, report: MonitorReported) -> None:
        """Keep what a monitor says, where screens can take it."""
        if _can_be_shown(report):
            self._monitors[report.monitor] = (time.monotonic(), report)

    def measure(self) -> None:
        """Read what is measured once a second."""
        self._meter.read()
        self._lag = self.room.beat.take_lag()
        self._bus_rate.read(self.room.parts.bus.published, time.monotonic())

    def measured(self) -> Mapping[str, object]:
        """What was read last, as plain data."""
        return {
            "cpu_percent": self._meter.latest.cpu_percent,
            "rss_bytes": self._meter.latest.rss_bytes,
            "loop_lag_ms": round(self._lag.worst * 1000, 2),
            "loop_lag_p99_ms": round(self._lag.p99 * 1000, 2),
            "messages_a_second": round(self._bus_rate.rate, 1),
            "uptime_seconds": round(time.monotonic() - self.room.up_since, 1),
        }

    async def publish(self) -> None:
        """Hand out a view when something changed, at most `screen_rate` a second, and once a second anyway."""
        views = Allowance(self.room.settings.room.screen_rate, AT_ONCE)
        while True:
            self._changed = anyio.Event()
            views.take(time.monotonic())
            if not self.room.spared(self.room.show):
                await anyio.sleep(QUIET_SECONDS)  # one that cannot be made now is not tried many times a second
            pause = max(views.wait(time.monotonic()), GATHER_SECONDS)
            await anyio.sleep(pause)
            with anyio.move_on_after(max(QUIET_SECONDS - pause, 0)):
                await self._changed.wait()
                await anyio.sleep(GATHER_SECONDS)

    def view(self) -> RoomView:
        """Make a view of this moment."""
        room = self.room
        kernels = room.supervisor.records()
        incidents = room.parts.book.all()
        monitors = (
            recognition_view(incidents, len(room.healer.knowledge())),
            *monitor_views(self._monitors, time.monotonic()),
        )
        shown = Shown(
            kernels=kernels,
            incidents=incidents,
            tasks=room.parts.queue.all(),
            monitors=monitors,
            runs=room.playbooks.runs(),
            silences=telling_silences.views(room.parts.silences),
            rate=room.parts.book.rate,
            hidden_by=room.parts.book.hidden_by,
            warnings=tuple(room.warnings.values()),
        )
        return room_view(room.hub.number(), time.time(), self._gauges(kernels), shown)

    def _gauges(self, kernels: tuple[KernelRecord, ...]) -> Gauges:
        room = self.room
        return Gauges(
            workspace=room.settings.room.name or str(room.parts.workspace.root),
            host=room.settings.room.host or host_name(),
            state=self._state(kernels),
            loop_lag_ms=round(self._lag.worst * 1000, 2),
            loop_lag_p99_ms=round(self._lag.p99 * 1000, 2),
            cpu_percent=self._meter.latest.cpu_percent,
            rss_bytes=self._meter.latest.rss_bytes,
            uptime=time.monotonic() - room.up_since,
            bus_rate=round(self._bus_rate.rate, 1),
            banner=room.banner,
            screens=room.screens,
        )

    def _state(self, kernels: tuple[KernelRecord, ...]) -> str:
        if self.room.closing:
            return "stopping"
        self.booted = self.booted or not any(map(self._is_booting, self.room.supervisor.children.values()))
        if not self.booted:
            return "booting"
        return "degraded" if lost(kernels) else "steady"

    def _is_booting(self, child: Child) -> bool:
        """Whether a kernel is still on its way; one that waits for another is where that one is."""
        if not child.wanted or child.state not in ("starting", "stopped"):
            return False
        family = self.room.supervisor.children
        return all(is_met(child.spec, family.get(name), name) for name in child.waits_for)


def _can_be_shown(report: MonitorReported) -> bool:
    """Whether a kernel reported what screens can take."""
    try:
        msgspec.convert(dataclasses.asdict(report), MonitorReported)
    except (msgspec.ValidationError, TypeError):
        return False
    return True
