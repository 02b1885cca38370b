"""From a live exception to a Failure: plain data, taken while the frames are still there.

Called by the incident book on the supervisor's loop, and by `grace-tui heal` with exceptions of its own. It never
raises and never calls anything that it finds: a part that cannot be seen is left empty.
"""

import asyncio
import linecache
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, TypeVar, cast

from grace_tui.healing.failure import Callee, Failure, Frame, Subject
from grace_tui.healing.hook.grace_hook.describe import entries_of, module_name
from grace_tui.healing.hook.grace_hook.source import failing_text
from grace_tui.healing.hook.grace_hook.subjects import asked_of, missing_in
from grace_tui.healing.hook.grace_hook.touched import touched_by
from grace_tui.healing.hook.grace_hook.unread import unread_file
from grace_tui.healing.incidents.callee import callee_from, refused_by
from grace_tui.healing.incidents.codec import from_plain
from grace_tui.healing.incidents.places import place, without_root
from grace_tui.healing.incidents.printed import failure_in
from grace_tui.kernel.errors import RemoteFailure
from grace_tui.kernel.redact import redact

MESSAGE_LIMIT = 4_000
CHAIN_LIMIT = 10
EXPRESSION_LIMIT = 300
FIRST_FRAMES, LAST_FRAMES = 30, 70
"""How much of a very deep traceback is kept."""

T = TypeVar("T")


def capture(error: BaseException, *, kernel: str, phase: str, root: Path, at: float) -> Failure:
    """Describe the failure that `error` is, or that the leaf of an exception group is.

    Of one that came from another process, what that process told counts, after the way that it took in this one.
    """
    leaf, groups = leaf_of(error)
    nothing: tuple[str, Subject | None] = ("", None)
    asked, subject = _seen(lambda: _asked(leaf, root), nothing)
    no_frames: tuple[Frame, ...] = ()
    here = Failure(
        kernel=kernel,
        phase=phase,
        kind=type(leaf).__name__,
        message=message_of(leaf, root),
        frames=_seen(lambda: _frames(leaf, groups, root), no_frames),
        chain=_seen(lambda: tuple((type(link).__name__, message_of(link, root)) for link in chain_of(leaf)), ()),
        callee=_seen(lambda: refused_by(leaf, root), None),
        missing=_seen(lambda: _missing(leaf, root), None),
        at=at,
        asked=asked,
        subject=subject,
        touched=_seen(lambda: _touched(leaf, root), ()),
    )
    remote = remote_of(error)
    return here if remote is None else _joined(here, remote, root)


def remote_of(error: BaseException) -> RemoteFailure | None:
    """What another process told of this failure, or of the leaf of this group."""
    leaf, groups = leaf_of(error)
    for found in (leaf, *reversed(groups)):
        told = found if issubclass(type(found), RemoteFailure) else _stored(found, "__dict__").get("remote_failure")
        if issubclass(type(told), RemoteFailure):
            return cast(RemoteFailure, told)
    return None


def told_by(remote: RemoteFailure, root: Path, *, kernel: str = "", phase: str = "", at: float = 0.0) -> Failure:
    """The failure as the other process told it: as it described it, else as it printed it, else in its words."""
    if remote.described is not None:
        described = remote.described
        found = _seen(lambda: from_plain(described), None)
        if found is not None:
            return replace(found, kernel=kernel, phase=phase, at=at)
    printed = _seen(lambda: failure_in(remote.printed, kernel=kernel, phase=phase, root=root, at=at), None)
    if printed is None:
        return Failure(kernel, phase, remote.kind, message_of(remote, root), frames=(), at=at)
    return replace(
        printed,
        message=safe(printed.message, root),
        frames=tuple(replace(frame, source=redact(frame.source)) for frame in printed.frames),
        chain=tuple((kind, safe(message, root)) for kind, message in printed.chain[-CHAIN_LIMIT:]),
    )


def _joined(here: Failure, remote: RemoteFailure, root: Path) -> Failure:
    told = told_by(remote, root, kernel=here.kernel, phase=here.phase, at=here.at)
    return replace(told, frames=(*(frame for frame in here.frames if frame.in_project), *told.frames))


def leaf_of(error: BaseException) -> tuple[BaseException, tuple[BaseException, ...]]:
    """Return the exception that matters, and the groups around it, outermost first.

    It is the first that is not a cancellation: cancelling the siblings is what a group does about a failure.
    """
    leaves = list(_leaves(error, ()))
    return next((found for found in leaves if not issubclass(type(found[0]), asyncio.CancelledError)), leaves[0])


def chain_of(error: BaseException) -> tuple[BaseException, ...]:
    """Causes and contexts of an exception, innermost first."""
    links: list[BaseException] = []
    link = _before(error)
    while (
        link is not None and link is not error and all(link is not kept for kept in links) and len(links) < CHAIN_LIMIT
    ):
        links.append(link)
        link = _before(link)
    return tuple(reversed(links))


