"""The forkserver of a room, and so every kernel's process: what the runtime cannot know, since healing is beside it.

Started as a program by the pool of processes; it must import little, as all of it is in every kernel's process.
"""

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio._backends._asyncio  # noqa: F401  what every kernel's loop needs, imported once for all of them
import msgspec

from grace_tui.healing.incidents.capture import capture
from grace_tui.healing.incidents.evidence.seen import SEEN, to_tell
from grace_tui.runtime.hosts.process.inside.child import run_child
from grace_tui.runtime.hosts.process.inside.forkserver import serve

ENTRY = __name__


def describe(error: BaseException, kernel: str, phase: str, root: Path) -> Mapping[str, object]:
    """A failure of this process as plain data, taken while its frames are still here."""
    failure = capture(error, kernel=kernel, phase=phase, root=root, at=time.time())
    told: dict[str, Any] = msgspec.to_builtins(failure)
    return {**told, SEEN: to_tell(error, failure, root)}


def main(control: int) -> None:
    """Be the forkserver on this line to the room."""
    serve(socket.socket(fileno=control), lambda line: run_child(line, describe))
