"""Opens a room with its faces: in this terminal, or in the background behind the workspace's socket.

The screens live on the main thread's loop, the kernels on the supervisor's; neither waits for the other.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from grace_tui.faces.remote.server import open_server
from grace_tui.faces.remote.server.peers import Peer
from grace_tui.faces.remote.server.wire import Answer
from grace_tui.room.callers import caller, person_of
from grace_tui.room.hub import ViewHub
from grace_tui.room.stage import Script, Stage
from grace_tui.runtime.hosts import alive
from grace_tui.runtime.storage import KernelLog
from grace_tui.settings import Settings, load_settings
from grace_tui.workspace import Workspace

if TYPE_CHECKING:
    from textual.app import App
    from textual.driver import Driver

    from grace_tui.faces.remote.channel import ChannelInfo
    from grace_tui.faces.remote.screens import ScreenHost
    from grace_tui.faces.remote.server.listener import RoomServer

CLOSE_SECONDS = 40.0
"""How long a room may take to close before the process ends without it."""
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def open_in_terminal(
    workspace: Workspace, *, script: Script | None = None, after: Callable[[], None] | None = None
) -> int:
    """Open the room here; when the terminal goes away, its screen ends and the room goes on behind its socket.

    `script` drives the room by itself while it is watched, such as a drill; `after` is called when it has closed, since
    the process ends with it.
    """
    settings = load_settings(workspace.settings_file)
    try:
        code = asyncio.run(_in_terminal(workspace, settings, script))
    finally:
        if after is not None:
            after()
    return _ended(code)


def serve_detached(workspace: Workspace) -> int:
    """Hold the room open behind its socket until it is told to close."""
    settings = load_settings(workspace.settings_file)
    return _ended(asyncio.run(_detached(workspace, settings)))


def _ended(code: int) -> int:
    """Leave at once: a kernel's thread that does not end must not keep a closed room's process, nor outlive it."""
    alive.kill_all()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def _in_terminal(workspace: Workspace, settings: Settings, script: Script | None) -> int:
    from grace_tui.faces.remote.local import run_local

    stage = Stage(workspace, settings, ViewHub(), screen_first=True, script=script)
    async with _faces(stage) as (screens, _):
        stage.start()
        watching = asyncio.ensure_future(stage.ended.wait())
        screen = asyncio.ensure_future(run_local(screens))
        await asyncio.wait((screen, watching), return_when=asyncio.FIRST_COMPLETED)
        if not screen.done():  # the room was closed from elsewhere: by a signal, or by `down`
            await screens.close_all()
        reason = await screen
        if reason == "lost" and script is None:
            await watching
        else:
            stage.stop()
            await watching
    return await _close(stage)


async def _detached(workspace: Workspace, settings: Settings) -> int:
    stage = Stage(workspace, settings, ViewHub())
    async with _faces(stage):
        stage.start()
        await stage.ended.wait()
    return await _close(stage)


@asynccontextmanager
async def _faces(stage: Stage) -> "AsyncIterator[tuple[ScreenHost, RoomServer]]":
    """Screens and the socket, on this loop."""
    from grace_tui.faces.remote.screens import open_screens

    log = KernelLog(stage.workspace.logs / "faces.jsonl", "faces")
    counted = _ScreenCounter(stage)
    try:
        async with (
            open_screens(
                _app_maker(stage, counted),
                on_crash=lambda info, text: log.error("a screen crashed", kind=info.kind, traceback=text),
                on_print=lambda stream, line: log.info(line, stream=stream),
            ) as screens,
            open_server(
                stage.workspace.socket,
                screens,
                _answer_peers(stage),
                on_error=lambda verb, error: log.error("a command broke", verb=verb, error=repr(error)),
            ) as server,
        ):
            counted.screens = screens
            stage.on_view(_publisher(stage, server, counted))
            with _signals(stage):
                yield screens, server
    finally:
        log.close()


class _ScreenCounter:
    """Tells the room how many screens look at it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.screens: ScreenHost | None = None
        self.told = -1

    def tell(self) -> None:
        count = self.screens.count if self.screens else 0
        if count != self.told:
            self.told = count
            self.stage.set_screens(count)


def _app_maker(stage: Stage, counted: _ScreenCounter) -> "Callable[[ChannelInfo, type[Driver]], App[Any]]":
    """Make the App of one screen. Textual is imported at the first one, so that a detached room does not pay for it."""

    def make(info: "ChannelInfo", driver_class: "type[Driver]") -> "App[Any]":
        from grace_tui.faces.ui.app import RoomApp

        async def ask(verb: str, arguments: Mapping[str, object]) -> Mapping[str, Any]:
            if info.read_only and not _only_reads(verb):
                return {"ok": False, "text": "this screen is read-only"}
            return await stage.ask(verb, arguments, by=f"{info.kind} screen")

        local = info.kind == "local"
        if local:
            # A terminal that takes no output must not keep the kernels from starting.
            asyncio.get_running_loop().call_later(FIRST_PAINT_SECONDS, stage.screen_is_up)
        return RoomApp(
            stage.hub,
            ask,
            theme=stage.settings.screen.theme or "grace",
            driver_class=driver_class,
            leave="quit" if local else "detach",
            user=_user(),
            read_only=info.read_only,
            theme_folders=(stage.workspace.themes,),
            painted=stage.screen_is_up if local else _nothing,
        )

    return make


FIRST_PAINT_SECONDS = 1.0
"""How long kernels wait for the first screen to be painted before they are imported all the same."""


def _nothing() -> None:
    """A screen from elsewhere holds nothing up."""


def _user() -> str:
    """Who acts on a screen: local ones and those of the socket are this process's own user's."""
    return person_of(caller(os.getuid()))


def _only_reads(verb: str) -> bool:
    from grace_tui.room.commands import COMMANDS

    return verb in COMMANDS and not COMMANDS[verb].acts


def _answer_peers(stage: Stage) -> "Callable[[str, dict[str, Any], Peer], Any]":
    async def carry_out(verb: str, arguments: dict[str, Any], peer: Peer) -> Answer:
        answer = await stage.ask(verb, arguments, by=caller(peer.uid))
        return Answer(bool(answer["ok"]), str(answer["text"]), answer.get("data", {}))

    return carry_out


def _publisher(stage: Stage, server: "RoomServer", counted: _ScreenCounter) -> Callable[[], None]:
    """Hand new views to the socket's watchers, on this loop."""

    def publish() -> None:
        counted.tell()
        view = stage.hub.latest()
        if view is not None:
            server.publish(view)

    return publish


class _signals:
    """SIGINT and SIGTERM close the room in order; a second one ends the process at once."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.asked = False

    def __enter__(self) -> None:
        for number in INTERRUPTS:
            asyncio.get_running_loop().add_signal_handler(number, self._close)

    def __exit__(self, *error: object) -> None:
        for number in INTERRUPTS:
            asyncio.get_running_loop().remove_signal_handler(number)

    def _close(self) -> None:
        if self.asked:
            alive.kill_all()
            os._exit(130)
        self.asked = True
        self.stage.stop()


async def _close(stage: Stage) -> int:
    """Wait for the supervisor's end; 1 where something other than a wish ended it."""
    closed = await asyncio.to_thread(stage.join, CLOSE_SECONDS)
    if stage.error is not None:
        print(f"grace-tui: the room ended by {type(stage.error).__name__}: {stage.error}", file=sys.stderr)
        return 1
    return 0 if closed else 1
