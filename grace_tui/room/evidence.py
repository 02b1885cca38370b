"""What the evidence of incidents is made from in an open room, and what the room tells of it.

Made with the room, before its supervisor. `sources` is called for every new incident on the loop; `look` once a second.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from grace_tui.healing.incidents.evidence.sources import BusLook, LogTail, Sources
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import SnapshotRecord
from grace_tui.room.last_well import LastWell

if TYPE_CHECKING:
    from grace_tui.room.core import Room

NAME = "evidence"
SAVE_SECONDS = 30.0

ORDER = "# files in the order of their names; with - what they were then, with + what they are now\n"


class RoomEvidence:
    def __init__(self, room: "Room") -> None:
        self.room = room
        self.last_well = LastWell(room.parts.workspace.state / "last_well.json")
        self._told = ""
        self._save_at = 0.0

    def sources(self) -> Sources:
        """Where the parts of a bundle come from."""
        bus = self.room.parts.bus
        return Sources(
            log=self._log,
            beats=self._beats,
            bus=lambda kernel: BusLook(bus.statistics(), bus.mailboxes(kernel)),
            settings=lambda: self.room.settings,
            measured=self._measured,
            changes=self._changes,
        )

    def look(self) -> None:
        """Note which kernels are well, let the evidence do what is due, and say whether it is kept."""
        now = time.monotonic()
        children = self.room.supervisor.children.items()
        self.last_well.note([name for name, child in children if child.state == "running"], time.time())
        if now >= self._save_at:
            self._save_at = now + SAVE_SECONDS
            self.last_well.save()
        parts = self.room.parts
        parts.evidence.look(parts.book.all, parts.book.unbundled)
        self._tell(parts.evidence.problem)

    def close(self) -> None:
        self.room.spared(self.last_well.save)

    def _tell(self, problem: str) -> None:
        if problem == self._told:
            return
        self._told = problem
        log = self.room.parts.log
        if problem:
            log.warning(f"the evidence of incidents is lost: {problem}")
        else:
            log.info("the evidence of incidents is kept again")
        self.room.warn(NAME, f"evidence is lost: {problem}" if problem else "")

    def _log(self, kernel: str) -> LogTail:
        log = self.room.parts.logs.get(kernel)
        return LogTail(log.tail(), log.told) if log else LogTail()

    def _beats(self, kernel: str) -> object:
        child = self.room.supervisor.children.get(kernel)
        return {} if child is None else self.room.supervisor.record(kernel)

    def _measured(self) -> Mapping[str, object]:
        return self.room.showing.measured()

    # ---- in a thread of the evidence's

    def _changes(self, kernel: str) -> str:
        """What changed in the workspace since the kernel was last well: against the newest snapshot from before then.

        Raises:
            GraceError: there is no snapshot at all, or it went meanwhile.
        """
        snapshots = self.room.parts.snapshots
        well = self.last_well.at(kernel)
        newest = snapshots.all()
        if not newest:
            raise GraceError("there is no snapshot yet to compare with")
        chosen = next((each for each in newest if well is not None and each.at <= well), None)
        head = _why(kernel, well, chosen, newest[-1])
        diff = snapshots.diff((chosen or newest[-1]).id)
        return head + (ORDER + diff if diff else "nothing has changed\n")


def _why(kernel: str, well: float | None, chosen: SnapshotRecord | None, oldest: SnapshotRecord) -> str:
    """Which snapshot the differences are to, and why that one."""
    taken = chosen or oldest
    lines = [f"# against snapshot {taken.id} of {_moment(taken.at)}: {taken.reason}"]
    if well is None:
        lines.append(f"# {kernel} was never seen running here, so this is the oldest snapshot")
    else:
        lines.append(f"# {kernel} was last seen running at {_moment(well)}")
    if well is not None and chosen is None:
        lines.append("# there is no snapshot from before then, so this is the oldest")
    return "\n".join([*lines, ""])


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
