"""Draining a kernel's mailboxes into a file, and putting the messages back.

Invariant: a message is in a mailbox, or held by a task of this room that is writing it, or in a file. It is put back
and its file removed in one step of the loop, in which no kernel can take it: so each comes out once, also over a crash.
"""

import functools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from grace_tui.disk import sync_folder
from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.kernel.spelling import plural
from grace_tui.room.actions.act import Act, Undo
from grace_tui.room.actions.asked import Asked, undo_text
from grace_tui.runtime.bus import Drained, NoMailbox

if TYPE_CHECKING:
    from grace_tui.room.core import Room

MOST = 100_000
MAILBOX_SECONDS = 10.0
"""How long a kernel that starts is waited for, until it has opened its mailboxes."""


async def drain_queue(room: "Room", asked: Asked) -> Done:
    kernel, most = asked.kernel(), asked.number("most", 1, MOST)
    room.supervisor.child(kernel)
    drained = room.parts.bus.drain(kernel, asked.text("topic"), most)
    if not drained:
        return Done(f"no message waits for {kernel}")
    keeping = _Keeping(room, kernel, drained)
    room.tasks.start_soon(keeping.write, asked)
    try:
        await keeping.done.wait()
    except BaseException:  # whoever asked has given up: it is as if nothing was asked
        keeping.give_up()
        raise
    if keeping.problem:
        raise ActionFailed(f"the messages of {kernel} stay where they are: {keeping.problem}")
    left = f"; {len(keeping.refused)} stay, which no file can hold" if keeping.refused else ""
    if not keeping.kept:
        return Done(f"nothing was taken{left}")
    return Done(f"{plural(len(keeping.kept), 'message')} of {kernel} kept as {keeping.queue}{left}", undo=keeping.undo)


async def drain_queue_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    kernel, queue = undo_text(undo, "kernel"), undo_text(undo, "queue")
    return await _replay(room, kernel, [queue]) or f"{queue} was put back already"


async def replay_queue(room: "Room", asked: Asked) -> Done:
    from grace_tui.room import kept_queues  # with the wire format, which a room without processes does not load

    kernel, queue = asked.kernel(), asked.text("queue")
    room.supervisor.child(kernel)
    known = await anyio.to_thread.run_sync(kept_queues.names, _folder(room), kernel)
    if queue and queue not in known:
        raise ActionFailed(f"there is no queue {queue!r} of {kernel}; there is {', '.join(known) or 'none'}")
    return Done(await _replay(room, kernel, [queue] if queue else known) or f"no messages of {kernel} are kept")


async def _replay(room: "Room", kernel: str, queues: Sequence[str]) -> str:
    """Put queues back, the newest first, so that the oldest message comes out first. Empty where there was none."""
    from grace_tui.room import kept_queues

    count = 0
    for queue in reversed(queues):
        path = _folder(room) / f"{queue}.jsonl"
        try:
            _, drained = await anyio.to_thread.run_sync(kept_queues.read, path)
        except FileNotFoundError:  # put back already, or by somebody else at this moment
            continue
        count += await _put_back(room, kernel, path, drained)
    await anyio.to_thread.run_sync(_settle, _folder(room))
    return f"{plural(count, 'message')} of {kernel} put back" if count else ""


async def _put_back(room: "Room", kernel: str, path: Path, drained: Sequence[Drained]) -> int:
    """Put one queue back as soon as the kernel has opened its mailboxes.

    Raises:
        ActionFailed: it has not in time, or is not to run; the file stays.
    """
    child = room.supervisor.child(kernel)
    with anyio.move_on_after(MAILBOX_SECONDS):
        while child.wanted:
            try:
                return _put_back_now(room, kernel, path, drained)
            except NoMailbox:
                await child.moved.wait()
    try:
        return _put_back_now(room, kernel, path, drained)
    except NoMailbox as missing:
        raise ActionFailed(f"{missing}; {plural(len(drained), 'message')} stay in {path.name}") from missing


def _put_back_now(room: "Room", kernel: str, path: Path, drained: Sequence[Drained]) -> int:
    """In one step of the loop. A file that is gone by now was put back by somebody else."""
    if not path.exists():
        return 0
    room.parts.bus.refill(kernel, drained)
    path.unlink()
    return len(drained)


class _Keeping:
    """One drained queue on its way to disk, in a task of the room's own: it goes on when its asker gives up."""

    def __init__(self, room: "Room", kernel: str, drained: Sequence[Drained]) -> None:
        self.room, self.kernel, self.drained = room, kernel, drained
        self.queue = f"Q-{kernel}-{time.time_ns()}"
        self.kept: list[Drained] = []
        self.refused: list[Drained] = []
        self.problem = ""
        self.done = anyio.Event()
        self._given_up = False

    @property
    def undo(self) -> dict[str, object]:
        return {"kernel": self.kernel, "queue": self.queue}

    async def write(self, asked: Asked) -> None:
        from grace_tui.room import kept_queues

        head = kept_queues.Head(self.queue, self.kernel, asked.call.incident.id, asked.by, time.time(), 0)
        back = self.drained
        try:
            keep = functools.partial(kept_queues.keep, _folder(self.room), head, self.drained)
            self.kept, self.refused = await anyio.to_thread.run_sync(keep)
            back = self.refused
        except Exception as error:  # whatever the disk or a payload does, the messages are the kernel's
            self.problem = str(error) or type(error).__name__
        finally:
            self._give_back(back)
            self.done.set()
            if self._given_up:
                self.give_up()

    def give_up(self) -> None:
        self._given_up = True
        if self.done.is_set() and self.kept:
            self._give_back(self.kept)
            (_folder(self.room) / f"{self.queue}.jsonl").unlink(missing_ok=True)
            self.kept = []

    def _give_back(self, drained: Sequence[Drained]) -> None:
        try:
            self.room.parts.bus.refill(self.kernel, drained)
        except NoMailbox as error:  # its kernel ended for good meanwhile, and its mail with it
            self.room.parts.log.warning(f"{plural(len(drained), 'message')} lost with the mailbox: {error}")


def _folder(room: "Room") -> Path:
    return room.parts.workspace.state / "queues"


def _settle(folder: Path) -> None:
    """Make the removals survive a power cut."""
    if folder.is_dir():
        sync_folder(folder)


ACTS = {"drain_queue": Act(drain_queue, drain_queue_undo), "replay_queue": Act(replay_queue)}
