"""What the incident book is told of the room's kernels, and what the room does when the book lets one of them go.

Made by the room once its kernels are known; everything here runs on the room's loop.
"""

from typing import TYPE_CHECKING

from grace_tui.healing.incidents.rows import TRIGGER
from grace_tui.runtime.supervisor.needs import UP

if TYPE_CHECKING:
    from grace_tui.room.core import Room

NAME = "room"
INIT = "/__init__.py"


class RoomFamily:
    """Who requires whom and who is up; the incidents of kernels that are gone end here."""

    def __init__(self, room: "Room") -> None:
        self.room = room

    def meet(self) -> None:
        """Once, as soon as the room's kernels are known."""
        book = self.room.parts.book
        book.join_family(self)
        book.released = self.released
        self._forget_absent()

    def requires(self, kernel: str) -> tuple[str, ...]:
        child = self.room.supervisor.children.get(kernel)
        return child.spec.requires if child else ()

    def is_up(self, kernel: str) -> bool:
        child = self.room.supervisor.children.get(kernel)
        return child is not None and (child.state in UP or child.state == "completed")

    def made_from(self, file: str) -> tuple[str, ...]:
        return tuple(name for name, child in self.room.supervisor.children.items() if _holds(child.path, file))

    def released(self, kernel: str, incident_id: str) -> None:
        """The cause of a kernel's failures is over: what they brought into quarantine is tried again."""
        child = self.room.supervisor.children.get(kernel)
        if child is None or child.state != "quarantined" or not child.wanted:
            return
        self.room.supervisor.start(kernel)
        reason = f"{incident_id}, which explained its failures, is resolved"
        self.room.parts.audit.append({"actor": NAME, "action": "kernel.start", "resource": kernel, "reason": reason})
        self.room.parts.log.info("tried again", kernel=kernel, reason=reason)

    def gone(self, kernel: str, reason: str) -> None:
        """A kernel was taken out of the room."""
        for record in self.room.parts.book.kernel_gone(kernel, reason, NAME):
            act = {"actor": NAME, "action": "incident.resolve", "resource": record.id, "reason": reason}
            self.room.parts.audit.append(act)

    def _forget_absent(self) -> None:
        """Nothing could end the incidents of kernels that this room does not have any more."""
        for kernel in {record.kernel for record in self.room.parts.book.all() if record.phase != TRIGGER}:
            if kernel not in self.room.supervisor.children:
                self.gone(kernel, f"{kernel} is not a kernel of this room any more")


def _holds(path: str, file: str) -> bool:
    """Whether a file is a kernel's own, or of its folder."""
    return file == path or (path.endswith(INIT) and file.startswith(path.removesuffix(INIT) + "/"))
