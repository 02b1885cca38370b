"""Every process group that this process started and that still lives, for the moment when its loop is given up.

Process-wide and thread-safe: the hosts note and forget, and whoever ends the room or abandons its loop kills the rest.
"""

import os
import signal
import threading

_lock = threading.Lock()
_groups: set[int] = set()


def note(group: int) -> None:
    """A process group lives; its number is its leader's pid."""
    with _lock:
        _groups.add(group)


def forget(group: int) -> None:
    """A process group has ended, and its leader has been waited for: the number may belong to somebody else soon."""
    with _lock:
        _groups.discard(group)


def groups() -> frozenset[int]:
    with _lock:
        return frozenset(_groups)


def kill_all() -> frozenset[int]:
    """Kill every group that is left and return them. Any thread."""
    with _lock:
        left = frozenset(_groups)
        _groups.clear()
        # Under the lock: a number that `forget` takes out meanwhile may be another process's a moment later.
        for group in left:
            try:
                os.killpg(group, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
    return left
