"""How values are spelled, by readers and by tellers: what was probably meant, a value as shown, times, counts. Pure.

Used by everything that refuses what people wrote (settings, rules, playbooks, commands, themes) and by whatever tells
them how long something took. Screens have cells to save: theirs is `faces/ui/draw/figures`.
"""

import difflib
import re
from collections.abc import Iterable

LONGEST_SPAN = 366 * 86400.0
SHOWN = 60
"""Characters of a value that a refusal shows."""

_SPAN = re.compile(
    r"^(?:(?P<d>\d+)\s*d)?\s*(?:(?P<h>\d+)\s*h)?\s*(?:(?P<m>\d+)\s*m(?:in)?)?\s*(?:(?P<s>\d+(?:\.\d+)?)\s*s)?$"
)
_BARE = re.compile(r"^\d{1,9}$")


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean X?`, or all there is."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(names) or 'none'}"


def shown(value: object) -> str:
    """A value as a file spells it, cut to a readable length."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def span(value: object, least: float = 0.0) -> float:
    """Seconds of `"5m"`, `"1h 30m"`, `"2d"`, `"90s"` or a number of seconds.

    Raises:
        ValueError: it is none; the text says what would be right.
    """
    seconds = -1.0
    if isinstance(value, str) and _BARE.match(value.strip()):
        number = value.strip()
        raise ValueError(f'a time with its unit, such as "{number}s", "{number}m" or "{number}h"')
    if isinstance(value, str) and value.strip() and (form := _SPAN.match(value.strip())):
        whole = int(form["d"] or 0) * 86400 + int(form["h"] or 0) * 3600 + int(form["m"] or 0) * 60
        seconds = whole + float(form["s"] or 0)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    if not least <= seconds <= LONGEST_SPAN:
        lowest = f" from {least:g} s" if least else ""
        raise ValueError(f'a time such as "30s", "5m" or "1h 30m", or seconds,{lowest} up to a year')
    return seconds


def duration(seconds: float) -> str:
    """A length of time in its two largest units: `250 ms`, `4.2 s`, `12 min 05 s`, `2 h`, `3 d 04 h`."""
    if seconds < 1:
        return f"{max(seconds, 0.0) * 1000:.0f} ms"
    if seconds < 59.5:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    if whole < 3600:
        return _two(whole, ("min", 60), ("s", 1))
    if whole < 86_400:
        return _two(whole, ("h", 3600), ("min", 60))
    return _two(whole, ("d", 86_400), ("h", 3600))


def _two(whole: int, large: tuple[str, int], small: tuple[str, int]) -> str:
    rest = whole % large[1] // small[1]
    return f"{whole // large[1]} {large[0]}" + (f" {rest:02} {small[0]}" if rest else "")


def ago(seconds: float) -> str:
    """How long since: `12 min 05 s ago`; what is of this second is `just now`."""
    return f"{duration(seconds)} ago" if seconds >= 1 else "just now"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def in_units(amount: float, unit: str) -> str:
    """A unit as it follows an amount: `1 file`, `2 files`, `1 s`."""
    if amount != 1 or len(unit) < 3:
        return unit
    return f"{unit[:-3]}y" if unit.endswith("ies") else unit.removesuffix("s")
