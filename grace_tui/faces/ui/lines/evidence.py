"""The files of an incident's evidence as sections of its page, and why its failures count as one."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import msgspec

from grace_tui.faces.ui.draw import figures
from grace_tui.faces.ui.draw.text import shown, shown_lines
from grace_tui.faces.ui.lines.log import log_said
from grace_tui.faces.ui.lines.pages import ink_of
from grace_tui.faces.ui.lines.said import Said, heading

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("traceback", ("traceback",)),
    ("locals and provider", ("provider", "locals")),
    ("log", ("kernel.log", "after.log", "log")),
    ("changes", ("changes",)),
    ("around it", ("resources", "host", "bus", "related", "beats")),
)
"""Title, and how the names of its files begin."""
SHOWN_LINES = 400
"""Lines of one file on the page; the file itself has the rest."""
_FILE = re.compile(r'\s*File "')
AFTERWARDS = "----"
_FAILED = re.compile(r"\s*>\s*\d+ ")
_MARKS = re.compile(r"\s*[\^~]+\s*$")


class File(msgspec.Struct, frozen=True):
    """A file of a bundle, as the room tells of it."""

    name: str
    says: str = ""
    """What it holds, in a few words."""
    bytes: int = 0
    cut: int = 0
    """Bytes that were left out."""
    missing: str = ""
    """Why it is not there."""
    follows: bool = False
    """It is still to be written."""

    @property
    def id(self) -> str:
        return self.name

    @property
    def is_there(self) -> bool:
        return not (self.missing or self.follows)


def files_of(told: object) -> tuple[File, ...]:
    """The files in an answer; none where it is no list of such."""
    try:
        return msgspec.convert(told, tuple[File, ...])
    except msgspec.ValidationError:
        return ()


def title_of(name: str) -> str:
    """The section that a file belongs to; empty for one that only the list of files has."""
    begins = ((title, start) for title, starts in SECTIONS for start in starts)
    return next((title for title, start in begins if name.startswith(start)), "")


def evidence_said(files: Sequence[File], texts: Mapping[str, str], problem: str) -> Iterator[Said]:
    """Every section, in its order; one without a file says that there is none."""
    for title, starts in SECTIONS:
        yield heading(title)
        own = sorted((file for file in files if title_of(file.name) == title), key=partial(_rank, starts))
        for file in own:
            if len(own) > 1:
                yield Said(shown(file.says) or file.name, "strong_accent")
            yield from _file_or_why(file, texts)
        if not own:
            yield Said(problem or "not in the evidence", "muted")


def _rank(starts: Sequence[str], file: File) -> int:
    return next(index for index, start in enumerate(starts) if file.name.startswith(start))


def _file_or_why(file: File, texts: Mapping[str, str]) -> Iterator[Said]:
    if file.name in texts:
        yield from file_said(file.name, texts[file.name])
    elif not file.is_there:
        yield Said(shown(file.missing) or "it is being written", "muted")
    if file.cut:
        yield Said(f"{figures.size(file.cut)} more were left out", "muted")


def file_said(name: str, text: str, *, whole: bool = False) -> list[Said]:
    """A file of the evidence as lines: its first ones, or the whole of it."""
    said = _said(name, text) or [Said("empty", "muted")]
    more = len(said) - SHOWN_LINES
    if whole or more <= 0:
        return said
    return [*said[:SHOWN_LINES], Said(f"{more} more lines in the file, e shows all", "muted")]


def _said(name: str, text: str) -> list[Said]:
    if name.endswith(".log"):
        return [one if not one.text.startswith(AFTERWARDS) else one._replace(ink="accent") for one in log_said(text)]
    if name.endswith(".json"):
        return list(_frames(text) if name.startswith("locals") else _plain(text))
    ink = _trace_ink if name.startswith("traceback") else ink_of
    return [Said(line, ink(line)) for line in shown_lines(text)]


def _trace_ink(line: str) -> str:
    if _FILE.match(line):
        return "accent"
    if _FAILED.match(line):
        return "strong"
    if _MARKS.match(line):
        return "warn"
    return "text" if line.startswith(" ") else "strong_bad" if line else "text"


class Frame(msgspec.Struct, frozen=True):
    """A frame with its variables, as the evidence has it."""

    file: str
    function: str
    line: int
    error: str = ""
    note: str = ""
    values: dict[str, str] = {}


def _frames(text: str) -> Iterator[Said]:
    """Each frame's place, and its variables under it, innermost first."""
    try:
        frames = msgspec.json.decode(text, type=tuple[Frame, ...])
    except msgspec.DecodeError:
        yield from _plain(text)
        return
    for frame in frames:
        error = f", where {shown(frame.error)} came by" if frame.error else ""
        yield Said(f"{shown(frame.file)}:{frame.line} in {shown(frame.function)}{error}", "accent")
        yield from (Said(shown(value), "text", f"  {shown(name)}") for name, value in frame.values.items())
        if frame.note:
            yield Said(shown(frame.note), "muted")


def _plain(text: str) -> Iterator[Said]:
    """Figures and words of a JSON file, one a line; what cannot be read as such, as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        yield from (Said(line) for line in shown_lines(text))
        return
    yield from _walk(value, "")


def _walk(value: object, label: str) -> Iterator[Said]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _walk(part, f"{label}.{key}" if label else str(key))
    elif isinstance(value, list) and any(isinstance(part, (dict, list)) for part in value):
        for part in value:
            words = _brief(part)
            yield Said(words, "text", shown(label))
    else:
        words = ", ".join(map(_scalar, value)) if isinstance(value, list) else _scalar(value)
        if words:
            yield Said(shown(_bytes(label, value) or words), "text", shown(label))


def _brief(part: object) -> str:
    if not isinstance(part, Mapping):
        return shown(str(part))
    return "  ".join(shown(str(value)) for key, value in part.items() if value not in ("", None) and key != "signature")


def _scalar(value: object) -> str:
    """What is not there says nothing; of a measurement four digits are enough."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)


def _bytes(label: str, value: object) -> str:
    """Sizes as a person reads them."""
    is_size = isinstance(value, (int, float)) and not isinstance(value, bool) and "bytes" in label
    return figures.size(float(value)) if is_size and isinstance(value, (int, float)) else ""


def grouped_said(record: Mapping[str, object]) -> Iterator[Said]:
    """Why its failures are one incident: the parts that they share, and what does not count."""
    yield heading("why grouped")
    parts, left_out = (_words(record.get(key)) for key in ("parts", "left_out"))
    if not parts:
        yield Said("nothing is kept about it", "muted")
        return
    yield from (Said(shown(part)) for part in parts)
    if record.get("group"):
        yield Said(shown(str(record["group"])), "accent", "counted as")
    yield Said(shown(str(record.get("signature", ""))), "muted", "replayed by")
    yield Said(shown(str(record.get("coarse", ""))), "muted", "budgets by")
    if left_out:
        yield Said("does not count", "strong_accent")
        yield from (Said(shown(part), "muted") for part in left_out)


def _words(told: object) -> list[str]:
    return [str(one) for one in told] if isinstance(told, (list, tuple)) else []
