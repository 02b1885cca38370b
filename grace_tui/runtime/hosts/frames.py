"""A stream of bytes cut into messages: four bytes of length, then the message."""

from collections.abc import Iterator

from grace_tui.runtime.hosts.wire import BadFrame

HEADER = 4
LARGEST = 64 * 1024 * 1024
"""Bytes of one message; a process that announces more is not listened to any more."""


def framed(body: bytes) -> bytes:
    """A message as it goes over the stream."""
    return len(body).to_bytes(HEADER, "big") + body


class Frames:
    """Takes pieces of a stream as they come, gives whole messages."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take a piece in and yield every message that is whole now.

        Raises:
            BadFrame: a message is announced that would be longer than `LARGEST`.
        """
        held = self._held
        held += data
        start = 0
        try:
            while len(held) - start >= HEADER:
                end = start + HEADER + int.from_bytes(held[start : start + HEADER], "big")
                if end - start > LARGEST:
                    raise BadFrame(f"a message of {end - start - HEADER} bytes; the limit is {LARGEST}")
                if end > len(held):
                    return
                body = bytes(held[start + HEADER : end])
                start = end
                yield body
        finally:
            del held[:start]
