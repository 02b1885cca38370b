"""Text from kernels, logs and tracebacks, made safe to draw and fitted to cells.

Every string that comes from outside passes `shown` (one line) or `shown_lines` (many) before it becomes a segment.
"""

import re
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from grace_tui.kernel.redact import redact

LONGEST = 4_000
"""Characters of one line that are ever looked at: a megabyte in one line must not stall a screen."""

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"  # invisible, or changing the order of what is read
    "\ufe00-\ufe0f\U0001f3fb-\U0001f3ff"  # change the width of the character before
    "\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e0fff]"  # cannot be encoded, or invisible
)


def plain(value: object) -> str:
    """`value` as one line in which every control character is visible and none is obeyed."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    text = text[:LONGEST]
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_visible, _COLOUR.sub("", text))


def _visible(match: re.Match[str]) -> str:
    char = match.group()
    if char in "\t\n\r\u2028\u2029\u202f":
        return " "
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return (
        "�"
        if 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or 0x202A <= code < 0x202F or 0x2066 <= code < 0x206A
        else ""
    )


@lru_cache(4096)
def shown(text: str) -> str:
    """`text` as one safe line without secrets."""
    return plain(redact(plain(text)))


def shown_lines(text: object) -> list[str]:
    """`text` as safe lines without secrets; secrets that span lines are found first."""
    whole = text if isinstance(text, str) else "" if text is None else str(text)
    return [plain(line.expandtabs(4)) for line in redact(whole).splitlines()]


def width_of(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def clip(text: str, width: int) -> str:
    """`text` in at most `width` cells, with an ellipsis where it was cut."""
    if width <= 0:
        return ""
    if width_of(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def clip_middle(text: str, width: int) -> str:
    """`text` in at most `width` cells, its beginning and its end kept."""
    if width_of(text) <= width or width < 8:
        return clip(text, width)
    end = text[-(width // 3) :]
    while width_of(end) > width // 3:
        end = end[1:]
    return clip(text, width - width_of(end)) + end


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells."""
    text = clip(text, width)
    return text + " " * (max(0, width) - width_of(text))


def fit_right(text: str, width: int) -> str:
    text = clip(text, width)
    return " " * (max(0, width) - width_of(text)) + text


def wrap(text: str, width: int, limit: int = 0) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces if possible; the last of `limit` is clipped."""
    if width <= 0:
        return []
    lines: list[str] = []
    while width_of(text) > width:
        if limit and len(lines) == limit - 1:
            break
        head = set_cell_size(text, width).rstrip() if width_of(text) > width else text
        # A double-width character cut in half comes back as a space that the text does not have.
        while head and not text.startswith(head):
            head = head[:-1]
        cut = head.rfind(" ") if text[len(head) : len(head) + 1] != " " else len(head)
        end = cut if cut > width // 3 else max(1, len(head))
        lines.append(text[:end].rstrip())
        text = text[end:].lstrip()
    lines.append(clip(text, width))
    return lines
