"""Remembers with which file a kernel was last healthy, and brings that file back. Used by the rescue of the healers.

The file itself is kept by a snapshot; here stands which. What is there is kept in a snapshot before it is replaced.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio.to_thread
import msgspec

from grace_tui.disk import atomic_write, file_digest

if TYPE_CHECKING:
    from grace_tui.room.core import Room


class Good(msgspec.Struct, frozen=True):
    path: str
    digest: str
    snapshot: str


class LastGood:
    def __init__(self, room: "Room", names: Sequence[str]) -> None:
        self.room, self.names = room, tuple(names)
        self.path = room.parts.workspace.state / "last_good.json"
        self._good = self._read()
        self._seen: dict[str, str] = {}
        """Versions that were looked at already in this room."""

    def look(self) -> None:
        """On the loop: a kernel that has run for long enough has a good file."""
        enough = self.room.settings.supervisor.healthy_after
        for name in self.names:
            if name not in self.room.supervisor.children:
                continue
            record = self.room.supervisor.record(name)
            settled = record.state == "running" and record.since >= enough and record.version
            if settled and self._seen.get(name) != record.version:
                self._seen[name] = record.version
                self.room.tasks.start_soon(self._note, name, record.path, record.version, name="last good")

    async def restore(self, name: str) -> str:
        """Bring the last good file back, where it changed since; returns what was done, empty where nothing was.

        Raises:
            GraceError: the snapshot is gone or damaged, or the file changed meanwhile; it is left as it is.
        """
        good = self._good.get(name)
        if good is None:
            return ""
        file = self.room.parts.workspace.root / good.path
        found = await anyio.to_thread.run_sync(file_digest, file)
        if found == good.digest:
            return ""
        await self.room.parts.snapshots.restore(good.snapshot, [good.path], expected={good.path: found})
        return f"{good.path} was brought back as it was when {name} last worked"

    async def _note(self, name: str, path: str, version: str) -> None:
        """Remember the file that is loaded, kept by a snapshot; one that changed since is not the one that is good."""
        try:
            snapshot, digest = await self._kept(path, version)
        except Exception as error:  # a full disk costs this memory, never the room
            self.room.trouble(f"keeping the good file of {name}", error)
            return
        if not snapshot:
            return
        self._good = {**self._good, name: Good(path, digest, snapshot)}
        self.room.spared(self._write)

    async def _kept(self, path: str, version: str) -> tuple[str, str]:
        snapshots = self.room.parts.snapshots
        found = await anyio.to_thread.run_sync(file_digest, self.room.parts.workspace.root / path)
        if not found.startswith(version):
            return "", ""
        for record in snapshots.all():
            if await snapshots.digest_in(record.id, path) == found:
                return record.id, found
        taken = await snapshots.take(f"{path} works")
        return taken.id, found

    def _write(self) -> None:
        atomic_write(self.path, msgspec.json.encode(self._good), mode=0o600, durable=False)

    def _read(self) -> dict[str, Good]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, Good])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as problem:
            self.room.parts.log.warning("which files were good is not known any more", problem=str(problem))
            return {}
