"""Finds the detach key, Ctrl-\\, in what a terminal types. Stdlib only; pure."""

import re
from typing import Final

# Plain, or as kitty encodes it: codepoint 92 (with alternates), modifiers (and event kind), perhaps text.
_TOKEN: Final = re.compile(
    rb"(?P<plain>\x1c)|(?P<begin>\x1b\[200~)|(?P<end>\x1b\[201~)"
    rb"|\x1b\[92(?::[\d:]*)?;(?P<modifiers>\d{1,3})(?::(?P<event>\d))?(?:;[\d:]*)?u"
)
_CTRL: Final = 4
_NOT_SUPER_HYPER_META: Final = 8 | 16 | 32
_RELEASED: Final = b"3"
_LONGEST: Final = 32
"""Bytes of the longest token: what must be remembered of a read, since the next one may complete it."""


class DetachKey:
    """Sees through reads that cut the key in two, and past pastes that contain it."""

    def __init__(self) -> None:
        self._tail = b""
        self._pasting = False

    def find(self, data: bytes) -> int | None:
        """How much of `data` comes before the detach key; None when it is not there."""
        seen = self._tail + data
        old = len(self._tail)
        for token in _TOKEN.finditer(seen):
            if token.end() <= old:
                continue
            if token["begin"] or token["end"]:
                self._pasting = token["begin"] is not None
            elif not self._pasting and _detaches(token):
                return max(0, token.start() - old)
        self._tail = seen[-_LONGEST:]
        return None


def _detaches(token: re.Match[bytes]) -> bool:
    if token["plain"]:
        return True
    # Lock keys are among the modifiers, so with num lock on the number is another.
    modifiers = int(token["modifiers"]) - 1
    return bool(modifiers & _CTRL) and not modifiers & _NOT_SUPER_HYPER_META and token["event"] != _RELEASED
