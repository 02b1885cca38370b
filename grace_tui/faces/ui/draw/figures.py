"""Numbers as a person reads them, in few cells. Any number may come, also none, infinite, negative or huge."""

import math
import time
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
NONE = "–"


def _usable(value: float | None) -> float | None:
    if not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def number(value: float | None) -> float:
    """`value` to compare with; 0 where it is none."""
    return _usable(value) or 0.0


def duration(seconds: float | None) -> str:
    """`3 s`, `12 min`, `2 h 05`, `3 d`."""
    number = _usable(seconds)
    if number is None:
        return NONE
    whole = max(0, int(number))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02}"
    return f"{short(whole // 86_400)} d"


def seconds_spent(seconds: float | None) -> str:
    """Time a piece of work took: tenths below ten seconds."""
    number = _usable(seconds)
    if number is None:
        return NONE
    return f"{max(0.0, number):.1f} s" if number < 9.95 else duration(number)


def between(start: float | None, end: float | None) -> float | None:
    """Seconds from `start` to `end`; None where there are none."""
    first, last = _usable(start), _usable(end)
    return None if first is None or last is None else last - first


def window(seconds: float | None) -> str:
    """A span that somebody set: `60 s` as it was written, `10 min` where that is shorter to read."""
    number = _usable(seconds)
    return f"{number:g} s" if number is not None and 0 <= number < 600 else duration(number)


def uptime(seconds: float | None) -> str:
    """`0:12:09`, `3 d 04:05`."""
    number = _usable(seconds)
    if number is None:
        return NONE
    whole = max(0, int(number))
    days, rest = divmod(whole, 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    return f"{short(days)} d {hours:02}:{minutes:02}" if days else f"{hours}:{minutes:02}:{rest % 60:02}"


def short(value: float | None) -> str:
    """`7`, `1.2k`, `35M`: at most six cells."""
    number = _usable(value)
    if number is None:
        return NONE
    for unit in ("", "k", "M", "G", "T", "P", "E"):
        if abs(number) < 999.5:
            return f"{number:.0f}{unit}" if not unit or abs(number) >= 9.95 else f"{number:.1f}{unit}"
        number /= 1000
    return f"{'-' if number < 0 else ''}∞"


def whole(value: float | None) -> str:
    """An identifier that is a number: every digit of it."""
    number = _usable(value)
    return NONE if number is None or abs(number) >= 1e15 else f"{number:.0f}"


def amount(value: float | None) -> str:
    """A measured value of any unit: `0.42`, `31`, `1.2k`."""
    number = _usable(value)
    if number is None:
        return NONE
    return f"{number:.2g}" if abs(number) < 10 and number != int(number) else short(number)


def rate(value: float | None) -> str:
    """Units a second: `41/s`, `0.3/s`, empty when nothing happens."""
    number = _usable(value)
    if number is None or number < 0.05:
        return ""
    return f"{number:.1f}/s" if number < 9.95 else f"{short(number)}/s"


def rate_a_minute(value: float | None) -> str:
    """Failures a minute: `12/min`, `4.2k/min`, empty when there are none."""
    number = _usable(value)
    if number is None or number < 0.5:
        return ""
    return f"{short(number)}/min"


def milliseconds(value: float | None) -> str:
    number = _usable(value)
    if number is None:
        return NONE
    number = max(0.0, number)
    if number >= 999.5:
        return seconds_spent(number / 1000)
    return f"{number:.1f} ms" if number < 9.95 else f"{number:.0f} ms"


def size(value: float | None) -> str:
    """Bytes: `118 M`."""
    number = _usable(value)
    if number is None:
        return NONE
    number = max(0.0, number)
    for unit in ("B", "K", "M", "G", "T"):
        if number < 999.5:
            return f"{number:.0f} {unit}"
        number /= 1024
    return f"{short(number)} P"


def percent(value: float | None) -> str:
    number = _usable(value)
    return NONE if number is None else f"{short(number)} %"


def clock_time(at: float | None) -> str:
    """Local `HH:MM:SS` of a wall-clock time."""
    return _written(at, "%H:%M:%S") or "--:--:--"


def day_time(at: float | None) -> str:
    """Local day and minute of a wall-clock time: what may be far off."""
    return _written(at, "%Y-%m-%d %H:%M") or NONE


def day(at: float | None) -> str:
    """Local date of a wall-clock time; empty where there is none."""
    return _written(at, "%Y-%m-%d")


def _written(at: float | None, form: str) -> str:
    number = _usable(at)
    try:
        return time.strftime(form, time.localtime(number)) if number is not None else ""
    except (OverflowError, OSError, ValueError):  # a time the calendar does not have
        return ""


def spark(values: Sequence[float], width: int) -> str:
    """The last `width` values as bars over a baseline, highest to their own maximum."""
    if width <= 0:
        return ""
    known = [max(0.0, _usable(value) or 0.0) for value in values[-width:]]
    # A single unit of work in a quiet second is a small bar, not a full one.
    top = max(4.0, *known, 0.0)
    bars = "".join(BARS[0] if not value else BARS[max(1, min(7, math.ceil(value / top * 7)))] for value in known)
    return bars.rjust(width, BARS[0])


def trend(values: Sequence[float], width: int) -> str:
    """The last `width` values as bars between their own least and most: what a value did, not how much it is."""
    known = [_usable(value) or 0.0 for value in values[-width:]] if width > 0 else []
    if not known:
        return ""
    least, most = min(known), max(known)
    span = most - least
    # The span of two huge values may be infinite.
    if not 0 < span < math.inf:
        return BARS[0] * len(known)
    return "".join(BARS[min(7, int((value - least) / span * 7.999))] for value in known)


def bar(part: float, whole: float, width: int) -> tuple[str, str]:
    """How far along: the full and the empty cells of a bar of `width`."""
    done, total = _usable(part) or 0.0, _usable(whole) or 0.0
    # Compared before it is divided: a tiny total makes the quotient infinite.
    full = width if done >= total > 0 else max(0, int(done / total * width)) if total > 0 else 0
    return "━" * full, "─" * (width - full)