def text_of(error: BaseException) -> str:
    """`str(error)`, also where that fails."""
    return _seen(lambda: str(error), f"<{type(error).__name__} without a readable text>")


def message_of(error: BaseException, root: Path) -> str:
    """The exception's text: redacted, encodable, without the workspace's own path."""
    return safe(text_of(error), root)


def safe(text: str, root: Path) -> str:
    """Text of unknown origin as it may be kept and shown."""
    return redact(without_root(text[:MESSAGE_LIMIT].encode("utf-8", "backslashreplace").decode(), root))


def trace_of(error: BaseException) -> list[tuple[FrameType, int]]:
    """The frames of an exception's own traceback with their lines, outermost first; very deep ones thinned."""
    found: list[tuple[FrameType, int]] = []
    trace: TracebackType | None = _stored(error, "__traceback__")
    while trace is not None:
        found.append((trace.tb_frame, trace.tb_lineno or trace.tb_frame.f_code.co_firstlineno))
        trace = trace.tb_next
    if len(found) > FIRST_FRAMES + LAST_FRAMES:
        del found[FIRST_FRAMES:-LAST_FRAMES]
    return found


def _leaves(
    error: BaseException, groups: tuple[BaseException, ...]
) -> Iterator[tuple[BaseException, tuple[BaseException, ...]]]:
    if not issubclass(type(error), BaseExceptionGroup):
        yield error, groups
        return
    for inner in _stored(error, "exceptions"):
        yield from _leaves(inner, (*groups, error))


def _before(error: BaseException) -> BaseException | None:
    cause: BaseException | None = _stored(error, "__cause__")
    context: BaseException | None = _stored(error, "__context__")
    return context if cause is None and not _stored(error, "__suppress_context__") else cause


def _stored(error: BaseException, name: str) -> Any:
    """An exception's own attribute, past any `__getattribute__` of its class."""
    return object.__getattribute__(error, name)


def _frames(leaf: BaseException, groups: tuple[BaseException, ...], root: Path) -> tuple[Frame, ...]:
    frames = [_frame(entry, root) for entry in entries_of(leaf)]
    if not any(frame.in_project for frame in frames):
        frames = [_frame(entry, root) for group in groups for entry in entries_of(group)] + frames
    if isinstance(leaf, SyntaxError) and leaf.filename:
        file, own = place(leaf.filename, root)
        frames.append(Frame(file, own, "<module>", leaf.lineno or 0, redact((leaf.text or "").strip())))
        return tuple(frames)
    unread, line = _seen(lambda: unread_file(leaf), ("", 0))
    if unread:
        frames.append(Frame(*place(unread, root), "<module>", line))
    return tuple(frames)


def _frame(entry: TracebackType, root: Path) -> Frame:
    frame, line = entry.tb_frame, entry.tb_lineno or entry.tb_frame.f_code.co_firstlineno
    file, own = place(frame.f_code.co_filename, root)
    module = _seen(lambda: module_name(frame), "")
    if not own:
        return Frame(file, own, frame.f_code.co_qualname, line, module=module)
    expression = _seen(lambda: _kept(failing_text(entry)[:EXPRESSION_LIMIT]), "")
    return Frame(file, own, frame.f_code.co_qualname, line, _source(frame, line), module, expression)


def _source(frame: FrameType, line: int) -> str:
    file = frame.f_code.co_filename
    linecache.checkcache(file)
    return _kept(linecache.getline(file, line, frame.f_globals).strip())


def _kept(text: str) -> str:
    return redact(text).encode("utf-8", "backslashreplace").decode()


def _missing(error: BaseException, root: Path) -> tuple[str, str, str] | None:
    found = missing_in(error)
    return None if found is None else (found[0], found[1], place(found[2], root)[0])


def _asked(error: BaseException, root: Path) -> tuple[str, Subject | None]:
    asked, plain = asked_of(error, lambda file: place(file, root)[1])
    return _kept(asked), None if plain is None else _subject(plain, root)


def _subject(plain: dict[str, Any], root: Path) -> Subject:
    bases = tuple((module, name, place(file, root)[0]) for module, name, file in plain["bases"])
    names = tuple(_kept(name) for name in plain["names"])
    return Subject(**{**plain, "file": place(plain["file"], root)[0], "bases": bases, "names": names})


def _touched(error: BaseException, root: Path) -> tuple[Callee, ...]:
    """Without the statements of modules: to parse whole files takes longer than the loop may be held."""
    found = touched_by(error.__traceback__, lambda file: place(file, root)[1], modules=False)
    return tuple(callee_from(plain, root) for plain in found)


def _seen(look: Callable[[], T], otherwise: T) -> T:
    """What `look` finds. The objects of a crash may be hostile: a lookup that fails leaves its part empty."""
    try:
        return look()
    except Exception:
        return otherwise
