"""Bytes of a program's output to the lines a person would have seen, with bounded memory. Used by the readers of it."""

import codecs
import time

PIECE = 64 * 1024
"""Characters after which a line without an end is handed on in pieces."""
REDRAWN_EVERY = 1.0
"""Seconds between two states that are kept of a line that is drawn again and again, as progress bars are."""


class Lines:
    """What is not UTF-8 becomes escapes; control characters stay. Of a line without an end a piece is held at most."""

    def __init__(self) -> None:
        self.cut = 0
        """Pieces of a line that were handed on before its end."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._held: list[str] = []
        self._held_size = 0
        self._redrawn_at = time.monotonic()

    def feed(self, data: bytes) -> list[str]:
        text = self._decoder.decode(data)
        first, *lines = text.split("\n")
        redrawn = "\r" in text or any("\r" in part for part in self._held[-1:])
        self._hold(first)
        if lines:
            lines.insert(0, self._release())
            self._hold(lines.pop())
        if redrawn:
            lines = [as_seen(line) for line in lines]
            lines += self._redrawn()
        if self._held_size >= PIECE:
            lines += self._pieces()
        if max(map(len, lines), default=0) > PIECE:
            lines = [piece for line in lines for piece in self._in_pieces(line)]
        return lines

    def finish(self) -> list[str]:
        """What was held, now that nothing follows."""
        self._hold(self._decoder.decode(b"", True))
        rest = as_seen(self._release())
        return self._in_pieces(rest) if rest else []

    def _hold(self, text: str) -> None:
        if text:
            self._held.append(text)
            self._held_size += len(text)

    def _release(self) -> str:
        text = "".join(self._held)
        self._held.clear()
        self._held_size = 0
        return text

    def _redrawn(self) -> list[str]:
        """Drop the states of the held line that were drawn over; the last one is kept when it is time for one."""
        text = self._release()
        body = text.rstrip("\r")
        over, _, current = body.rpartition("\r")
        self._hold(current + text[len(body) : len(body) + 1])
        now = time.monotonic()
        state = as_seen(over)
        if not state or now - self._redrawn_at < REDRAWN_EVERY:
            return []
        self._redrawn_at = now
        return [state]

    def _pieces(self) -> list[str]:
        text = self._release()
        whole = len(text) // PIECE * PIECE
        self._hold(text[whole:])
        self.cut += whole // PIECE
        return [text[at : at + PIECE] for at in range(0, whole, PIECE)]

    def _in_pieces(self, line: str) -> list[str]:
        pieces = [line[at : at + PIECE] for at in range(0, len(line), PIECE)] or [line]
        self.cut += len(pieces) - 1
        return pieces


def as_seen(line: str) -> str:
    """What a terminal shows of a line in the end: what follows its last carriage return, however it ends."""
    return line.rstrip("\r").rpartition("\r")[2]
