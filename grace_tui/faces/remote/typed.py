"""Turns what a peer types into Textual's events, whatever the bytes are. Owned by one stream driver."""

import codecs
from collections.abc import Iterator
from typing import Final

from textual import events, messages
from textual.message import Message

from grace_tui.faces.remote.private import KeyParser

PASTE_LIMIT: Final = 1 << 20
"""Characters of a paste past which the rest of it is dropped."""

_PASTE_END: Final = "\x1b[201~"


class Typed:
    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._parser = KeyParser(False)
        self._silent = 0
        self._tail: str | None = None
        """End of the text seen while a paste that is too long is dropped; None while none is."""

    @property
    def waits(self) -> bool:
        """Whether `tick` is due after Textual's escape delay."""
        return self._parser.waits

    def feed(self, data: bytes) -> Iterator[Message]:
        text = self._decode(data)
        if self._tail is not None:
            text = self._skip_paste(text)
        if not text:
            return
        self._silent += len(text)
        try:
            for event in self._parser.feed(text):
                self._silent = 0
                yield from _known(event)
        except (ValueError, ArithmeticError):
            # The parser of Textual converts numbers it has not checked. Its generator is dead now; a new one begins.
            self._parser, self._silent = KeyParser(False), 0
        if self._silent > PASTE_LIMIT:
            self._parser, self._silent, self._tail = KeyParser(False), 0, text[-len(_PASTE_END) :]

    def tick(self) -> Iterator[Message]:
        for event in self._parser.tick():
            yield from _known(event)

    def close(self) -> None:
        """End the parser's generator, which holds the last event and by it the App."""
        for _ in self._parser.feed(""):
            pass

    def _skip_paste(self, text: str) -> str:
        # The rest of a dropped paste must not be taken for keys: it may press anything.
        seen = (self._tail or "") + text
        _, found, rest = seen.partition(_PASTE_END)
        self._tail = None if found else seen[-len(_PASTE_END) :]
        return rest


def _known(event: Message) -> Iterator[Message]:
    """The size comes from the channel only: a peer that types a size report is not resized by it."""
    if not isinstance(event, events.Resize | messages.InBandWindowResize):
        yield event
