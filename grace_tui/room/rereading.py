"""Follows grace.toml while the room is open. Called by the room when the file is saved, and by `kernel start|restart`.

What is new starts; what is down takes what the file says now; what runs is left alone and told, until a person restarts
it. A file that cannot be used changes nothing. Tables besides `[kernels.NAME]` hold from the room's opening on.
"""

from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import msgspec

from grace_tui.kernel.errors import GraceError
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.states import DOWN
from grace_tui.settings import KernelSettings, Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from grace_tui.room.core import Room

FILE = "grace.toml"
AT_REST = DOWN | {"stopped", "completed"}


class Rereading:
    """`room.settings.kernels` is what the kernels have; `room.settings` without them is what the room opened with."""

    def __init__(self, room: "Room") -> None:
        self.room = room
        self.said = ""
        """The banner that is ours; another's is left alone."""
        self.gone: set[str] = set()
        """Kernels that the file named when they started, and names no more."""

    async def look(self) -> None:
        """The file was saved: take what can be taken, and say what waits."""
        try:
            new = await self._read()
            if new is not None:
                self._take_all(new)
        except SettingsError as error:
            place = f"{FILE}:{error.line}" if error.line else FILE
            self._say(f"{place}: {error.problem}; what was read before stays in force")
        except Exception as error:  # a defect here must not end the room, which goes on as it was
            self.room.trouble(f"reading {FILE} again", error)

    async def renew(self, name: str) -> None:
        """Give a kernel that is about to start what the file says of it now.

        Raises:
            SettingsError: the file cannot be used; nothing was changed.
            GraceError: the file does not have this command any more.
        """
        new = await self._read()
        if new is None or not self._differs(name, new):
            return
        if _is_gone(name, new, self.room.settings):
            raise GraceError(f"{name} is not in {FILE} any more; it can only be stopped")
        self._use(name, new.kernel(name))

    async def _read(self) -> Settings | None:
        """What the file says; None without one: then what the room was opened with stays."""
        path = self.room.parts.workspace.settings_file

        def read() -> Settings | None:
            return load_settings(path) if path.exists() else None

        found = await anyio.to_thread.run_sync(read)
        return None if found is None else self.room.replicas.over(found)

    def _take_all(self, new: Settings) -> None:
        for name in {*new.kernels, *self.room.settings.kernels}:
            self._take(name, new)
        same = _rest(new) == _rest(self.room.settings)
        self._say("" if same else f"{FILE} changed; what is not of a kernel waits for the next opening of the room")

    def _differs(self, name: str, new: Settings) -> bool:
        return new.kernel(name) != self.room.settings.kernel(name)

    def _take(self, name: str, new: Settings) -> None:
        child = self.room.supervisor.children.get(name)
        self.gone.discard(name)
        if child is None:
            self._add(name, new.kernel(name))
        elif not self._differs(name, new):
            self._tell(child, "")
        elif _is_gone(name, new, self.room.settings):
            self.gone.add(name)
            self._tell(child, f"not in {FILE} any more; it runs until it is stopped")
            if child.state in AT_REST:
                self.room.family.gone(name, f"{name} is not in {FILE} any more")
        elif child.state in AT_REST:
            self._use(name, new.kernel(name))
            if child.wanted:
                self.room.supervisor.restart(name)
        else:
            self._tell(child, f"{FILE} changed; `kernel restart {name}` takes it")

    def _add(self, name: str, settings: KernelSettings) -> None:
        if settings.command is not None:
            self._use(name, settings)
            self.room.supervisor.add(name, FILE, wanted=settings.enabled)

    def _use(self, name: str, settings: KernelSettings) -> None:
        """From its next start on."""
        room = self.room
        kernels = {**room.settings.kernels, name: settings}
        room.settings = msgspec.structs.replace(room.settings, kernels=kernels)
        parts = room.supervisor.parts
        parts.settings = {**parts.settings, name: settings.options}
        parts.overrides = {**parts.overrides, name: settings.overrides}
        child = room.supervisor.children.get(name)
        if child is not None and parts.source is not None:
            child.settings, child.source = settings.options, parts.source(name)
            self._tell(child, "")
        room.parts.audit.append({"actor": "room", "action": "settings.taken", "resource": name})

    def _tell(self, child: Child, text: str) -> None:
        """Where the reason of a kernel's state stands; only what was said here is taken back."""
        if text or FILE in child.detail:
            child.detail = text
            self.room.changed()
        if text:
            child.log.info(text)

    def _say(self, text: str) -> None:
        if self.room.banner == self.said:
            self.said = text
            self.room.set_banner(text)
        if text:
            self.room.parts.log.warning(text)


def _is_gone(name: str, new: Settings, used: Settings) -> bool:
    return used.kernel(name).command is not None and new.kernel(name).command is None


def _rest(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, kernels={})
