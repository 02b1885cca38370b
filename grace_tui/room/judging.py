"""The values of this moment that conditions of playbooks judge by: an incident, its kernel, the machine, who heals.

Names and kinds stand in `grace_tui.healing.playbooks.namespace`; what cannot be told is left out, so that a condition
which needs it does not hold.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from grace_tui.kernel.records import IncidentRecord, KernelRecord
from grace_tui.room.measure import HostMeter

if TYPE_CHECKING:
    from grace_tui.room.core import Room

INCIDENT = (
    "id",
    "kernel",
    "kind",
    "phase",
    "state",
    "title",
    "message",
    "count",
    "owner",
    "provider",
    "signature",
    "coarse",
    "route",
)
MEGABYTE = 1024 * 1024


class Judging:
    """Made once a room; on its loop."""

    def __init__(self, room: "Room") -> None:
        self.room = room
        self.host = HostMeter(room.parts.workspace.root)

    def measure(self) -> None:
        """Once a second."""
        self.host.read()

    def values(self, incident: IncidentRecord) -> Mapping[str, Any]:
        room = self.room
        about = {name: getattr(incident, name) for name in INCIDENT}
        return {
            "incident": {**about, "rate": room.parts.book.rate(incident.id)},
            "kernel": self._kernel(incident.kernel),
            "host": asdict(self.host.latest),
            "facts": incident.facts,
            "agent": self._healing("coding_agent"),
            "healer": self._healing("self_healing"),
        }

    def _kernel(self, name: str) -> Mapping[str, Any]:
        """Empty for what is no kernel, such as the room itself."""
        if name not in self.room.supervisor.children:
            return {}
        record = self.room.supervisor.record(name)
        return {
            "name": record.name,
            "state": record.state,
            "critical": record.critical,
            "tier": record.tier,
            "restarts": record.restarts,
            "window_restarts": record.window_restarts,
            "budget": record.budget,
            "beat_age": record.beat_age,
            "isolation": record.isolation,
            "moved": bool(record.moved),
            "group": self.room.settings.kernel(name).group,
            "queue": self.room.parts.bus.statistics().depths.get(name, 0),
            "waits_for": record.waits_for,
            **_vitals(record),
        }

    def _healing(self, name: str) -> Mapping[str, Any]:
        """One of the two that heal; absent where there is no such kernel: a condition may ask for that."""
        child = self.room.supervisor.children.get(name)
        return {"name": name, "state": child.state if child else "absent"}


def _vitals(record: KernelRecord) -> Mapping[str, Any]:
    """Only a kernel with a process of its own has any."""
    if record.vitals is None:
        return {}
    return {"cpu_percent": record.vitals.cpu_percent, "rss_mb": round(record.vitals.rss_bytes / MEGABYTE, 1)}
