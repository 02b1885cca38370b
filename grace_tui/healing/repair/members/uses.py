"""How the tree uses a name: called, set, worked on as a value, or handed on. Pure; on the index's syntax trees."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from grace_tui.healing.repair.index import Definition, Index

How = Literal["called", "set", "value", "passed", "super"]
"""`value`: its parts, its truth or its order matter here; `passed`: it is only handed on, whatever it is.
`super`: it is asked of `super()`, where a property and a method are both met."""

LOOKING = frozenset(
    ("len", "list", "str", "int", "float", "bool", "tuple", "set", "dict", "sorted", "sum", "min", "max")
)
"""Built-in functions that look into what they are handed."""


@dataclass(frozen=True)
class Usage:
    path: str
    line: int
    how: How
    node: ast.expr
    call: ast.Call | None = None
    """The call of it, where it is called."""

    @property
    def positional(self) -> int:
        return len(self.call.args) if self.call else 0

    @property
    def keywords(self) -> tuple[str, ...]:
        return tuple(entry.arg for entry in self.call.keywords if entry.arg) if self.call else ()

    @property
    def open(self) -> bool:
        """It passes `*` or `**`: what cannot be counted."""
        if self.call is None:
            return False
        return any(isinstance(entry, ast.Starred) for entry in self.call.args) or None in [
            entry.arg for entry in self.call.keywords
        ]


@lru_cache(maxsize=24)
def parents(module: ast.Module) -> Mapping[ast.AST, ast.AST]:
    """Node -> the node that holds it."""
    return {child: node for node in ast.walk(module) for child in ast.iter_child_nodes(node)}


def uses_of_attribute(index: Index, name: str) -> list[Usage]:
    """Everywhere in the tree that `anything.name` is used."""
    return [usage(index, use.path, use.node) for use in index.uses_of_attribute(name)]


def uses_of_name(index: Index, path: str, name: str) -> list[Usage]:
    """Everywhere in the tree that a module-level name of `path` is used, by import or as an attribute of its module."""
    found: list[Usage] = []
    for file in index.saying(rf"\b{name}\b"):
        module = index.parsed(file)
        found += (
            usage(index, file, node)
            for node in (ast.walk(module) if module is not None else ())
            if isinstance(node, ast.Name | ast.Attribute) and _is(node, name) and _means(index, file, node, path, name)
        )
    return found


def _is(node: ast.Name | ast.Attribute, name: str) -> bool:
    return node.id == name if isinstance(node, ast.Name) else node.attr == name


def _means(index: Index, file: str, node: ast.Name | ast.Attribute, path: str, name: str) -> bool:
    head = ast.unparse(node).partition(".")[0]
    origin = index.bindings(file).get(head)
    if isinstance(node, ast.Name):
        return origin is not None and (origin.path, origin.name) == (path, name)
    return origin is not None and not origin.name and ast.unparse(node.value).replace(".", "").isidentifier()


def usage(index: Index, path: str, node: ast.expr) -> Usage:
    module = index.parsed(path)
    above = parents(module) if module is not None else {}
    holder = above.get(node)
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return Usage(path, node.lineno, "set", node)
    if isinstance(node, ast.Attribute) and _is_super(node.value):
        return Usage(path, node.lineno, "super", node)
    if isinstance(holder, ast.Call) and holder.func is node:
        return Usage(path, node.lineno, "called", node, holder)
    if isinstance(holder, ast.Call) and isinstance(holder.func, ast.Name) and holder.func.id in LOOKING:
        return Usage(path, node.lineno, "value", node)
    if isinstance(holder, Definition):  # a decorator: called by Python
        return Usage(path, node.lineno, "called" if node in holder.decorator_list else "passed", node)
    return Usage(path, node.lineno, "value" if works_on(holder, node) else "passed", node)


def works_on(holder: ast.AST | None, node: ast.AST) -> bool:
    """Whether what stands around a value looks into it, rather than hand it on."""
    if isinstance(holder, ast.Attribute | ast.Subscript):
        return holder.value is node
    if isinstance(holder, ast.For | ast.AsyncFor | ast.comprehension):
        return holder.iter is node
    if isinstance(holder, ast.If | ast.While | ast.IfExp | ast.Assert):
        return holder.test is node
    if isinstance(holder, ast.Slice):
        return True
    if isinstance(holder, ast.withitem):
        return holder.context_expr is node
    return isinstance(holder, ast.BinOp | ast.UnaryOp | ast.Compare | ast.FormattedValue | ast.Starred | ast.AugAssign)


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def attributes_at(index: Index, path: str, line: int) -> Iterator[ast.Attribute]:
    """The attributes that the innermost statement around a line names."""
    statement = statement_at(index, path, line)
    for node in parts_of(statement) if statement is not None else ():
        if isinstance(node, ast.Attribute):
            yield node


def statement_at(index: Index, path: str, line: int) -> ast.stmt | None:
    module = index.parsed(path) if path in index.names else None
    if module is None:
        return None
    around = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return min(around, key=lambda node: ((node.end_lineno or 0) - node.lineno, -node.col_offset), default=None)


def parts_of(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement without the statements inside it."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from ast.walk(child)
