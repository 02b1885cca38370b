"""Names at the top of a module that hold a class, or one thing made of it without arguments."""

import ast
from collections.abc import Iterator

from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.members.uses import parts_of, statement_at


def held_at(index: Index, path: str, line: int) -> Iterator[tuple[str, str, bool]]:
    """(file, name, whether it holds an instance) of such names of the tree that the statement around a line uses."""
    statement = statement_at(index, path, line)
    seen: set[str] = set()
    for node in parts_of(statement) if statement is not None else ():
        if isinstance(node, ast.Name | ast.Attribute):
            written = ast.unparse(node)
            if written.replace(".", "").isidentifier() and written not in seen:
                seen.add(written)
                yield from _held(index, path, written)


def _held(index: Index, path: str, written: str) -> Iterator[tuple[str, str, bool]]:
    head, _, rest = written.partition(".")
    origin = index.bindings(path).get(head)
    if origin is not None and not origin.name and rest and "." not in rest:
        origin = index.bindings(origin.path).get(rest)
    elif rest:
        return
    if origin is None or not origin.name:
        return
    values = _assigned(index, origin.path, origin.name)
    if len(values) != 1:
        return
    value, instance = values[0], False
    if isinstance(value, ast.Call) and not value.args and not value.keywords:
        value, instance = value.func, True
    if isinstance(value, ast.Name | ast.Attribute):
        found = index.expression(origin.path, ast.unparse(value))
        if found is not None and isinstance(found.node, ast.ClassDef):
            yield origin.path, origin.name, instance


def _assigned(index: Index, path: str, name: str) -> list[ast.expr]:
    module = index.parsed(path)
    return [
        node.value
        for node in (module.body if module is not None else ())
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]
    ]
