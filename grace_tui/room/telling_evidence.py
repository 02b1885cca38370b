"""The evidence of an incident as text for people: what `incident show` prints of a bundle. Reads files."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from grace_tui.healing.incidents.evidence.bundle import Entry, Index, read_index
from grace_tui.healing.incidents.evidence.parts import AFTERWARDS
from grace_tui.healing.incidents.evidence.provider import Provider
from grace_tui.healing.incidents.evidence.seen import FrameSeen
from grace_tui.kernel.records import IncidentRecord

TRACEBACK_LINES, LOG_LINES, CHANGE_LINES, VALUES = 120, 15, 40, 20
"""What is shown of a part; its file has the rest."""
T = TypeVar("T")
SHOWN = frozenset({"provider.json", "locals.json", "traceback.txt", "kernel.log", "changes.diff", "changes.git.diff"})


def evidence(root: Path, record: IncidentRecord) -> str:
    """The most telling parts of the newest bundle, and what else it has; why there is none, where that is known."""
    if not record.bundle:
        told = [what for _, who, what in record.timeline if who == "evidence"]
        return f"\nevidence\n  {told[-1] if told else 'not written yet'}\n"
    folder = root / record.bundle
    index = read_index(folder)
    lines: list[str] = []
    for title, part in (
        ("provider", _provider(folder)),
        ("locals of the failing frame", _locals(folder)),
        ("traceback", _head(folder / "traceback.txt", TRACEBACK_LINES)),
        ("log", _log(folder)),
        ("changes since it was well", _head(folder / "changes.diff", CHANGE_LINES)),
        ("changes since the last commit", _head(folder / "changes.git.diff", CHANGE_LINES)),
    ):
        shown = list(part)
        lines += ["", title, *(f"  {line}" for line in shown)] if shown else []
    lines += ["", f"evidence in {record.bundle}", *(f"  {line}" for line in _files(index))]
    lines.append(f"  grace-tui incident evidence {record.id} FILE prints one")
    return "\n".join([*lines, ""])


def provider_lines(found: Provider) -> Iterator[str]:
    """Whose interface failed, and how that was found."""
    if found.kernel:
        yield f"kernel {found.kernel}"
    elif found.name or found.file:
        place = f"{found.file}:{found.line}" if found.line else found.file
        yield " ".join(filter(None, (f"{found.name}{found.signature}", f"at {place}" if place else "")))
    if found.arguments:
        yield "called with " + ", ".join(f"{name}: {kind}" for name, kind in found.arguments.items())
    if found.text:
        yield f"in {found.text}"
    yield found.how


def _provider(folder: Path) -> Iterator[str]:
    found = _read(folder / "provider.json", Provider)
    if found is not None:
        yield from provider_lines(found)


def _locals(folder: Path) -> Iterator[str]:
    frames = _read(folder / "locals.json", tuple[FrameSeen, ...])
    if not frames:
        return
    frame = frames[0]
    yield f"{frame.file}:{frame.line} in {frame.function}"
    if frame.note:
        yield f"({frame.note})"
    for name, value in list(frame.values.items())[:VALUES]:
        yield f"  {name} = {value}"
    if len(frames) > 1 or len(frame.values) > VALUES:
        yield f"({sum(len(each.values) for each in frames)} values of {len(frames)} frames are in locals.json)"


def _log(folder: Path) -> Iterator[str]:
    lines = _lines(folder / "kernel.log")
    at = lines.index(AFTERWARDS) if AFTERWARDS in lines else len(lines)
    if at > LOG_LINES:
        yield f"… {at - LOG_LINES} lines before"
    yield from lines[max(at - LOG_LINES, 0) : at]
    yield from _cut(lines[at:], LOG_LINES)


def _head(path: Path, limit: int) -> Iterator[str]:
    yield from _cut(_lines(path), limit)


def _cut(lines: Sequence[str], limit: int) -> Iterator[str]:
    yield from lines[:limit]
    if len(lines) > limit:
        yield f"… {len(lines) - limit} more lines"


def _files(index: Index | None) -> Iterator[str]:
    if index is None:
        yield "its index cannot be read"
        return
    yield ", ".join(f"{part.name} ({part.bytes} B)" for part in index.parts if part.bytes and part.name not in SHOWN)
    for part in index.parts:
        if part.missing or part.follows:
            yield f"{part.name}: {_why(part)}"


def _why(part: Entry) -> str:
    return part.missing or "it follows in a moment"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # the index says why it is not there
        return []


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):  # not there, or a person wrote in it
        return None
