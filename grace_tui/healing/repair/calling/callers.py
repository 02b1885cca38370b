"""Who calls a definition, and how: the call that failed, and the call sites of the tree."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.calling.parameters import last_name
from grace_tui.healing.repair.index import Found, Index

CONSTRUCTORS = ("__init__", "__new__", "__post_init__", "__call__")


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call, as they are written; a text is empty where only the argument's type is known."""

    path: str
    line: int
    positional: tuple[str, ...]
    keywords: Mapping[str, str] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    """Type names of the positional arguments, where they were seen."""
    open: bool = False
    """True where `*` or `**` passes more than can be read."""


@lru_cache(maxsize=32)
def call_sites(index: Index, found: Found) -> list[Call]:
    """Calls in the tree that mean `found`, as far as names tell; empty for a method whose name others have as well."""
    owner, _, name = found.qualname.rpartition(".")
    if name in CONSTRUCTORS and owner:
        name = owner.rpartition(".")[2]
        found = Found(found.path, owner, found.node)
    method = "." in found.qualname
    if method and len(index.methods(name)) != 1:
        return []
    return [
        _call(call.path, call.node)
        for call in index.calls(name)
        if (method and call.receiver) or _means(index, call.path, call.node.func, found)
    ]


def _means(index: Index, path: str, func: ast.expr, found: Found) -> bool:
    """Whether this text, called in `path`, is `found`."""
    target = index.expression(path, ast.unparse(func))
    return target is not None and (target.path, target.qualname) == (found.path, found.qualname)


def failing_call(failure: Failure | None, index: Index, found: Found, *, entered: bool = False) -> Call | None:
    """The call that was refused: as it is written in the innermost frame, else as the live frame showed it.

    With `entered` it was not refused: the innermost frame is the callee's own, and the one before it the caller's.
    """
    if failure is None or len(failure.frames) <= entered:
        return None
    frame, callee = failure.frames[-2 if entered else -1], failure.callee
    types = callee.positional if callee else ()
    names = _names_of(found)
    around = calls_at(index, frame.file, frame.line)
    named = [node for node in around if last_name(node.func) in names]
    chosen = named or (around if len(around) == 1 else [])
    if chosen:
        return _call(frame.file, chosen[-1], types)
    if callee is None or not (callee.arguments or callee.positional):
        return None
    return Call(frame.file, frame.line, ("",) * len(types), dict.fromkeys(callee.arguments, ""), types)


def calls_at(index: Index, path: str, line: int) -> list[ast.Call]:
    """The calls whose text holds a line; none for a file outside the tree."""
    module = index.parsed(path) if path in index.names else None
    nodes = ast.walk(module) if module is not None else ()
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return [node for node in calls if node.lineno <= line <= (node.end_lineno or node.lineno)]


def _names_of(found: Found) -> set[str]:
    owner, _, name = found.qualname.rpartition(".")
    return {name, owner.rpartition(".")[2]} if name in CONSTRUCTORS else {name}


def _call(path: str, node: ast.Call, types: tuple[str, ...] = ()) -> Call:
    plain = [ast.unparse(arg) for arg in node.args if not isinstance(arg, ast.Starred)]
    keywords = {entry.arg: ast.unparse(entry.value) for entry in node.keywords if entry.arg}
    opened = len(plain) != len(node.args) or len(keywords) != len(node.keywords)
    return Call(path, node.lineno, tuple(plain), keywords, types, opened)


def argument_name(text: str) -> str:
    """What an argument's text suggests as its parameter's name: `timeout` of `timeout` and of `self._timeout`."""
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return ""
    if isinstance(node, ast.Name | ast.Attribute):
        return last_name(node).lstrip("_")
    return ""


def functions_calling(index: Index, found: Found) -> Iterator[tuple[Found, ast.Call]]:
    """Functions of the provider's file that call it, with the call: wrappers are among them."""
    _, _, name = found.qualname.rpartition(".")
    for entry in index.definitions(found.path):
        if isinstance(entry.node, ast.ClassDef) or entry.qualname == found.qualname:
            continue
        for node in ast.walk(entry.node):
            if isinstance(node, ast.Call) and last_name(node.func) == name:
                yield entry, node
