"""Tables, details and quantities for a person, at any width. Pure; what kernels wrote is shown and never obeyed."""

import shutil
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GAP = "  "
LEAST = 8
"""Narrowest that a flexible column becomes."""
READABLE = 16
"""Narrowest that a flexible column becomes while another could be left out instead."""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    right: bool = False
    flexible: bool = False
    """Gives way, and is cut with an ellipsis, where the terminal is too narrow."""
    drop: int = 0
    """Left out where the terminal is too narrow for all: 1 goes first; 0 always stays."""


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Lay out rows under their titles; `width` defaults to the terminal's, and without a terminal nothing is cut."""
    titles = [column.title for column in columns]
    lines = [titles, *([clean(cell) for cell in row] for row in rows)]
    widths = [max(map(cell_width, column)) for column in zip(*lines, strict=True)]
    width = terminal_width() if width is None else width
    kept = _kept(columns, widths, width)
    columns, widths = [columns[index] for index in kept], [widths[index] for index in kept]
    _shrink(columns, widths, width)
    return [_line(columns, widths, [line[index] for index in kept]) for line in lines]


def details(fields: Mapping[str, object]) -> list[str]:
    """One named value a line; lists and texts of several lines stand indented below their name."""
    wide = max((len(name) for name in fields), default=0)
    lines: list[str] = []
    for name, value in fields.items():
        below = _below(value)
        if below is None:
            lines.append(f"{name:<{wide}}{GAP}{clean(_plain(value))}".rstrip())
        else:
            lines += [name, *(f"    {line}" for line in below)]
    return lines


def clean(text: str) -> str:
    """Make one harmless line of any text: control and direction characters are spelled out."""
    return "".join(char if char.isprintable() else _spelled(char) for char in text)


def cell_width(text: str) -> int:
    """Columns a clean text takes in a terminal."""
    return sum(_char_width(char) for char in text)


def cut(text: str, width: int) -> str:
    """Shorten a clean text to `width` columns, with an ellipsis."""
    if cell_width(text) <= width:
        return text
    kept, left = "", width - 1
    for char in text:
        left -= _char_width(char)
        if left < 0:
            break
        kept += char
    return kept.rstrip() + "…"


def terminal_width() -> int:
    """Columns of the terminal, or of COLUMNS; 0 where output goes elsewhere."""
    return shutil.get_terminal_size((0, 0)).columns


def size(count: float) -> str:
    """Bytes, such as `118 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def moment(at: float) -> str:
    """Local date and time of a wall-clock moment."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def _kept(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """The columns that fit while the flexible ones keep a readable width."""
    kept = list(range(len(columns)))
    for index in sorted(kept, key=lambda found: columns[found].drop):
        least = [min(widths[each], READABLE) if columns[each].flexible else widths[each] for each in kept]
        if width and columns[index].drop and sum(least) + len(GAP) * (len(kept) - 1) > width:
            kept.remove(index)
    return kept


def _shrink(columns: Sequence[Column], widths: list[int], width: int) -> None:
    """Take what is too much from the flexible columns, the widest first."""
    over = sum(widths) + len(GAP) * (len(widths) - 1) - width
    if not width:
        return
    flexible = [index for index, column in enumerate(columns) if column.flexible]
    while over > 0 and (index := max(flexible, key=lambda found: widths[found], default=-1)) >= 0:
        if widths[index] <= LEAST:
            return
        widths[index] -= 1
        over -= 1


def _line(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str]) -> str:
    padded = []
    for column, width, cell in zip(columns, widths, cells, strict=True):
        shown = cut(cell, width)
        space = " " * (width - cell_width(shown))
        padded.append(space + shown if column.right else shown + space)
    return GAP.join(padded).rstrip()


def _below(value: object) -> list[str] | None:
    """Lines of a value that needs more than one; None for a value that fits beside its name."""
    if isinstance(value, str):
        return [clean(line.expandtabs(4)) for line in value.split("\n")] if "\n" in value.strip() else None
    if isinstance(value, Mapping):
        return details({str(key): found for key, found in value.items()}) if value else None
    if isinstance(value, Sequence) and any(isinstance(item, Mapping | list | tuple) for item in value):
        return [clean(_plain(item)) for item in value]
    return None


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Mapping):
        return GAP.join(f"{key} {_plain(found)}" for key, found in value.items() if found not in ("", None))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_plain, value))
    return str(value).strip()


def _spelled(char: str) -> str:
    return " " if char in "\n\t\r" else char.encode("unicode_escape").decode("ascii")


def _char_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
