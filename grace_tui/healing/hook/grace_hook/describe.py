"""From a live exception to the plain data of a `Failure`, one for each leaf of a group, with absolute file names.

Called where something failed. It never raises for what it finds: a part that cannot be seen is left empty.
"""

from __future__ import annotations

import sys
import time
from types import CodeType, FrameType, FunctionType, TracebackType
from typing import Any, Iterator

from . import calls, names, source, subjects, touched
from .calls import Own, Plain
from .unread import unread_file

MESSAGE_LIMIT = 4_000
CHAIN_LIMIT = 10
LEAF_LIMIT = 10
FIRST_FRAMES, LAST_FRAMES = 30, 70
"""How much of a very deep traceback is kept."""
_EXPRESSION_LIMIT = 300
_CANCELLED = "CancelledError"


def describe(error: BaseException, own: Own) -> list[Plain]:
    """The failures that `error` tells of; `own` says of a file whether it is the program's own."""
    leaves = list(_leaves(error, ()))
    told = [found for found in leaves if type(found[0]).__name__ != _CANCELLED] or leaves
    return [_failure(leaf, groups, own) for leaf, groups in told[:LEAF_LIMIT]]


def unawaited(coroutine: Any, frame: FrameType | None, own: Own) -> list[Plain]:
    """A coroutine that nobody awaited, as a failure of the frame that let go of it; none where that is not known."""
    code = coroutine.cr_code
    function = _function_of(code, coroutine)
    frames: list[Plain] = []
    while frame is not None:
        file = names.absolute(frame.f_code.co_filename)
        plain = _plain(file, own(file), names.code_name(frame.f_code), frame.f_lineno)
        if plain["in_project"]:
            plain["source"] = _line(frame, frame.f_lineno)
        frames.insert(0, {**plain, "module": module_name(frame)})
        frame = frame.f_back
    callee = calls.callee_of(function, {}) if function is not None else _code_as_callee(code)
    return [
        {
            "kernel": "",
            "phase": "run",
            "kind": "RuntimeWarning",
            "message": f"coroutine '{coroutine.__qualname__}' was never awaited",
            "frames": frames[-LAST_FRAMES:],
            "chain": [],
            "callee": callee,
            "missing": None,
            "at": time.time(),
            "asked": "__await__",
            "subject": None,
            "touched": [callee] if own(callee["file"]) else [],
        }
    ]


def _function_of(code: CodeType, coroutine: Any) -> object:
    """The function that made a coroutine, where its module or class still has it."""
    file = code.co_filename
    for module in list(sys.modules.values()):
        if names.file_of(module) != file:
            continue
        found: object = module
        for part in coroutine.__qualname__.split("."):
            found = names.static(found, part)
        target, _ = names.unwrap(found)
        if names.is_a(target, FunctionType) and target.__code__ is code:  # type: ignore[attr-defined]
            return target
    return None


def _code_as_callee(code: CodeType) -> Plain:
    given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    file = names.absolute(code.co_filename)
    plain: Plain = {"qualname": names.code_name(code), "file": file, "line": code.co_firstlineno}
    return {**plain, "signature": f"({', '.join(given)})", "arguments": {}, "positional": []}


def links_of(error: BaseException) -> tuple[BaseException, ...]:
    """Causes and contexts of an exception, innermost first."""
    links: list[BaseException] = []
    link = _before(error)
    while link is not None and link is not error and all(link is not kept for kept in links):
        links.append(link)
        if len(links) == CHAIN_LIMIT:
            break
        link = _before(link)
    return tuple(reversed(links))


def text_of(error: BaseException) -> str:
    """`str(error)`, also where that fails."""
    return names.seen(lambda: str(error), f"<{type(error).__name__} without a readable text>")[:MESSAGE_LIMIT]


def leaves_of(error: BaseException) -> list[BaseException]:
    return [leaf for leaf, _ in _leaves(error, ())]


def _failure(leaf: BaseException, groups: tuple[BaseException, ...], own: Own) -> Plain:
    no_frames: list[Plain] = []
    no_links: list[list[str]] = []
    leaf = _behind_runpy(leaf)
    nothing: subjects.Asked = ("", None)
    asked, subject = names.seen(lambda: subjects.asked_of(leaf, own), nothing)
    trace = leaf.__traceback__
    return {
        "kernel": "",
        "phase": "run",
        "kind": type(leaf).__name__ if not _is_runpy(leaf) else "ModuleNotFoundError",
        "message": text_of(leaf),
        "frames": names.seen(lambda: _frames(leaf, groups, own), no_frames),
        "chain": names.seen(lambda: [[type(link).__name__, text_of(link)] for link in links_of(leaf)], no_links),
        "callee": names.seen(lambda: _callee(leaf, own), None),
        "missing": names.seen(lambda: subjects.missing_in(leaf), None),
        "at": time.time(),
        "asked": asked,
        "subject": subject,
        "touched": names.seen(lambda: touched.touched_by(trace, own), no_frames),
    }


