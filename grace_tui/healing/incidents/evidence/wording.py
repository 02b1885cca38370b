"""The notes that were taken of values as text: redacted, cut, quoted. Pure; called in the evidence's thread."""

from collections.abc import Iterator

from grace_tui.healing.incidents.evidence.plain import Quoted
from grace_tui.healing.incidents.evidence.values import Group, Note
from grace_tui.kernel.redact import LineRedactor, redact

TEXT_SHOWN = 240
"""Characters of one text."""
VALUE_SHOWN = 1_000
"""Characters of one value."""


def worded(note: Note) -> str:
    """A value as a person reads it, much like its `repr` would be."""
    return shortened(redact("".join(_pieces(note))), VALUE_SHOWN)


def shortened(text: str, limit: int) -> str:
    more = len(text) - limit
    return text if more <= 0 else f"{text[:limit]}… {more} more"


def _pieces(note: Note) -> Iterator[str]:
    if isinstance(note, str):
        yield note
    elif isinstance(note, Quoted):
        yield _quoted(note)
    else:
        yield from _group(note)


def _group(group: Group) -> Iterator[str]:
    yield group.before
    for number, (name, value) in enumerate(group.items):
        if number:
            yield ", "
        if name is not None:
            yield from _pieces(name)
            yield group.joint
        yield from _pieces(value)
    if group.more:
        yield ", …"
    yield group.after


def _quoted(note: Quoted) -> str:
    # By lines: a private key whose end was not taken is hidden as well.
    text = "\n".join(LineRedactor().clean(redact(note.text).split("\n")))
    more = note.more + max(len(text) - TEXT_SHOWN, 0)
    tail = f"… {more} more" if more else ""
    return f"{note.before}{text[:TEXT_SHOWN]!r}{tail}{note.after}"
