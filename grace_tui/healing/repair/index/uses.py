"""Who calls a name or reads an attribute in one file: taken from the whole syntax tree, when somebody asks."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from grace_tui.healing.repair.index.outline import Definition


@dataclass(frozen=True, slots=True)
class Call:
    """One call site."""

    path: str
    line: int
    positional: int
    """Positional arguments, an unpacked one not counted."""
    keywords: tuple[str, ...]
    receiver: str
    """What stands before the last dot, as written, such as `self.store`; empty for a plain name."""
    unpacked: bool
    """It passes `*arguments` or `**keywords`: how many is not known."""
    function: str
    """Qualified name of the function it stands in; empty at module level."""
    node: ast.Call


@dataclass(frozen=True, slots=True)
class Use:
    """One attribute that is read, or set."""

    path: str
    line: int
    receiver: str
    """What stands before the dot, as written."""
    stored: bool
    function: str
    node: ast.Attribute


def calls_in(module: ast.Module, path: str, name: str) -> Iterator[Call]:
    """Calls of `name(...)` and `anything.name(...)`."""
    for node, function in _walk(module):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id == name:
                yield _call(node, path, "", function)
            elif isinstance(called, ast.Attribute) and called.attr == name:
                yield _call(node, path, ast.unparse(called.value), function)


def uses_in(module: ast.Module, path: str, name: str) -> Iterator[Use]:
    for node, function in _walk(module):
        if isinstance(node, ast.Attribute) and node.attr == name:
            stored = not isinstance(node.ctx, ast.Load)
            yield Use(path, node.lineno, ast.unparse(node.value), stored, function, node)


def _call(node: ast.Call, path: str, receiver: str, function: str) -> Call:
    plain = [entry for entry in node.args if not isinstance(entry, ast.Starred)]
    keywords = tuple(entry.arg for entry in node.keywords if entry.arg is not None)
    unpacked = len(plain) < len(node.args) or len(keywords) < len(node.keywords)
    return Call(path, node.lineno, len(plain), keywords, receiver, unpacked, function, node)


def _walk(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Every node with the qualified name of the function or class that it stands in, in the order of the text."""
    waiting: list[tuple[ast.AST, str]] = [(module, "")]
    while waiting:
        node, function = waiting.pop()
        yield node, function
        inside = f"{function}.{node.name}".lstrip(".") if isinstance(node, Definition) else function
        waiting += [(child, inside) for child in ast.iter_child_nodes(node)][::-1]
