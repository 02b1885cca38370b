"""How the readers of files and commands spell values: what was probably meant, a value as shown, a span of time. Pure.

Used by everything that refuses what people wrote: settings, rules, playbooks, commands and themes.
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
    if isinstance(value, str) and value.strip() and (form := _SPAN.match(value.strip())):
        whole = int(form["d"] or 0) * 86400 + int(form["h"] or 0) * 3600 + int(form["m"] or 0) * 60
        seconds = whole + float(form["s"] or 0)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    if not least <= seconds <= LONGEST_SPAN:
        lowest = f" from {least:g} s" if least else ""
        raise ValueError(f'a time such as "30s", "5m" or "1h 30m", or seconds,{lowest} up to a year')
    return seconds
