"""Which file could not be read as Python, where the error itself does not say: a null byte, a wrong encoding.

The statement that imported it is in the traceback; the modules it names are looked for on the path, none is imported.
"""

from __future__ import annotations

import ast
import re
import sys
from importlib.machinery import PathFinder
from types import FrameType, ModuleType, TracebackType
from typing import Iterator

from . import names, source

_TOLD = re.compile(r"in file (.+?) on line (\d+)")


def unread_file(error: BaseException) -> tuple[str, int]:
    """The file and the line, 0 where that is not known; ("", 0) where the error is about something else."""
    text = str(error)
    if not isinstance(error, (SyntaxError, ValueError)):
        return "", 0
    told = _TOLD.search(text)
    if told is not None:
        return names.absolute(told.group(1)), int(told.group(2))
    return (_unread(error.__traceback__), 0) if "null byte" in text else ("", 0)


def _unread(trace: TracebackType | None) -> str:
    if trace is None:
        return names.absolute(sys.argv[0]) if sys.argv and sys.argv[0].endswith(".py") else ""
    return next(filter(None, map(_not_loaded, _imported(source.last_of(trace)))), "")


def _imported(at: TracebackType) -> Iterator[str]:
    """Dotted names that the statement at the end of the traceback imports, with what it imports from them."""
    for node in source.nodes_of(at.tb_frame.f_code, source.lines_of(at.tb_frame)):
        if not isinstance(node, (ast.Import, ast.ImportFrom)) or not _covers(node, at.tb_lineno):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            continue
        parent = _parent(at.tb_frame, node)
        yield parent
        yield from (f"{parent}.{alias.name}" for alias in node.names)


def _covers(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _parent(frame: FrameType, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = str(frame.f_globals.get("__package__") or "").split(".")
    base = ".".join(package[: len(package) - node.level + 1])
    return f"{base}.{node.module}" if node.module else base


def _not_loaded(name: str) -> str:
    """The file of the first module on the way to a name that is not loaded."""
    path: list[str] | None = None
    parts = name.split(".")
    for at in range(1, len(parts) + 1):
        prefix = ".".join(parts[:at])
        module = sys.modules.get(prefix)
        if names.is_a(module, ModuleType):
            path = list(vars(module).get("__path__") or ())
            continue
        spec = PathFinder.find_spec(prefix, path)
        return names.absolute(spec.origin) if spec is not None and spec.origin else ""
    return ""
