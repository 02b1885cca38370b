"""Coroutine functions that nobody awaits, and plain functions that everybody does: told by every call in the tree."""

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.calling.callers import calls_at
from grace_tui.healing.repair.calling.parameters import decorators_of, last_name
from grace_tui.healing.repair.imports.layout import is_test
from grace_tui.healing.repair.index import Definition, Found, FunctionNode, Index, plain
from grace_tui.healing.repair.members.classes import PROPERTIES
from grace_tui.healing.repair.members.uses import attributes_at, parents, works_on

RUNNERS = frozenset(
    {"run", "create_task", "gather", "wait", "wait_for", "ensure_future", "run_until_complete", "start_soon", "shield",
     "run_coroutine_threadsafe", "as_completed", "start", "timeout", "async_to_sync", "iscoroutine", "isawaitable",
     "iscoroutinefunction", "spawn"}
)  # fmt: skip
"""Who is handed a coroutine to run it, or asks whether it is one."""

VALUES = frozenset(
    {"len", "list", "str", "int", "bool", "tuple", "set", "dict", "sorted", "isinstance", "next", "iter", "repr", "sum",
     "min", "max", "print"}
)  # fmt: skip
"""Who is handed a value that is there already."""

FRAMES = 4
FEW = 8
"""Coroutine functions that a tree has at most, for one of them to be taken for a slip that no failure names."""

Taken = Literal["awaited", "plain", "unknown"]


@dataclass(frozen=True)
class Use:
    path: str
    line: int
    taken: Taken


def few_coroutine_functions(index: Index) -> list[Found]:
    """Every `async def` of the tree, tests aside; none, where there are many."""
    places = _places(index, "async def", None)
    return _at(index, places) if len(places) <= FEW else []


def named_functions(failure: Failure, index: Index, kind: Literal["def", "async def"]) -> list[Found]:
    """Functions of that kind which the failing lines name, which gave the values there, or which such ones call."""
    live = {(callee.file, plain(callee.qualname)) for callee in failure.touched}
    at = [frame for frame in failure.frames if frame.file in index.names][::-1][:FRAMES]
    names = {last_name(call.func) for frame in at for call in calls_at(index, frame.file, frame.line)}
    names |= {node.attr for frame in at for node in attributes_at(index, frame.file, frame.line)}
    inside: set[str] = set()
    for path, qualname in live:
        found = index.find(path, qualname) if path in index.names else None
        nodes = ast.walk(found.node) if found is not None else ()
        inside |= {last_name(node.func) for node in nodes if isinstance(node, ast.Call)}
    wanted = names | inside | {qualname.rpartition(".")[2] for _, qualname in live}
    known = _at(index, _places(index, kind, wanted))
    return sorted(known, key=lambda entry: ((entry.path, entry.qualname) not in live, entry.node.name not in names))


def _places(index: Index, kind: str, names: Collection[str] | None) -> list[tuple[str, str]]:
    return [
        (path, entry.qualname)
        for path, outline in index.outlines(index.saying(rf"\b{kind}\b")).items()
        if not is_test(path)
        for entry in outline.definitions
        if entry.kind == kind and (names is None or entry.qualname.rpartition(".")[2] in names)
    ]


def _at(index: Index, places: list[tuple[str, str]]) -> list[Found]:
    found = [index.find(path, qualname) for path, qualname in places]
    return [entry for entry in found if entry is not None]


def is_idle(node: ast.AST) -> bool:
    """Whether a coroutine function awaits nothing itself."""
    return isinstance(node, ast.AsyncFunctionDef) and not any(
        isinstance(part, ast.Await | ast.AsyncFor | ast.AsyncWith) or _comprehends(part) for part in _own(node)
    )


def _comprehends(part: ast.AST) -> bool:
    return isinstance(part, ast.comprehension) and bool(part.is_async)


def _own(node: FunctionNode) -> Iterator[ast.AST]:
    """What runs in the function itself, not in those inside it."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        part = waiting.pop()
        yield part
        if not isinstance(part, Definition | ast.Lambda):
            waiting += ast.iter_child_nodes(part)


def is_needless(index: Index, found: Found, *, surely: bool) -> bool:
    """Whether a coroutine function awaits nothing, and nobody awaits it; `surely`: and some use it otherwise."""
    if not is_idle(found.node):
        return False
    takes = {use.taken for use in uses_of(index, found)}
    return "awaited" not in takes and (not surely or "plain" in takes)


def uses_of(index: Index, found: Found) -> list[Use]:
    """How every call of it takes what it gives."""
    name, node = found.node.name, found.node
    if decorators_of(node) & PROPERTIES:
        reads = [(use.path, use.node) for use in index.uses_of_attribute(name) if not use.stored]
        return [Use(path, read.lineno, _taken(index, path, read)) for path, read in reads]
    uses = [(call.path, call.node) for call in index.calls(name)]
    return [Use(path, call.lineno, _taken(index, path, call)) for path, call in uses]


def _taken(index: Index, path: str, node: ast.expr) -> Taken:
    module = index.parsed(path)
    above = parents(module) if module is not None else {}
    holder = above.get(node)
    if isinstance(holder, ast.Await):
        return "awaited"
    if isinstance(holder, ast.AsyncFor) or (isinstance(holder, ast.comprehension) and holder.is_async):
        return "awaited"
    if isinstance(holder, ast.withitem):
        return "awaited" if isinstance(above.get(holder), ast.AsyncWith) else "plain"
    if isinstance(holder, ast.Call) and node is not holder.func:
        return "awaited" if last_name(holder.func) in RUNNERS else _by_place(holder)
    if isinstance(holder, ast.Assign) and len(holder.targets) == 1 and isinstance(holder.targets[0], ast.Name):
        return _by_variable(above, holder, holder.targets[0].id)
    if isinstance(holder, ast.Expr) or works_on(holder, node) or (isinstance(holder, ast.Call) and holder.func is node):
        return "plain"
    return "unknown"


def _by_place(call: ast.Call) -> Taken:
    """What is handed to `assertEqual`, `len`, `list` is a value."""
    name = last_name(call.func)
    known = name.startswith("assert") or name in VALUES
    return "plain" if known else "unknown"


def _by_variable(tree: Mapping[ast.AST, ast.AST], assign: ast.Assign, name: str) -> Taken:
    """A variable: awaited later in the same function, or worked on."""
    scope: ast.AST = assign
    while scope in tree and not isinstance(scope, FunctionNode | ast.Module):
        scope = tree[scope]
    found: Taken = "unknown"
    for node in ast.walk(scope):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            holder = tree.get(node)
            if isinstance(holder, ast.Await) or (isinstance(holder, ast.Call) and last_name(holder.func) in RUNNERS):
                return "awaited"
            if works_on(holder, node):
                found = "plain"
    return found


def named_coroutine(message: str, index: Index) -> list[Found]:
    """`coroutine 'X.y' was never awaited`."""
    _, _, rest = message.partition("coroutine '")
    name = plain(rest.partition("'")[0])
    return [entry for entry in index.everywhere(name) if not is_test(entry.path)] if name else []
