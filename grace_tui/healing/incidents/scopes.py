"""Qualified names of the functions that a printed traceback names barely: found in the file, by line and name."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

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


def qualname_at(path: Path, line: int, name: str) -> str:
    """The qualified name of the function `name` that `line` stands in; `name` where the file does not tell."""
    if name == "<module>":
        return name
    around = [scope for scope in _scopes(path) if scope.first <= line <= scope.last]
    if not name.startswith("<"):
        return next((scope.qualname for scope in reversed(around) if scope.name == name), name)
    return f"{around[-1].inside}{name}" if around else name


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
            yield _Scope(qualname, inside, child.name, child.lineno, child.end_lineno or child.lineno)
            yield from _walk(child, inside)
        elif not isinstance(child, ast.expr):
            yield from _walk(child, prefix)


@lru_cache(maxsize=32)
def _parsed(path: Path, changed_ns: int, size: int) -> ast.Module | None:
    if size > LARGEST_FILE:
        return None
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
