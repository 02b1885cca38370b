"""The definition in the tree that refused a call: by the live object, else by its name and by who called it."""

import ast

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.calling.callers import calls_at
from grace_tui.healing.repair.index import Found, FunctionNode, Index, plain
from grace_tui.healing.repair.patch import Refused


def callee_of(problem: str, failure: Failure, index: Index, called: str) -> Found | Refused:
    """`called` is the name in the exception's message; empty where it names none."""
    if failure.callee is not None and failure.callee.file:
        return _by_object(problem, failure, index, called)
    if not called:
        written = _written(failure, index)
        return (
            written[0] if len(written) == 1 else Refused(problem, f"{failure.message}: nothing tells of which callee")
        )
    return _by_name(problem, failure, index, called)


def _by_object(problem: str, failure: Failure, index: Index, called: str) -> Found | Refused:
    callee = failure.callee
    assert callee is not None
    path, qualname = callee.file, callee.qualname or called
    if path not in index.names:
        return Refused(problem, f"{plain(qualname)} is defined in {path}, outside the workspace's sources")
    named = index.find(path, qualname) or index.find(path, qualname.rpartition(".")[0])
    there = _at(index, path, callee.line)
    # Before Python 3.11 a wrapper is known by the name of what it wraps alone; then its line is what tells them apart.
    found = there if there is not None and (named is None or _is_nested(index, there)) else named
    if found is None:
        return Refused(problem, f"{path} no longer defines {plain(qualname)}")
    return found


def _is_nested(index: Index, found: Found) -> bool:
    """Whether it is a function inside a function, as wrappers are."""
    owner = index.find(found.path, found.qualname.rpartition(".")[0])
    return owner is not None and isinstance(owner.node, FunctionNode) and isinstance(found.node, FunctionNode)


def _at(index: Index, path: str, line: int) -> Found | None:
    """The definition that begins at a line, its decorators included: a wrapper's name is that of what it wraps."""
    for entry in index.definitions(path):
        first = min([entry.node.lineno, *(mark.lineno for mark in entry.node.decorator_list)])
        if first <= line <= entry.node.lineno:
            return entry
    return None


def _by_name(problem: str, failure: Failure, index: Index, called: str) -> Found | Refused:
    found = index.everywhere(called)
    if not found and called.endswith((".__init__", ".__new__")):
        found = index.everywhere(called.rpartition(".")[0])
    if len(found) > 1:
        written = {(entry.path, entry.qualname) for entry in _written(failure, index)}
        meant = [entry for entry in found if _means(entry, written)]
        found = meant or found
    if len(found) == 1:
        return found[0]
    if not found:
        return Refused(problem, f"{plain(called)} is not defined in the workspace's sources")
    places = ", ".join(sorted(entry.path for entry in found))
    return Refused(problem, f"{plain(called)} is defined {len(found)} times: {places}")


def _means(entry: Found, written: set[tuple[str, str]]) -> bool:
    owner = entry.qualname.rpartition(".")[0]
    return (entry.path, entry.qualname) in written or (entry.path, owner) in written


def _written(failure: Failure, index: Index) -> list[Found]:
    """What the calls on the failing line mean, by the imports of the file."""
    frame = failure.frames[-1] if failure.frames else None
    if frame is None or frame.file not in index.names:
        return []
    functions = [ast.unparse(node.func) for node in calls_at(index, frame.file, frame.line)]
    found = [index.expression(frame.file, written) for written in functions if written.replace(".", "").isidentifier()]
    return [entry for entry in found if entry is not None]
