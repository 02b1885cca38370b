"""The playbooks in force: read in a thread when somebody first needs them, and again when a file changes."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import anyio.to_thread

from grace_tui.healing.playbooks.actions import Actions
from grace_tui.healing.playbooks.arguments import Known
from grace_tui.healing.playbooks.library import Library, Stamp, read_library, stamp
from grace_tui.healing.playbooks.model import Playbook
from grace_tui.healing.playbooks.namespace import judged
from grace_tui.healing.playbooks.owned import Owned
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.spelling import nearest

LATE_LOOKS = 10
"""Looks after which the files are read although nobody needed them yet: a person wants to hear of mistakes."""
Seen = tuple[Stamp, frozenset[str]]
"""The workspace's files, and the kernels that playbooks may name."""


class Shelf:
    def __init__(
        self, shipped: Path, own: Path, actions: Actions, owned: Owned, changed: Callable[[Library], None]
    ) -> None:
        self.shipped, self.own, self.actions = shipped, own, actions
        self.owned, self.changed = owned, changed
        self._library: Library | None = None
        self._seen: Seen | None = None
        self._reading: asyncio.Task[None] | None = None
        self._looks = 0

    @property
    def library(self) -> Library:
        """Read where it stands if nobody has had it read yet; `ready` does so beside the loop."""
        return self._library or self._take(*self.read())

    async def ready(self) -> None:
        if self._library is None:
            await asyncio.shield(self._refreshing())

    def look(self) -> None:
        """Have the files read again if another is there than the last time. Cheap."""
        self._looks += 1
        if self._now() != self._seen if self._library is not None else self._looks >= LATE_LOOKS:
            self._refreshing()

    def find(self, name: str) -> Playbook:
        """
        Raises:
            GraceError: there is none of that name.
        """
        found = self.library.playbooks.get(name)
        if found is None:
            raise GraceError(f'there is no playbook "{name}"; {nearest(name, self.library.playbooks)}')
        return found

    def read(self) -> tuple[Library, Seen]:
        """Read every file; what was seen is older than what was read, so that a change meanwhile is noticed."""
        seen = self._now()
        library = read_library(self.shipped, self.own, Known(self.actions.catalogue(), seen[1]), self._library)
        judged("true").holds({})  # what evaluates them is imported here, beside the loop
        return library, seen

    def _refreshing(self) -> "asyncio.Task[None]":
        """One reading at a time."""
        if self._reading is None or self._reading.done():
            self._reading = self.owned.begin(self._refresh())
        return self._reading

    async def _refresh(self) -> None:
        self._take(*await anyio.to_thread.run_sync(self.read))

    def _take(self, library: Library, seen: Seen) -> Library:
        before, self._library, self._seen = self._library, library, seen
        if not library.is_as(before):
            self.changed(library)
        return library

    def _now(self) -> Seen:
        return stamp(self.own), self.actions.kernels()
