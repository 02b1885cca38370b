"""A program of its own: ends what a room's programs left running, once the room is gone, however it went.

Started by `guardian` with the room's mark as its argument and a pipe as its input; the pipe's end is the room's. It
reads `+ GROUP BEGAN` and `- GROUP` lines from it, and imports nothing of ours, so that it starts fast and stays small.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator

GRACE_SECONDS = 2.0
"""From SIGTERM to SIGKILL."""
PAUSE = 0.05
CALM = 3
"""Looks in a row that find nothing: a process that was just being started shows its mark a moment later."""


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it goes when the room goes, not before
    groups: dict[int, bytes] = {}
    for line in sys.stdin.buffer:
        sign, group, *began = line.split()
        if sign == b"+":
            groups[int(group)] = began[0]
        else:
            groups.pop(int(group), None)
    end_all(f"{sys.argv[1]}/".encode(), [group for group, began in groups.items() if is_same(group, began)])


def end_all(mark: bytes, groups: list[int]) -> None:
    """Ask everything that is left to end; make it, past the grace."""
    asked = set[int]()
    deadline = time.monotonic() + GRACE_SECONDS
    calm = 0
    while calm < CALM and time.monotonic() < deadline + GRACE_SECONDS:
        late = time.monotonic() > deadline
        left = {-group for group in groups if is_left(-group)}
        left |= {pid for pid, room in marks() if room.startswith(mark) and pid != os.getpid()}
        for target in left if late else left - asked:
            send(target, signal.SIGKILL if late else signal.SIGTERM)
            send(target, signal.SIGCONT)
        asked |= left
        calm = 0 if left else calm + 1
        time.sleep(PAUSE)


def marks() -> Iterator[tuple[int, bytes]]:
    """Processes that carry a room's mark in the environment they were started with, each with it."""
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
                _, found, rest = (b"\0" + file.read()).partition(b"\0GRACE_ROOM=")
                if found:
                    yield int(name), rest.partition(b"\0")[0]


def began_at(pid: int) -> bytes:
    """When a process started, in the system's own unit; empty where that cannot be told."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[19]
    return b""


def is_same(group: int, began: bytes) -> bool:
    """Whether a group is still the one it was: its number is another's only once its leader was replaced."""
    return began_at(group) in (began, b"")


def is_left(target: int) -> bool:
    try:
        os.kill(target, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def send(target: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # gone meanwhile, or another user's by now
        os.kill(target, number)


if __name__ == "__main__":
    main()
