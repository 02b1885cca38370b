"""Actions on the workspace's own files: keep them, look for an older copy of one, and bring it back.

A file is brought back only where nobody changed it since it was looked at, and what was there is kept first. A copy
that is broken itself is passed over for an older one.
"""

import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import anyio.to_thread

from grace_tui.disk import FileMoved, file_digest, sync_folder
from grace_tui.healing.kept_files import is_kept
from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.healing.snapshots import Fits
from grace_tui.kernel.parsing import parse_module
from grace_tui.kernel.records import SnapshotRecord
from grace_tui.kernel.spelling import ago, plural
from grace_tui.room.actions.act import Act, Undo
from grace_tui.room.actions.asked import Asked, undo_text

if TYPE_CHECKING:
    from grace_tui.room.core import Room

REFUSED = ("policies",)
"""What may be done is for people to say: an older policy may allow more."""


async def take_snapshot(room: "Room", asked: Asked) -> Done:
    reason = asked.text("reason") or f"for {asked.call.incident.id}"
    taken = await room.parts.snapshots.take(f"{reason} (by {asked.by})")
    return Done(f"{taken.id}: {plural(taken.files, 'file')}")


async def find_copy(room: "Room", asked: Asked) -> Done:
    name, found = await _named(room, asked)
    kept = await _intact(room, asked, name, found)
    return Done(f"{kept.id}, taken {ago(room.parts.clock.time() - kept.at)}, has an intact copy of {name}")


async def restore_file(room: "Room", asked: Asked) -> Done:
    snapshots = room.parts.snapshots
    name, found = await _named(room, asked)
    chosen = asked.text("snapshot") or (await _intact(room, asked, name, found)).id
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


async def _named(room: "Room", asked: Asked) -> tuple[str, str]:
    """The file that is meant, and the digest of what it is now."""
    name = asked.text("path") or asked.call.incident.provider
    await anyio.to_thread.run_sync(_check, room, name)
    return name, await anyio.to_thread.run_sync(file_digest, room.parts.workspace.root / name)


async def _intact(room: "Room", asked: Asked, name: str, found: str) -> SnapshotRecord:
    """The newest snapshot with another content of a file that can be read; one taken since may hold what is broken."""
    incident = asked.call.incident
    older = await room.parts.snapshots.older(name, found, incident.opened_at, _reads(name))
    if older.snapshot is not None:
        return older.snapshot
    if not older.looked_at:
        raise ActionFailed(f"no snapshot from before {incident.id} has another content of {name}")
    copies = plural(older.looked_at, "other copy", "other copies")
    raise ActionFailed(f"snapshots from before {incident.id} have {copies} of {name}, and none is intact")


def _reads(name: str) -> Fits:
    """Whether what is called so can be read at all; of what is no source, nobody can tell."""
    suffix = PurePosixPath(name).suffix

    def reads(data: bytes) -> bool:
        try:
            if suffix == ".py":
                parse_module(data)
            elif suffix == ".toml":
                tomllib.loads(data.decode())
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        return True

    return reads


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


ACTS = {
    "take_snapshot": Act(take_snapshot),
    "find_copy": Act(find_copy),
    "restore_file": Act(restore_file, restore_file_undo),
}
