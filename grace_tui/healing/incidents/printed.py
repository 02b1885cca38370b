"""From a printed traceback to the Failure that the same exception would have been in this process.

Called by capture with what another process printed. What the print does not tell is looked for in the workspace's
files: qualified names of functions, the file of a module, the callee of a refused call. Texts are as printed; the
caller makes them fit to be kept.
"""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from grace_tui.healing.failure import Callee, Failure, Frame
from grace_tui.healing.hook.grace_hook.calls import about_arguments, called_in
from grace_tui.healing.hook.grace_hook.names import literal_type
from grace_tui.healing.incidents.places import place
from grace_tui.healing.incidents.scopes import parsed, qualname_at
from grace_tui.kernel.printed import PrintedError, PrintedFrame, read

_SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")
_MISSING_NAME = re.compile(
    r"cannot import name '([^']+)' from (?:partially initialized module )?'([^']+)'"
    r"[^\n]*?(?:\(([^()\n]*[\\/][^()\n]*)\))?$"
)
_MISSING_ATTRIBUTE = re.compile(r"(?:partially initialized )?module '([\w.]+)' has no attribute '(\w+)'")
_KEYWORD = re.compile(r"unexpected keyword argument '(\w+)'")


def failure_in(text: str, *, kernel: str, phase: str, root: Path, at: float) -> Failure | None:
    """The failure that a printed traceback tells of; None where the text is none."""
    error = read(text)
    if error is None:
        return None
    leaf, groups = error.leaf()
    return Failure(
        kernel,
        phase,
        leaf.kind,
        _message(leaf),
        _frames(leaf, groups, root),
        tuple((link.kind, _message(link)) for link in leaf.chain()),
        _callee(leaf, root),
        _missing(leaf, root),
        at,
    )


def _message(error: PrintedError) -> str:
    if error.kind in _SYNTAX_ERRORS and error.frames and not error.frames[-1].function:
        where = error.frames[-1]  # `str` of the exception says where; its print does so above
        return f"{error.message} ({os.path.basename(where.file)}, line {where.line})"
    return error.message


def _frames(leaf: PrintedError, groups: tuple[PrintedError, ...], root: Path) -> tuple[Frame, ...]:
    frames = [_frame(frame, root) for frame in leaf.frames]
    if not any(frame.in_project for frame in frames):
        frames = [_frame(frame, root) for group in groups for frame in group.frames] + frames
    return tuple(frames)


def _frame(frame: PrintedFrame, root: Path) -> Frame:
    path = _located(frame.file, root)
    file, own = place(str(path) if path else frame.file, root)
    function = frame.function or "<module>"
    if own and path is not None:
        function = qualname_at(path, frame.line, function)
    return Frame(file, own, function, frame.line, frame.source if own else "")


def _located(file: str, root: Path) -> Path | None:
    """Where a file of the print lies; a relative name is taken from the workspace, where programs are started."""
    return None if not file or file.startswith("<") else root / file


# ---- the module that lacks a name


def _missing(error: PrintedError, root: Path) -> tuple[str, str, str] | None:
    if error.kind == "ImportError" and (found := _MISSING_NAME.match(error.message)):
        return found[2], found[1], place(found[3] or "", root)[0]
    if error.kind == "AttributeError" and (found := _MISSING_ATTRIBUTE.match(error.message)):
        path = next(_files_of(found[1], _folders(error, root)), None)
        return found[1], found[2], place(str(path), root)[0] if path else ""
    return None


def _folders(error: PrintedError, root: Path) -> list[Path]:
    """Where modules of the traceback may be imported from: the root, and what holds its files, outermost first."""
    folders = dict.fromkeys([root, root / "src"])
    for frame in error.frames:
        path = _located(frame.file, root)
        if path is not None and place(str(path), root)[1]:
            folders[path.parent] = None
    return list(folders)


def _files_of(module: str, folders: list[Path]) -> Iterator[Path]:
    parts = module.split(".")
    for folder in folders:
        for path in (folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts, "__init__.py")):
            if path.is_file():
                yield path


# ---- the callee of a call that was refused


def _callee(error: PrintedError, root: Path) -> Callee | None:
    """The one definition of the name in the caller's file or in what it imports; None where that is not one."""
    named = called_in(error.message)
    if error.kind != "TypeError" or not named or not about_arguments(error.message) or not error.frames:
        return None
    caller = _located(error.frames[-1].file, root)
    if caller is None or not place(str(caller), root)[1] or (module := parsed(caller)) is None:
        return None
    files = dict.fromkeys([caller, *_imported(module, caller, _folders(error, root))])
    found = [(path, node) for path in files if place(str(path), root)[1] for node in _defined(path, named)]
    if len(found) != 1:
        return None
    path, node = found[0]
    call = _call_on(module, error.frames[-1].line, error.message)
    arguments, positional = ({}, ()) if call is None else (_keywords(call), _positional(call))
    signature = f"({ast.unparse(node.args)})" if not isinstance(node, ast.ClassDef) else ""
    qualname = qualname_at(path, node.lineno, node.name)
    return Callee(qualname, place(str(path), root)[0], node.lineno, signature, arguments, positional)


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _defined(path: Path, named: str) -> list[_Definition]:
    """Definitions that the message may call so; the class where its initialiser is not written down."""
    module = parsed(path)
    if module is None:
        return []
    nodes = [node for node in ast.walk(module) if isinstance(node, _Definition)]
    names = {id(node): qualname_at(path, node.lineno, node.name) for node in nodes}
    found = [node for node in nodes if names[id(node)] == named]
    owner, _, last = named.rpartition(".")
    if not found and last in ("__init__", "__new__"):
        found = [node for node in nodes if names[id(node)] == owner]
    return found[-1:]


def _imported(module: ast.Module, caller: Path, folders: list[Path]) -> Iterator[Path]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files_of(alias.name, folders)
        elif isinstance(node, ast.ImportFrom):
            within = [caller.parents[node.level - 1]] if 0 < node.level <= len(caller.parents) else folders
            name = node.module or ""
            yield from _files_of(name, within) if name else ()
            for alias in node.names:
                yield from _files_of(f"{name}.{alias.name}".lstrip("."), within)


def _call_on(module: ast.Module, line: int, message: str) -> ast.Call | None:
    """The call on that line that has the keyword which was refused, where one was."""
    refused = _KEYWORD.search(message)
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or not node.lineno <= line <= (node.end_lineno or node.lineno):
            continue
        if refused is None or any(keyword.arg == refused[1] for keyword in node.keywords):
            return node
    return None


def _keywords(call: ast.Call) -> dict[str, str]:
    """Types of the keyword arguments, as far as the text says them."""
    types = {keyword.arg: literal_type(keyword.value) for keyword in call.keywords if keyword.arg}
    return {name: kind for name, kind in types.items() if kind}


def _positional(call: ast.Call) -> tuple[str, ...]:
    types = tuple(literal_type(argument) for argument in call.args)
    return types if all(types) else ()
