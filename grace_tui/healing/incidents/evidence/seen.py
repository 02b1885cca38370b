"""What the live objects of a crash told: the variables of its frames, and the provider of the failing call.

`look` runs where the objects are, in this process or in a kernel's own; `settle` makes plain, redacted text of it in
the evidence's thread. What another process told comes along with the failure, and is believed no more than any text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.capture import remote_of
from grace_tui.healing.incidents.evidence.provider import Provider, as_written, point, told_of
from grace_tui.healing.incidents.evidence.storage import NAME_LIMIT
from grace_tui.healing.incidents.evidence.variables import FRAMES, NAMES, Variables, take_variables
from grace_tui.healing.incidents.evidence.wording import VALUE_SHOWN, shortened, worded
from grace_tui.kernel.redact import SHOWN, is_secret_name, redact

SEEN = "seen"
"""What it is called in what another process tells of a failure."""
ELSEWHERE = "they were in another process, which told its failure without them"


@dataclass(frozen=True, slots=True)
class FrameSeen:
    file: str
    function: str
    line: int
    error: str = ""
    note: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    provider: Provider
    frames: tuple[FrameSeen, ...] = ()
    """Innermost first."""
    missing: str = ""
    """Why there are no variables, where there are none."""


@dataclass(frozen=True, slots=True)
class Look:
    """Taken on the loop; holds no live object."""

    pointed: Provider | None
    variables: tuple[Variables, ...] = ()
    told: object = None
    """What the process in which it failed saw, as it came from there."""
    elsewhere: bool = False


def look(error: BaseException | None, root: Path) -> Look:
    """Take what the objects of a failure show, at once and without calling them."""
    if error is None:
        return Look(None)
    remote = remote_of(error)
    variables = take_variables(error, root)
    if remote is None:
        return Look(point(error, root), variables)
    return Look(None, variables, (remote.described or {}).get(SEEN), elsewhere=True)


def settle(taken: Look, failure: Failure, root: Path) -> Seen:
    """As text that may be kept and shown."""
    told = _told(taken.told)
    pointed = taken.pointed or (told and _bounded(told.provider)) or told_of(failure)
    frames = (*(told.frames if told else ()), *(_frame(each) for each in taken.variables))
    missing = ""
    if not frames:
        missing = "no frame of the workspace is in the traceback" if failure.frames else "nothing was raised here"
        missing = (_safe(told.missing) if told else ELSEWHERE) if taken.elsewhere else missing
    return Seen(as_written(pointed, root), tuple(map(_clean, frames[: 2 * FRAMES])), missing)


def to_tell(error: BaseException, failure: Failure, root: Path) -> Mapping[str, Any]:
    """The same as plain data, for the room: called in the process in which it failed."""
    try:
        seen = settle(look(error, root), failure, root)
    except Exception as defect:  # what is odd about one value must not cost the description of the failure
        seen = Seen(told_of(failure), missing=f"they could not be read: {type(defect).__name__}")
    plain: Mapping[str, Any] = msgspec.to_builtins(seen)
    return plain


def _told(plain: object) -> Seen | None:
    if plain is None:
        return None
    try:
        return msgspec.convert(plain, Seen)
    except msgspec.ValidationError:  # of another version, or of a kernel that forges what it tells
        return None


def _frame(taken: Variables) -> FrameSeen:
    values = {name: worded(note) for name, note in taken.values}
    return FrameSeen(taken.file, taken.function, taken.line, taken.error, taken.note, values)


def _clean(frame: FrameSeen) -> FrameSeen:
    values = {
        name[:NAME_LIMIT]: SHOWN if is_secret_name(name[:NAME_LIMIT]) and not _says_nothing(text) else _safe(text)
        for name, text in list(frame.values.items())[:NAMES]
    }
    return replace(frame, values=values, function=_safe(frame.function), file=_safe(frame.file), note=_safe(frame.note))


def _bounded(found: Provider) -> Provider:
    """A provider as another process told it, without what it may not say."""
    return Provider(
        how=_safe(found.how),
        name=_safe(found.name),
        file=_safe(found.file),
        line=found.line,
        signature=_safe(found.signature),
        text=_safe(found.text),
        arguments={_safe(name): _safe(kind) for name, kind in list(found.arguments.items())[:NAMES]},
        kernel=_safe(found.kernel),
    )


def _says_nothing(text: str) -> bool:
    return text in ("None", "True", "False")


def _safe(text: str) -> str:
    return shortened(redact(text[: 2 * VALUE_SHOWN]), VALUE_SHOWN).encode("utf-8", "backslashreplace").decode()
