"""The program's own functions and classes that the failing lines name, or that gave the values these lines work on.

Where a value has another shape than before, one of them made it. Names are looked up, never called; a local variable
is followed to the calls that it was assigned from, one step.
"""

from __future__ import annotations

import ast
import functools
from types import CodeType, FrameType, FunctionType, TracebackType
from typing import Any, Iterator

from . import names, source
from .calls import Own, Plain, callee_of

MOST, FRAMES = 20, 6
_LONGEST_FILE = 4000
"""Lines of a module whose own statements are still parsed; functions are parsed alone."""


def touched_by(trace: TracebackType | None, own: Own, modules: bool = True) -> list[Plain]:
    """Innermost first; `modules` says whether the statements of modules are looked at too."""
    entries = [each for each in _entries(trace) if own(each.tb_frame.f_code.co_filename)][-FRAMES:]
    found: dict[tuple[str, int], Plain] = {}
    for entry in reversed(entries):
        if not modules and entry.tb_frame.f_code.co_name == "<module>":
            continue
        for target in _targets(entry):
            plain = _described(target)
            if plain is not None and own(plain["file"]) and len(found) < MOST:
                found.setdefault((plain["file"], plain["line"]), plain)
    return list(found.values())


def _targets(entry: TracebackType) -> list[object]:
    none: list[object] = []
    return names.seen(lambda: list(_in_line(entry)), none)


def _entries(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _described(target: Any) -> Plain | None:
    found = target if names.is_a(target, type) else names.unwrap(target)[0]
    if not names.is_a(found, type, FunctionType):
        return None
    return names.seen(lambda: callee_of(found, {}), None)


def _in_line(entry: TracebackType) -> Iterator[object]:
    """What the failing statement names, then what its local variables were assigned from."""
    frame = entry.tb_frame
    lines = source.lines_of(frame)
    if frame.f_code.co_name == "<module>" and len(lines) > _LONGEST_FILE:
        return
    nodes = list(source.nodes_of(frame.f_code, lines))
    statement = _statement_at(nodes, entry.tb_lineno)
    if statement is None:
        return
    named = [node for node in _parts(statement) if isinstance(node, (ast.Name, ast.Attribute))]
    for node in named:
        yield from _callables(node, frame)
    local = {node.id for node in named if isinstance(node, ast.Name)} & _locals_of(frame.f_code)
    for value in _assigned(nodes, local, entry.tb_lineno):
        for part in ast.walk(value):
            if isinstance(part, ast.Call):
                yield from _callables(part.func, frame)


def _locals_of(code: CodeType) -> set[str]:
    return set(code.co_varnames + code.co_cellvars) if code.co_name != "<module>" else set(code.co_names)


def _statement_at(nodes: list[ast.AST], line: int) -> ast.stmt | None:
    around = [node for node in nodes if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0)]
    around.reverse()  # of several on one line the inner one counts, which comes later
    return min(around, key=lambda node: (node.end_lineno or 0) - node.lineno, default=None)


def _parts(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement without the statements inside it."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt):
            yield from ast.walk(child)


def _assigned(nodes: list[ast.AST], local: set[str], line: int) -> Iterator[ast.expr]:
    """The values given to those variables above a line, the nearest first."""
    given: list[tuple[int, ast.expr]] = []
    for node in nodes:
        targets, value = _assignment(node)
        if value is None or value.lineno > line:
            continue
        bound = {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        if bound & local:
            given.append((value.lineno, value))
    yield from (value for _, value in sorted(given, key=lambda each: -each[0]))


def _assignment(node: ast.AST) -> tuple[list[ast.expr], ast.expr | None]:
    if isinstance(node, ast.Assign):
        return node.targets, node.value
    if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
        return [node.target], node.value
    if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        return [node.target], node.iter
    if isinstance(node, ast.withitem) and node.optional_vars is not None:
        return [node.optional_vars], node.context_expr
    return [], None


def _callables(node: ast.expr, frame: FrameType) -> Iterator[object]:
    found = names.look_up(node, frame)
    if found is names.UNKNOWN and isinstance(node, ast.Attribute):
        yield from _computed(node, frame)
    elif found is not names.UNKNOWN:
        yield found


def _computed(node: ast.Attribute, frame: FrameType) -> Iterator[object]:
    """The getter behind an attribute that is computed, and a method of the class that a call in the line makes."""
    owner: Any = names.look_up(node.value, frame)
    if owner is names.UNKNOWN and isinstance(node.value, ast.Call):
        owner = names.look_up(node.value.func, frame)
    if owner is names.UNKNOWN:
        return
    kind = owner if names.is_a(owner, type) else type(owner)
    for each in type.__dict__["__mro__"].__get__(kind):
        stored = vars(each).get(node.attr)
        if names.is_a(stored, property):
            yield stored.fget
        elif names.is_a(stored, functools.cached_property):
            yield stored.func
        elif stored is not None:
            yield stored
        if stored is not None:
            return
