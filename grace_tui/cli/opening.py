"""Opens the room of a workspace: here, in the background, or by joining the one that is open already.

Free of click, so that the bare call starts without it.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grace_tui.cli.exits import NO_ROOM, WRONG, Ended
from grace_tui.settings import load_settings
from grace_tui.workspace import Workspace, default_workspace, find_workspace, make_workspace

PATIENCE = 30.0
"""Seconds a detached room may take until it answers, and a closing one until it is gone."""
PAUSE = 0.05
DRILLS = ("seed",)
"""What `grace_tui.drill` can play, known without importing it."""
LEAVE = b"\x1b[?25h\x1b[?1049l"
"""Shows the cursor and leaves the alternate screen."""


def talk(text: str) -> None:
    """Say something to the person; stdout stays for data."""
    print(text, file=sys.stderr)


def chosen_workspace(folder: Path | None) -> Workspace:
    """Return the workspace a verb is about: the folder named, else the current one, else the default one."""
    if folder is None:
        return find_workspace() or default_workspace()
    found = find_workspace(folder)
    if found is None:
        raise Ended(f"{folder} has no kernels/; make a workspace of it with `grace-tui new {folder}`", WRONG)
    return found


def open_here(folder: Path | None = None, drill: str | None = None) -> int:
    """Open the room in this terminal, or join it where it is open already."""
    if drill:
        return show_drill(drill)
    need_terminal("open a room without one with `grace-tui up --detach`")
    workspace = ready_workspace(folder)
    if is_open(workspace.socket):
        return join(workspace)
    prepare(workspace)
    with splash(f"opening {workspace.root} …"):
        from grace_tui.room import open_in_terminal

        return open_in_terminal(workspace)


def show_drill(name: str) -> int:
    """Play a drill in this terminal, in a room of its own that stays open for a look."""
    need_terminal(f"rehearse without one with `grace-tui drill {name}`")
    with splash(f"planting the faults of drill {name} …"):
        from grace_tui.drill import show

        return show(name)


def prepare(workspace: Workspace) -> None:
    """Make what a room needs, and read its settings while they can still be refused in one line."""
    workspace.prepare()
    load_settings(workspace.settings_file)


@contextmanager
def splash(line: str) -> Iterator[None]:
    """Paint the first frame before the screens are imported, and leave it if they never come up."""
    from grace_tui.faces.ui.splash import splash_bytes

    columns, lines = shutil.get_terminal_size()
    truecolor = os.environ.get("COLORTERM") in ("truecolor", "24bit")
    _paint(splash_bytes(columns, lines, line, truecolor=truecolor))
    try:
        yield
    except BaseException:
        _paint(LEAVE)
        raise


def join(workspace: Workspace, read_only: bool = False) -> int:
    """Attach this terminal to the room that is open."""
    need_terminal("`grace-tui status` shows the room without one")
    from grace_tui.faces.remote.client import NoRoom, attach

    try:
        return attach(workspace.socket, read_only)
    except NoRoom as error:
        raise no_room(workspace) from error


def ready_workspace(folder: Path | None) -> Workspace:
    """Return the workspace to open, making the default one where it is needed and missing."""
    workspace = chosen_workspace(folder)
    if folder is None and workspace == default_workspace():
        talk(f"no workspace in {Path.cwd()}; using {workspace.root}")
        if not workspace.exists:
            make_workspace(workspace.root)
    return workspace


def open_detached(
    workspace: Workspace, command: Sequence[str] = (), patience: float = PATIENCE
) -> subprocess.Popen[bytes]:
    """Start the room in a session of its own and wait until it answers; it outlives this process.

    Raises:
        Ended: it ended, or did not answer in time; the message has the last of what it printed.
    """
    workspace.prepare()
    start = workspace.room_log.stat().st_size if workspace.room_log.exists() else 0
    with workspace.room_log.open("ab") as log:
        process = subprocess.Popen(
            command or (sys.executable, "-P", "-m", "grace_tui", "serve", "--workspace", str(workspace.root)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=workspace.root,
            start_new_session=True,
        )
    deadline = time.monotonic() + patience
    while not is_open(workspace.socket):
        if process.poll() is not None:
            raise Ended(f"the room ended at once (exit code {process.returncode}){_last_words(workspace, start)}")
        if time.monotonic() > deadline:
            process.terminate()
            process.wait()
            raise Ended(f"the room did not answer within {patience:g} s{_last_words(workspace, start)}")
        time.sleep(PAUSE)
    return process


def is_open(path: Path) -> bool:
    """Whether a room listens on this socket."""
    from grace_tui.faces.remote.client.dial import NoRoom, dial

    try:
        dial(path).close()
    except NoRoom:
        return False
    return True


def no_room(workspace: Workspace) -> Ended:
    return Ended(f"no room is open in {workspace.root}; open one with `grace-tui`", NO_ROOM)


def need_terminal(instead: str) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Ended(f"this needs a terminal; {instead}", WRONG)


def _paint(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _last_words(workspace: Workspace, start: int) -> str:
    with workspace.room_log.open("rb") as log:
        log.seek(start)
        lines = log.read().decode("utf-8", "replace").split("\n")
    words = [line for line in lines if line.strip()][-8:]
    return "".join(f"\n  {line}" for line in words) or f"; {workspace.room_log} is empty"
