"""Drained messages on disk, in `.grace/queues/`: one file a queue, written whole or not at all. No loop.

The first line is about the queue, each other one a message. Payloads are as between the room and a kernel's process,
so nothing is run when they are read back.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from grace_tui.disk import atomic_write
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import Message
from grace_tui.runtime.bus import Drained
from grace_tui.runtime.hosts.wire import BadFrame, CannotTravel, decode, encode

LARGEST = 64 << 20
"""Bytes of one file; what would make it larger stays where it waits."""
NAME = re.compile(r"^Q-(?P<kernel>[a-z0-9_-]+)-(?P<number>\d+)$")


class QueueDamaged(GraceError):
    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}; the file is left as it is")
        self.path, self.line = path, line


class Head(msgspec.Struct, frozen=True):
    queue: str
    kernel: str
    incident: str
    by: str
    at: float
    count: int


class Line(msgspec.Struct, frozen=True):
    pattern: str
    box: int
    id: int
    topic: str
    source: str
    priority: int
    payload: bytes


_head, _line = msgspec.json.Decoder(Head), msgspec.json.Decoder(Line)


def keep(folder: Path, head: Head, drained: Sequence[Drained]) -> tuple[list[Drained], list[Drained]]:
    """Write what a file can hold; returns that, and what it cannot hold. Without the first, there is no file."""
    kept, refused, lines, size = list[Drained](), list[Drained](), list[bytes](), 0
    for each in drained:
        line = _encoded(each) if size <= LARGEST else None
        if line is None or size + len(line) > LARGEST:
            refused.append(each)
        else:
            size += len(line)
            kept.append(each)
            lines.append(line)
    if kept:
        folder.mkdir(mode=0o700, exist_ok=True)
        first = msgspec.json.encode(msgspec.structs.replace(head, count=len(kept)))
        atomic_write(folder / f"{head.queue}.jsonl", b"\n".join([first, *lines, b""]), mode=0o600)
    return kept, refused


def read(path: Path) -> tuple[Head, list[Drained]]:
    """
    Raises:
        QueueDamaged: it is not as it was written.
    """
    first, *lines = path.read_bytes().splitlines() or [b""]
    try:
        head = _head.decode(first)
    except msgspec.DecodeError as error:
        raise QueueDamaged(path, 1, str(error)) from error
    if head.count != len(lines):
        raise QueueDamaged(path, len(lines) + 1, f"expected {head.count} messages, found {len(lines)}")
    return head, [_drained(path, number, line) for number, line in enumerate(lines, start=2)]


def names(folder: Path, kernel: str) -> list[str]:
    """The queues of a kernel, oldest first."""
    found = [(form, path.stem) for path in folder.glob("Q-*.jsonl") if (form := NAME.match(path.stem))]
    own = [(int(form["number"]), name) for form, name in found if form["kernel"] == kernel]
    return [name for _, name in sorted(own)]


def _encoded(drained: Drained) -> bytes | None:
    """A line of the file; None where the payload does not come back as it is."""
    message = drained.message
    if _holds_error(message.payload):
        return None
    try:
        payload = encode(message.payload)
        same = decode(payload) == message.payload
    except (CannotTravel, BadFrame):
        return None
    except Exception:  # the equality of a kernel's own class
        return None
    if not same:
        return None
    about = (message.id, message.topic, message.source, message.priority)
    return msgspec.json.encode(Line(drained.pattern, drained.box, *about, payload))


def _holds_error(payload: object) -> bool:
    """A live exception is more than what a file says of it, and facts that carry one do not compare it."""
    slots = (getattr(payload, name, None) for name in getattr(type(payload), "__dataclass_fields__", ()))
    return isinstance(payload, BaseException) or any(isinstance(value, BaseException) for value in slots)


def _drained(path: Path, number: int, line: bytes) -> Drained:
    try:
        found = _line.decode(line)
        payload = decode(found.payload)
    except (msgspec.DecodeError, BadFrame) as error:
        raise QueueDamaged(path, number, str(error)) from error
    return Drained(found.pattern, found.box, Message(found.topic, payload, found.source, found.priority, found.id))
