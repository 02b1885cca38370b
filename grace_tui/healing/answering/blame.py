"""Tells whether a failure comes from what a repair changed: the traceback runs through a function that it touched."""

import ast
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.apply import Entry
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.kernel.parsing import parse_module

MODULE = "<module>"
NOT_RAISED = frozenset({"trigger", "heartbeat", "block"})
"""Phases of failures that no code raised, so that a traceback blames nobody."""


def blamed(failure: Failure, began: float, entries: Iterable[Entry]) -> Entry | None:
    """The newest of the repairs, applied before the failure began, whose changed functions it ran through."""
    if failure.phase in NOT_RAISED:
        return None
    places = set(_places(failure))
    for entry in sorted(entries, key=lambda entry: -entry.at):
        touched = {(edit.path, name) for edit in entry.edits for name in touched_by(edit)}
        if entry.at < began and places & touched:
            return entry
    return None


def touched_by(edit: FileEdit) -> frozenset[str]:
    """Qualified names of the functions that an edit changed lines of, as frames name them."""
    try:
        tree = parse_module(edit.after)
    except SyntaxError:
        return frozenset({MODULE})
    functions = list(_functions(tree, ""))
    changed = _changed_lines(edit.before or "", edit.after)
    names = set()
    for line in changed:
        inside = [name for name, first, last in functions if first <= line <= last]
        names.add(inside[-1] if inside else MODULE)
    return frozenset(names)


def _places(failure: Failure) -> Iterator[tuple[str, str]]:
    for frame in failure.frames:
        if frame.in_project:
            yield frame.file, frame.function
    if failure.callee is not None:
        yield failure.callee.file, failure.callee.qualname
    if failure.missing is not None:
        yield failure.missing[2], MODULE


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, int, int]]:
    """Outer functions before the inner ones that they hold."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}{child.name}"
            yield name, child.lineno, child.end_lineno or child.lineno
            yield from _functions(child, f"{name}.<locals>.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)


def _changed_lines(before: str, after: str) -> Iterator[int]:
    """Lines of the text after, from 1, that are new or stand where something was taken away."""
    matcher = SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    for tag, _, _, first, last in matcher.get_opcodes():
        if tag != "equal":
            yield from range(first + 1, max(last, first + 1) + 1)
