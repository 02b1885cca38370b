"""Names that a body uses as if they were parameters: what remains of a parameter that was taken from a signature."""

import ast
from collections.abc import Iterator, Sequence

from grace_tui.healing.repair.calling.parameters import parameters_of
from grace_tui.healing.repair.calling.unbound import unbound_names
from grace_tui.healing.repair.index import FunctionNode, Index

SELF_NAMES = ("self", "cls")


def lost_names(index: Index, path: str, node: FunctionNode) -> tuple[str, ...]:
    """Names that nothing binds, then locals that are read before anything binds them."""
    unbound = unbound_names(index, path, node)
    taken = {entry.name for entry in parameters_of(node)}
    stored = {use.id for use in _own_names(node.body) if isinstance(use.ctx, ast.Store)}
    early = [name for name in dict.fromkeys(use.id for use in _own_names(node.body)) if name in stored - taken]
    return (*unbound, *(name for name in early if name not in unbound and first_use(node.body, name) == "load"))


def _own_names(body: Sequence[ast.stmt]) -> Iterator[ast.Name]:
    """Names of this function's own scope, not of functions, classes and comprehensions inside it."""
    waiting: list[ast.AST] = [*reversed(body)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | _COMPREHENSION):
            continue
        if isinstance(node, ast.Name):
            yield node
        waiting.extend(list(ast.iter_child_nodes(node))[::-1])


_COMPREHENSION = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def first_use(body: Sequence[ast.AST], name: str) -> str:
    """`load` where the body reads the name before it binds it, else `store`; empty where it does neither."""
    for node in body:
        use = _use(node, name) or first_use(_evaluated(node), name)
        if use:
            return use
    return ""


def _evaluated(node: ast.AST) -> list[ast.AST]:
    """The parts of a node in the order in which they run."""
    if isinstance(node, ast.Assign):
        return [node.value, *node.targets]
    if isinstance(node, ast.AnnAssign):
        return [node.value, node.target] if node.value else []
    if isinstance(node, ast.AugAssign):
        return (
            [ast.Name(node.target.id, ast.Load())] if isinstance(node.target, ast.Name) else [node.target, node.value]
        )
    if isinstance(node, ast.For | ast.AsyncFor):
        return [node.iter, node.target, *node.body, *node.orelse]
    if isinstance(node, _COMPREHENSION):
        return [node.generators[0].iter]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return []
    return list(ast.iter_child_nodes(node))


def _use(node: ast.AST, name: str) -> str:
    if isinstance(node, ast.Name) and node.id == name:
        return "load" if isinstance(node.ctx, ast.Load) else "store"
    if isinstance(node, ast.ExceptHandler) and node.name == name:
        return "store"
    return ""


def constant_first(node: FunctionNode, name: str) -> ast.Assign | ast.AnnAssign | None:
    """The statement of the body that sets the name to a constant before it is used: a default without a parameter."""
    for statement in node.body:
        if first_use([statement], name):
            target = _only_target(statement)
            constant = isinstance(getattr(statement, "value", None), ast.Constant)
            return statement if constant and target == name and isinstance(statement, _ASSIGNMENT) else None
    return None


_ASSIGNMENT = ast.Assign | ast.AnnAssign


def _only_target(node: ast.stmt) -> str:
    target: ast.expr | None = None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    elif isinstance(node, ast.AnnAssign):
        target = node.target
    return target.id if isinstance(target, ast.Name) else ""


def passed_on_as(node: FunctionNode, name: str) -> str:
    """`*` or `**` where the body only spreads the name so, or uses it as such a collection; else empty."""
    for part in ast.walk(node):
        if isinstance(part, ast.keyword) and part.arg is None and _is(part.value, name):
            return "**"
        if isinstance(part, ast.Starred) and _is(part.value, name):
            return "*"
    if name in ("kwargs", "kwds", "kwargv") or (name in ("kw", "options") and _is_keyed(node, name)):
        return "**"
    return "*" if name == "args" else ""


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_keyed(node: ast.AST, name: str) -> bool:
    return any(_keyed(part, name) for part in ast.walk(node))


def _keyed(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Attribute):
        return _is(node.value, name) and node.attr in ("get", "pop", "items", "setdefault", "update", "keys", "values")
    if isinstance(node, ast.Compare):
        return isinstance(node.ops[0], ast.In | ast.NotIn) and _is(node.comparators[0], name)
    return isinstance(node, ast.Subscript) and _is(node.value, name)


def order_of_use(node: FunctionNode) -> list[str]:
    """The names of the body, each where it is first read."""
    reads = [use for use in ast.walk(node) if isinstance(use, ast.Name) and isinstance(use.ctx, ast.Load)]
    inside = [use for use in reads if use.lineno >= node.body[0].lineno]
    return list(dict.fromkeys(use.id for use in sorted(inside, key=lambda use: (use.lineno, use.col_offset))))
