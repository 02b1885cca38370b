"""Definitions whose parameters should agree with one: the same method in bases and subclasses, stubs, overloads."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from grace_tui.healing.repair.calling.parameters import Parameter, decorators_of, given_by_caller
from grace_tui.healing.repair.index import Found, FunctionNode, Index
from grace_tui.kernel.parsing import parse_module


@dataclass(frozen=True, slots=True)
class Kin:
    """One relative, with what its callers may pass."""

    relation: str
    """`base`, `override`, `sibling`, `stub` or `overload`: in the order of what they may prescribe."""
    path: str
    qualname: str
    parameters: tuple[Parameter, ...]

    def __str__(self) -> str:
        return f"{self.relation} {self.qualname} in {self.path}"


@lru_cache(maxsize=32)
def kin_of(index: Index, found: Found) -> list[Kin]:
    """Relatives of a function, nearest first."""
    owner, _, name = found.qualname.rpartition(".")
    classes = in_class(index, found)
    kin = [*_stub(index, found), *_overloads(index, found)]
    if not classes or (name.startswith("__") and name not in ("__call__", "__enter__", "__getitem__", "__setitem__")):
        return kin
    holder = index.find(found.path, owner)
    if holder is None:
        return kin
    bases = [entry for entry in index.ancestors(holder) if entry != holder]
    kin += _of(index, "base", bases, name)
    kin += _of(index, "override", index.subclasses(holder), name)
    for base in bases:
        kin += _of(index, "sibling", [entry for entry in index.subclasses(base) if entry != holder], name)
    return [entry for at, entry in enumerate(kin) if entry not in kin[:at]]


def in_class(index: Index, found: Found) -> bool:
    """Whether the definition stands directly in a class."""
    owner = found.qualname.rpartition(".")[0]
    holder = index.find(found.path, owner) if owner else None
    return holder is not None and isinstance(holder.node, ast.ClassDef)


def _of(index: Index, relation: str, classes: Iterable[Found], name: str) -> Iterator[Kin]:
    for entry in classes:
        method = index.find(entry.path, f"{entry.qualname}.{name}")
        if method is not None and not isinstance(method.node, ast.ClassDef):
            yield Kin(relation, entry.path, method.qualname, given_by_caller(method.node, in_class=True))


def _overloads(index: Index, found: Found) -> Iterator[Kin]:
    for entry in index.definitions(found.path):
        same = entry.qualname == found.qualname and entry.node is not found.node
        if same and not isinstance(entry.node, ast.ClassDef) and "overload" in decorators_of(entry.node):
            given = given_by_caller(entry.node, in_class=in_class(index, found))
            yield Kin("overload", found.path, found.qualname, given)


def _stub(index: Index, found: Found) -> Iterator[Kin]:
    path = f"{found.path}i"
    try:
        module = parse_module(index.tree.read(path))
    except (OSError, SyntaxError, ValueError):
        return
    for node in _named(module, found.qualname.split(".")):
        given = given_by_caller(node, in_class="." in found.qualname)
        yield Kin("stub", path, found.qualname, given)


def _named(holder: ast.AST, parts: list[str]) -> Iterator[FunctionNode]:
    for node in ast.iter_child_nodes(holder):
        if isinstance(node, FunctionNode | ast.ClassDef) and node.name == parts[0]:
            if len(parts) > 1:
                yield from _named(node, parts[1:])
            elif not isinstance(node, ast.ClassDef):
                yield node