def _is_runpy(error: BaseException) -> bool:
    return type(error).__module__ == "runpy"


def _behind_runpy(error: BaseException) -> BaseException:
    """What `python -m` found wrong with the module; its own error where that is only that there is none."""
    cause = error.__cause__ if _is_runpy(error) else None
    return error if cause is None else cause


def _callee(leaf: BaseException, own: Own) -> Plain | None:
    found = calls.refused_by(leaf, own)
    if found is None and leaf.__traceback__ is not None:
        return calls.record_refused(leaf, leaf.__traceback__, own)
    return found


def _leaves(
    error: BaseException, groups: tuple[BaseException, ...]
) -> Iterator[tuple[BaseException, tuple[BaseException, ...]]]:
    inner = names.stored(error, "exceptions") if _is_group(error) else None
    if not isinstance(inner, (tuple, list)) or not inner:
        yield error, groups
        return
    for each in inner:
        yield from _leaves(each, (*groups, error))


def _is_group(error: BaseException) -> bool:
    """Also for a group of a backport, on a Python that has none of its own."""
    return any(kind.__name__ == "BaseExceptionGroup" for kind in type(error).__mro__)


def _before(error: BaseException) -> BaseException | None:
    cause: BaseException | None = names.stored(error, "__cause__")
    context: BaseException | None = names.stored(error, "__context__")
    return context if cause is None and not names.stored(error, "__suppress_context__") else cause


# ---- frames


def _frames(leaf: BaseException, groups: tuple[BaseException, ...], own: Own) -> list[Plain]:
    frames = [_frame(entry, own) for entry in entries_of(leaf)]
    if not any(frame["in_project"] for frame in frames):
        frames = [_frame(entry, own) for group in groups for entry in entries_of(group)] + frames
    if isinstance(leaf, SyntaxError) and leaf.filename:
        file = names.absolute(leaf.filename)
        frames.append(_plain(file, own(file), "<module>", leaf.lineno or 0, (leaf.text or "").strip()))
        return frames
    file, line = names.seen(lambda: unread_file(leaf), ("", 0))
    if file:
        frames.append(_plain(file, own(file), "<module>", line))
    return frames


def entries_of(error: BaseException) -> list[TracebackType]:
    """The entries of its traceback, outermost first, without the middle of a very deep one."""
    found: list[TracebackType] = []
    trace = error.__traceback__
    while trace is not None:
        found.append(trace)
        trace = trace.tb_next
        if len(found) > FIRST_FRAMES + 2 * LAST_FRAMES:
            del found[FIRST_FRAMES:-LAST_FRAMES]
    if len(found) > FIRST_FRAMES + LAST_FRAMES:
        del found[FIRST_FRAMES:-LAST_FRAMES]
    return found


def _frame(entry: TracebackType, own: Own) -> Plain:
    frame, line = entry.tb_frame, entry.tb_lineno or 0
    file = names.absolute(frame.f_code.co_filename)
    plain = _plain(file, own(file), names.code_name(frame.f_code), line)
    if plain["in_project"]:
        plain["source"] = names.seen(lambda: _line(frame, line), "")
        plain["expression"] = names.seen(lambda: source.failing_text(entry)[:_EXPRESSION_LIMIT], "")
    plain["module"] = names.seen(lambda: module_name(frame), "")
    return plain


def module_name(frame: FrameType) -> str:
    """The module that the frame runs; for a program started as `python -m name`, that name."""
    name = frame.f_globals.get("__name__", "")
    spec = frame.f_globals.get("__spec__") if name == "__main__" else None
    found = getattr(spec, "name", name)
    return found if isinstance(found, str) else ""


def _line(frame: FrameType, line: int) -> str:
    lines = source.lines_of(frame)
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def _plain(file: str, own: bool, function: str, line: int, text: str = "") -> Plain:
    return {
        "file": file,
        "in_project": own,
        "function": function,
        "line": line,
        "source": text,
        "module": "",
        "expression": "",
    }
