"""What a call inside a provider reaches: the definition in the tree that would have to keep the new value."""

import libcst as cst

from grace_tui.healing.repair.index import Found, Index
from grace_tui.healing.repair.operators.shapes import is_call_of, is_name


def resolve_callee(index: Index, path: str, function: str, callee: cst.BaseExpression) -> Found | None:
    """The definition that `callee`, written in `function` of `path`, means; None where that cannot be told for sure."""
    if isinstance(callee, cst.Name):
        owner = _owner(function) if callee.value == "cls" else ""
        return index.find(path, owner) if owner else index.resolve(path, callee.value)
    if not isinstance(callee, cst.Attribute):
        return None
    name = callee.attr.value
    if is_name(callee.value, "self", "cls"):
        return _method(index, path, _owner(function), name)
    if is_call_of(callee.value, "super"):
        return _inherited(index, path, _owner(function), name)
    if isinstance(callee.value, cst.Name) and (module := _imported_module(index, path, callee.value.value)):
        return index.resolve(module, name)
    return _only_method(index, name)


def bases(index: Index, path: str, owner: str) -> list[Found]:
    """The classes of the tree that `owner` names as its bases."""
    found = index.find(path, owner)
    names = [getattr(base, "id", "") for base in getattr(found.node, "bases", [])] if found else []
    return [base for name in names if name and (base := index.resolve(path, name))]


def _owner(function: str) -> str:
    return function.rpartition(".")[0]


def _method(index: Index, path: str, owner: str, name: str) -> Found | None:
    return index.find(path, f"{owner}.{name}") or _inherited(index, path, owner, name)


def _inherited(index: Index, path: str, owner: str, name: str) -> Found | None:
    for base in bases(index, path, owner):
        if (found := _method(index, base.path, base.qualname, name)) is not None:
            return found
    return None


def _imported_module(index: Index, path: str, bound: str) -> str:
    """File of the module that `bound` names in `path`; empty where it is no module of the tree."""
    for entry in index.imports(path):
        if entry.bound == bound:
            dotted = f"{entry.module}.{entry.name}" if entry.name else entry.module
            return index.modules.get(dotted, "")
    return ""


def _only_method(index: Index, name: str) -> Found | None:
    """The method of that name where the whole tree has just one; otherwise which one is meant would be a guess."""
    found = index.methods(name)
    return found[0] if len(found) == 1 else None
