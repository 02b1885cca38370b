"""Functions whose every `return` wraps its value in a list, tuple or dict that their annotation rules out."""

import ast
from collections.abc import Iterator

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.calling.parameters import last_name
from grace_tui.healing.repair.imports.layout import is_test
from grace_tui.healing.repair.index import Definition, Found, FunctionNode, Index

SCALARS = frozenset({"str", "int", "float", "bool", "bytes", "complex", "Path", "datetime", "Decimal"})
NAMES = {
    "list": frozenset({"list", "List"}),
    "tuple": frozenset({"tuple", "Tuple"}),
    "dict": frozenset({"dict", "Dict"}),
    "set": frozenset({"set", "Set", "frozenset"}),
}


def wrapped_at(failure: Failure, index: Index) -> Iterator[Found]:
    """The functions near a failure of which that can be said."""
    for callee in failure.touched:
        found = index.find(callee.file, callee.qualname) if callee.file in index.names else None
        if found is not None and not is_test(found.path) and wrapped(index, found):
            yield found


def wrapped(index: Index, found: Found) -> dict[ast.expr, ast.expr]:
    """Returned value -> what it wraps, of every `return`; empty where one of them is as the annotation says."""
    node = found.node
    declared = annotation_of(index, found)
    if not isinstance(node, FunctionNode) or not declared:
        return {}
    values = [part.value for part in _own(node) if isinstance(part, ast.Return) and part.value is not None]
    pairs = {value: inner for value in values if (inner := _inside(value)) is not None}
    shapes = {type(value) for value in values}
    if len(pairs) < len(values) or len(shapes) != 1 or _suits(declared, values[0]):
        return {}
    return pairs


def annotation_of(index: Index, found: Found) -> str:
    """The plain type that a function, or the same method of a base, says it returns; empty for all else."""
    owner, _, name = found.qualname.rpartition(".")
    holder = index.find(found.path, owner) if owner else None
    same = [found]
    for base in index.ancestors(holder) if holder is not None and isinstance(holder.node, ast.ClassDef) else ():
        same += [entry for entry in [index.find(base.path, f"{base.qualname}.{name}")] if entry is not None]
    for entry in same:
        returns = getattr(entry.node, "returns", None)
        if isinstance(returns, ast.Constant) and isinstance(returns.value, str):
            returns = _parsed(returns.value)
        if returns is not None:
            name = last_name(returns)
            known = name in SCALARS or any(name in names for names in NAMES.values())
            return name if known else ""
    return ""


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


def _suits(declared: str, value: ast.expr) -> bool:
    return declared in NAMES.get(type(value).__name__.lower(), ())


def _inside(value: ast.expr) -> ast.expr | None:
    if isinstance(value, ast.List) and len(value.elts) == 1 and not isinstance(value.elts[0], ast.Starred):
        return value.elts[0]
    if isinstance(value, ast.Dict) and len(value.keys) == 1 and isinstance(value.keys[0], ast.Constant):
        return value.values[0]
    if isinstance(value, ast.Tuple) and len(value.elts) == 2:
        first, second = value.elts
        return first if isinstance(second, ast.Constant) and second.value is None else None
    return None


def _own(node: FunctionNode) -> Iterator[ast.AST]:
    """What runs in the function itself, not in those inside it."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        part = waiting.pop()
        yield part
        if not isinstance(part, Definition | ast.Lambda):
            waiting += ast.iter_child_nodes(part)
