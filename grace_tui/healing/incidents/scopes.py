"""Qualified names of the functions that a printed traceback names barely: found in the file, by line and name."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from grace_tui.kernel.parsing import parse_module

LARGEST_FILE = 400_000
"""Bytes; a larger file is not parsed, as that would hold the loop."""
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class _Scope:
    qualname: str
    inside: str
    """What the names of its inner scopes begin with."""
    name: str
    first: int
    last: int
    node: ast.AST

    @property
    def decorated(self) -> int:
        """The line of its first decorator: where its code object says that it begins."""
        if not isinstance(self.node, _SCOPES):
            return self.first
        return min([self.first, *(each.lineno for each in self.node.decorator_list)])


def qualname_at(path: Path, line: int, name: str) -> str:
    """The qualified name of the function `name` that `line` stands in; `name` where the file does not tell."""
    if name == "<module>":
        return name
    around = [scope for scope in _scopes(path) if scope.first <= line <= scope.last]
    if not name.startswith("<"):
        return next((scope.qualname for scope in reversed(around) if scope.name == name), name)
    return f"{around[-1].inside}{name}" if around else name


def definition(path: Path, qualname: str, line: int) -> tuple[int, str] | None:
    """The line and the parameters of a function or class as its file has them now; None where it is not there.

    Of a class these are its initialiser's. `line` chooses among several of one name; decorators may come before it.
    """
    module = parsed(path)
    found = [scope for scope in _walk(module, "") if scope.qualname == qualname] if module else []
    if not found:
        return None
    scope = next((scope for scope in found if line and scope.decorated <= line <= scope.last), found[-1])
    return scope.first, _parameters(scope.node)


def _parameters(node: ast.AST) -> str:
    if isinstance(node, ast.ClassDef):
        methods = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
        return _parameters(methods[-1]) if methods else ""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(node.args)}){returns}"


def parsed(path: Path) -> ast.Module | None:
    """The syntax tree of a file as it is now; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return _parsed(path, status.st_mtime_ns, status.st_size)


def _scopes(path: Path) -> list[_Scope]:
    """Every function and class of a file, outer ones before inner ones."""
    module = parsed(path)
    return [] if module is None else list(_walk(module, ""))


def _walk(node: ast.AST, prefix: str) -> Iterator[_Scope]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _SCOPES):
            qualname = f"{prefix}{child.name}"
            inside = f"{qualname}." if isinstance(child, ast.ClassDef) else f"{qualname}.<locals>."
            yield _Scope(qualname, inside, child.name, child.lineno, child.end_lineno or child.lineno, child)
            yield from _walk(child, inside)
        elif not isinstance(child, ast.expr):
            yield from _walk(child, prefix)


@lru_cache(maxsize=32)
def _parsed(path: Path, changed_ns: int, size: int) -> ast.Module | None:
    if size > LARGEST_FILE:
        return None
    try:
        return parse_module(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
