"""Turns 24-bit colours in a stream of paint into what a terminal can show. Called by the stream driver.

Every App renders in 24 bits and the paint is translated on its way out, because Textual and Rich cache rendered
strips and styles for the whole process, whatever the colours of the App that asked first.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Final

from rich.color import Color, ColorSystem

_SYSTEMS: Final = {"256": ColorSystem.EIGHT_BIT, "16": ColorSystem.STANDARD, "none": None}
_STYLE: Final = re.compile(r"\x1b\[([\d;]*)m")
_EXTENDED: Final = ("38", "48")


def translator(color: str) -> Callable[[str], str] | None:
    """What to pass paint through for a terminal with `color`; None where nothing needs translating."""
    if color not in _SYSTEMS:
        return None
    return partial(_STYLE.sub, lambda match: _translate(match.group(1), color))


@lru_cache(maxsize=8192)
def _translate(codes: str, color: str) -> str:
    system = _SYSTEMS[color]
    given = codes.split(";")
    kept: list[str] = []
    while given:
        code = given.pop(0)
        value: tuple[str, ...] = ()
        if code in _EXTENDED and given[:1] == ["2"] and len(given) >= 4:
            value, given = tuple(given[1:4]), given[4:]
        elif code in _EXTENDED and given[:1] == ["5"] and len(given) >= 2:
            value, given = tuple(given[1:2]), given[2:]
        if value or _is_color(code):
            kept += _downgrade(code, value, system)
        else:
            kept.append(code)
    return f"\x1b[{';'.join(kept)}m" if kept else ""


def _downgrade(code: str, value: Sequence[str], system: ColorSystem | None) -> Sequence[str]:
    if system is None:
        return ()
    if not value:
        return (code,)
    numbers = [int(part or 0) for part in value]
    color = Color.from_ansi(numbers[0]) if len(numbers) == 1 else Color.from_rgb(*numbers)
    return color.downgrade(system).get_ansi_codes(foreground=code == "38")


def _is_color(code: str) -> bool:
    number = int(code or 0)
    return 30 <= number <= 49 or 90 <= number <= 107
