"""The normal form of an error's message: what stays when all that changes from run to run is taken out.

Pure. Three tables in this order: what differs between versions, what changes from run to run, what is quoted.
"""

import re
from collections import Counter

from grace_tui.healing.incidents.signature.changing import CHANGING
from grace_tui.healing.incidents.signature.libraries import BY_LIBRARY
from grace_tui.healing.incidents.signature.quoted import QUOTED, keep_names
from grace_tui.healing.incidents.signature.versions import ATTRIBUTE_ALONE, BY_VERSION

LINE_LIMIT, READ_LIMIT, TEXT_LIMIT = 10, 1_200, 600
"""How many lines and characters of a message are read, and how many of its normal form count."""

_WHOLE = {
    "ZeroDivisionError": "division by zero",
    "RecursionError": "maximum recursion depth exceeded",
}
"""Types whose text says nothing that the type does not."""
_SAME_WORDS = (*BY_VERSION, *BY_LIBRARY)
_MARK = re.compile(r"<(value|id|url|email|path|tmp|hex|time|host|duration|size|n)>")


def pattern(kind: str, message: str, limit: int = READ_LIMIT) -> str:
    """The beginning of what an exception of type `kind` says, with everything that changes from run to run replaced."""
    if kind in _WHOLE:
        return _WHOLE[kind]
    text = _unquoted(_read(message, limit))
    if kind == "AttributeError" and text.isidentifier():
        text = ATTRIBUTE_ALONE.format(text)
    for hint, found, wording in _SAME_WORDS:
        if hint in text:
            text = found.sub(wording, text)
    for hints, found, replacement in CHANGING:
        if any(hint in text for hint in hints):
            text = found.sub(replacement, text)
    return " ".join(keep_names(kind, text).split())[:TEXT_LIMIT]


def without_values(text: str) -> str:
    """A normal form without what it quotes: the coarse one."""
    return QUOTED.sub("'<value>'", text)


def replaced(message: str, normal: str) -> tuple[str, ...]:
    """What the normal form of a message no longer says, in words."""
    told = []
    marks = Counter(_MARK.findall(normal))
    if marks:
        told.append("values in the message: " + ", ".join(f"{name} {count}x" for name, count in sorted(marks.items())))
    stripped = message.strip()
    if stripped.count("\n") >= LINE_LIMIT:
        told.append(f"lines of the message after the first {LINE_LIMIT}")
    elif len(stripped) > READ_LIMIT:
        told.append(f"the message after its first {READ_LIMIT:,} characters")
    return tuple(told)


def _read(message: str, limit: int) -> str:
    """The beginning of a message, cut between two words: half a value would not be known for one."""
    text = "\n".join(message.strip().split("\n", LINE_LIMIT)[:LINE_LIMIT])
    if len(text) <= limit:
        return text
    head = text[:limit]
    blank = max(head.rfind(" "), head.rfind("\n"))
    return head[:blank].rstrip(" \n,;:.([{") if blank > limit // 2 else head


def _unquoted(text: str) -> str:
    """Prose that is quoted as a whole, as the text of a KeyError is."""
    inner = text[1:-1]
    if len(text) > 2 and text[0] == text[-1] and text[0] in "'\"" and text[0] not in inner and " " in inner:
        return inner
    return text
