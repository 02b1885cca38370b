"""Before any kernel is tried: compile those whose files changed since they last ran well, and name what does not.

Called once when the room opens. The record of what ran well is trigger_mesh's; without one there is nothing to compare.
"""

from typing import TYPE_CHECKING

import anyio.to_thread

if TYPE_CHECKING:
    from grace_tui.healing.triggers.changed import Broken
    from grace_tui.room.core import Room

KIND, RULE = "SyntaxBroken", "syntax_broken"
"""As in the shipped rule, which takes over the incident that is opened here, and resolves it."""


async def scan_before_boot(room: "Room") -> None:
    """Open an incident for every changed kernel file that does not compile."""
    found = await anyio.to_thread.run_sync(_broken, room)
    for one in found:
        kernel = one.file.split("/")[1].removesuffix(".py")
        facts = {"rule": RULE, "subject": one.file, "value": 1, "threshold": 1, "unit": "files"}
        facts |= {"file": one.file, "line": one.line, "before_boot": True}
        text = f"{one.file} does not compile: {one.problem}"
        room.parts.book.report(kernel, KIND, text, by="room", facts=facts)


def _broken(room: "Room") -> "list[Broken]":
    from grace_tui.healing.triggers.changed import FILE, HealthyRecord, broken

    workspace = room.parts.workspace
    if not (workspace.state / FILE).exists():
        return []
    changes = HealthyRecord(workspace.state).changes(workspace.root)
    return broken(workspace.root, [file for change in changes for file in change.files])
