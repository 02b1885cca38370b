"""The command palette: every command of the key table, and the common acts on each kernel by name."""

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from grace_tui.faces.ui import commands
from grace_tui.faces.ui.keys import ROOM_KEYS
from grace_tui.faces.ui.screens.room import RoomScreen


class RoomCommands(Provider):
    async def discover(self) -> Hits:
        for text, help_text, call in self._of_keys():
            yield DiscoveryHit(Content(text), call, text, help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, help_text, call in (*self._of_keys(), *self._of_kernels()):
            if (score := matcher.match(text)) > 0:
                # Content, not a string: names are data, and data has no markup.
                yield Hit(score, Content(text), call, text, help_text)

    def _of_keys(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        for key in ROOM_KEYS:
            if key.palette:
                yield f"{key.word}  ({key.shown})", key.help, partial(self._run, key.action)

    async def _run(self, action: str) -> None:
        await self.screen.run_action(action)

    def _of_kernels(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        room = self.screen
        if not isinstance(room, RoomScreen) or room.control.view is None:
            return
        for kernel in room.control.view.kernels:
            name = kernel.name
            target = commands.Target("kernel", name, name)
            yield f"open {name}", "Its page", partial(room.post_message, RoomScreen.OpenRequested(target))
            yield f"restart {name}", "Restart the kernel", partial(room.act, commands.restart(name))
            yield f"logs {name}", "The kernel's log", partial(room.control.open_logs, name)
            for command in (commands.pause_or_resume(kernel), commands.stop_or_start(kernel)):
                verb = command.verb.removeprefix("kernel.")
                yield f"{verb} {name}", f"{verb.capitalize()} the kernel", partial(room.act, command)
