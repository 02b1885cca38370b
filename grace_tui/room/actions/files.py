"""Actions on the workspace's own files: keep them, and bring one back.

A file is brought back only where nobody changed it since it was looked at, and what was there is kept first.
"""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import anyio.to_thread

from grace_tui.disk import FileMoved, file_digest, sync_folder
from grace_tui.healing.kept_files import is_kept
from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.room.actions.act import Act, Undo
from grace_tui.room.actions.asked import Asked, undo_text

if TYPE_CHECKING:
    from grace_tui.room.core import Room

REFUSED = ("policies",)
"""What may be done is for people to say: an older policy may allow more."""


async def take_snapshot(room: "Room", asked: Asked) -> Done:
    reason = asked.text("reason") or f"for {asked.call.incident.id}"
    taken = await room.parts.snapshots.take(f"{reason} (by {asked.by})")
    return Done(f"{taken.id}: {taken.files} files")


async def restore_file(room: "Room", asked: Asked) -> Done:
    snapshots, root = room.parts.snapshots, room.parts.workspace.root
    name = asked.text("path") or asked.call.incident.provider
    await anyio.to_thread.run_sync(_check, room, name)
    found = await anyio.to_thread.run_sync(file_digest, root / name)
    # One that was taken since may hold what is broken.
    chosen = asked.text("snapshot") or await snapshots.newest_other(name, found, asked.call.incident.opened_at)
    if not chosen:
        raise ActionFailed(f"no snapshot from before {asked.call.incident.id} has another content of {name}")
    wanted = await snapshots.digest_in(chosen, name)
    if wanted == found:
        raise ActionFailed(f"{name} is in {chosen} what it is on disk")
    before = await snapshots.take(f"before {name} is brought back for {asked.call.incident.id}")
    undo = {"path": name, "snapshot": before.id, "was": found, "is": wanted}
    asked.call.keep(undo)
    await _bring_back(room, chosen, name, found)
    return Done(f"{name} is what it was in {chosen}", undo=undo)


async def restore_file_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    name, was, now = undo_text(undo, "path"), undo_text(undo, "was"), undo_text(undo, "is")
    await anyio.to_thread.run_sync(_check, room, name)
    if await anyio.to_thread.run_sync(file_digest, room.parts.workspace.root / name) == was:
        return f"{name} is as it was already"
    if was:
        await _bring_back(room, undo_text(undo, "snapshot"), name, now)
    else:
        await anyio.to_thread.run_sync(_remove, room, name, now)
    return f"{name} is as it was before"


async def _bring_back(room: "Room", snapshot: str, name: str, expected: str) -> None:
    try:
        await room.parts.snapshots.restore(snapshot, [name], expected={name: expected})
    except FileMoved as moved:
        raise ActionFailed(f"{name} was changed meanwhile and is left as it is") from moved


def _remove(room: "Room", name: str, expected: str) -> None:
    """It was not there before: only what was brought back is taken away again."""
    path = room.parts.workspace.root / name
    if file_digest(path) != expected:
        raise ActionFailed(f"{name} was changed meanwhile and is left as it is")
    path.unlink()
    sync_folder(path.parent)


def _check(room: "Room", name: str) -> None:
    """Only the workspace's own files, each by its own name."""
    root = room.parts.workspace.root.resolve()
    parts = PurePosixPath(name).parts
    if not name:
        raise ActionFailed("no file is named, and the incident has no provider yet")
    if not is_kept(name) or any(part.startswith(".") for part in parts) or parts[0] in REFUSED:
        raise ActionFailed(f"{name} is not a file that playbooks may bring back")
    if (root / name).resolve() != root / name or (root / name).is_dir():
        raise ActionFailed(f"{name} is a link or a folder, not a file of the workspace")


ACTS = {"take_snapshot": Act(take_snapshot), "restore_file": Act(restore_file, restore_file_undo)}
