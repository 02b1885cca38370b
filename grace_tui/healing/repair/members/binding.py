"""Methods that others read as if they were properties, and properties that others call, by every use in the tree."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from grace_tui.healing.failure import Failure, Frame
from grace_tui.healing.repair.calling.kin import in_class
from grace_tui.healing.repair.calling.parameters import decorators_of, given_by_caller
from grace_tui.healing.repair.imports.layout import is_test
from grace_tui.healing.repair.index import Found, FunctionNode, Index
from grace_tui.healing.repair.members.classes import PROPERTIES, first_parameter
from grace_tui.healing.repair.members.uses import Usage, attributes_at, usage, uses_of_attribute

Wanted = Literal["property", "method"]
FRAMES = 4
CLASS_NAMES = ("cls", "klass")
BOUND_ANYWAY = ("__new__", "__init_subclass__", "__class_getitem__")
"""Python binds these without a decorator."""
_CALLED = re.compile(r"object is not callable")
_METHOD = re.compile(
    r"'(?:method|function)'|<bound method|\b(?:not|got|type) (?:method|function)\b|^(?:method|function) "
)
_BOUND = re.compile(r"<bound method ([\w.]+) of")


@dataclass(frozen=True)
class Mismatch:
    found: Found
    wanted: Wanted
    uses: tuple[Usage, ...]
    kin: tuple[str, ...]
    """Classes of the tree that have it as it is wanted here."""
    told: bool = False
    """The failure speaks of a method, or of a call."""


def disagreeing(failure: Failure, index: Index) -> Iterator[Mismatch]:
    """Those of which the failure, the rest of the tree, or their kin say the same; each once."""
    called = bool(_CALLED.search(failure.message))
    told = called or bool(_METHOD.search(failure.message))
    seen: set[tuple[str, str]] = set()
    for found in mismatches(failure, index):
        place = (found.found.path, found.found.qualname)
        shows = told or bool(found.kin) or any(use.how == "value" for use in found.uses)
        if not shows or (found.wanted == "method" and not called) or place in seen:
            continue
        seen.add(place)
        if all((use.how == "called") == (found.wanted == "method") for use in found.uses) or found.kin:
            yield replace(found, told=told)


def mismatches(failure: Failure, index: Index) -> Iterator[Mismatch]:
    """What the failing lines use otherwise than it is defined, the innermost frame first."""
    for qualname in _BOUND.findall(failure.message):
        yield from _unlike(index, index.everywhere(qualname), "property")
    frames = [frame for frame in failure.frames if frame.file in index.names]
    for frame in frames[::-1][:FRAMES]:
        yield from _at(failure, index, frame)
    live = [index.find(callee.file, callee.qualname) for callee in failure.touched if callee.file in index.names]
    yield from _unlike(index, [entry for entry in live if entry is not None], "property")
    yield from _unlike_kin(index)


def _unlike_kin(index: Index) -> Iterator[Mismatch]:
    """Methods of the tree that are properties in a base, and in all their kin."""
    for path, qualname in _perhaps_unlike_kin(index):
        found = index.find(path, qualname)
        if (
            found is not None
            and _in_base(index, found)
            and _kin(index, found, "property")
            and not _kin(index, found, "method")
        ):
            yield from _unlike(index, [found], "property")


def _in_base(index: Index, found: Found) -> bool:
    owner, _, name = found.qualname.rpartition(".")
    holder = index.find(found.path, owner)
    bases = index.ancestors(holder)[1:] if holder is not None else ()
    inherited = [index.find(base.path, f"{base.qualname}.{name}") for base in bases]
    return any(method is not None and _is(method, "property") for method in inherited)


def _perhaps_unlike_kin(index: Index) -> Iterator[tuple[str, str]]:
    """(file, qualified name) of bare methods that a class of a base's name, or beside it, has as a property."""
    outlines = index.outlines(index.saying(r"\bproperty\b|\bclass\b")).items()
    defined = [(path, entry) for path, outline in outlines if not is_test(path) for entry in outline.definitions]
    bases = {_last(entry.qualname): {_last(base) for base in entry.bases} for _, entry in defined if entry.bases}
    owners: dict[str, set[str]] = {}
    for _, entry in defined:
        if PROPERTIES & {_last(mark) for mark in entry.decorators}:
            owners.setdefault(_last(entry.qualname), set()).add(_last(entry.qualname.rpartition(".")[0]))
    for path, entry in defined:
        others = owners.get(_last(entry.qualname), set()) if entry.kind != "class" and not entry.decorators else set()
        owner = _last(entry.qualname.rpartition(".")[0])
        own = bases.get(owner, set())
        if any(own & {other, *bases.get(other, ())} or owner in bases.get(other, ()) for other in others):
            yield path, entry.qualname


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _unlike(index: Index, found: list[Found], wanted: Wanted) -> Iterator[Mismatch]:
    for entry in found:
        if not is_test(entry.path) and in_class(index, entry) and _is_otherwise(index, entry, wanted):
            yield _mismatch(index, entry, wanted)


def _mismatch(index: Index, found: Found, wanted: Wanted) -> Mismatch:
    every = uses_of_attribute(index, found.node.name)
    uses = tuple(each for each in every if each.how not in ("set", "super"))
    return Mismatch(found, wanted, uses, _kin(index, found, wanted))


def _at(failure: Failure, index: Index, frame: Frame) -> Iterator[Mismatch]:
    for node in attributes_at(index, frame.file, frame.line):
        use = usage(index, frame.file, node)
        if use.how not in ("called", "value", "passed"):
            continue
        wanted: Wanted = "method" if use.how == "called" else "property"
        for found in _defined(failure, index, node.attr, wanted):
            yield _mismatch(index, found, wanted)


def _defined(failure: Failure, index: Index, name: str, wanted: Wanted) -> list[Found]:
    """The definitions of that name which are not as they are wanted; where the live objects tell which, that one."""
    found = [entry for entry in index.methods(name) if not is_test(entry.path) and in_class(index, entry)]
    unlike = [entry for entry in found if _is_otherwise(index, entry, wanted)]
    live = {(callee.file, callee.qualname.replace(".<locals>", "")) for callee in failure.touched}
    return [entry for entry in unlike if (entry.path, entry.qualname) in live] or unlike


def _is_otherwise(index: Index, found: Found, wanted: Wanted) -> bool:
    node = found.node
    if not isinstance(node, FunctionNode) or node.name.startswith("__"):
        return False
    marks = decorators_of(node)
    if wanted == "property":
        bare = not (marks - {"abstractmethod", "override", "final"}) and not given_by_caller(node, in_class=True)
        return bare and len([*node.args.posonlyargs, *node.args.args]) == 1
    others = [entry for entry in index.definitions(found.path) if entry.qualname == found.qualname]
    return bool(marks & PROPERTIES) and len(others) == 1  # one with a setter was meant to be a property


@lru_cache(maxsize=256)
def _kin(index: Index, found: Found, wanted: Wanted) -> tuple[str, ...]:
    """Bases, heirs and siblings in which it is as it is wanted."""
    owner = index.find(found.path, found.qualname.rpartition(".")[0])
    if owner is None:
        return ()
    bases = [entry for entry in index.ancestors(owner) if entry != owner]
    near = [*bases, *index.subclasses(owner), *(heir for base in bases for heir in index.subclasses(base))]
    seen: dict[str, None] = {}
    for entry in near:
        method = index.find(entry.path, f"{entry.qualname}.{found.node.name}")
        if entry != owner and method is not None and _is(method, wanted):
            seen[entry.qualname] = None
    return tuple(seen)


def _is(found: Found, wanted: Wanted) -> bool:
    is_property = bool(decorators_of(found.node) & PROPERTIES)
    return is_property == (wanted == "property") and not isinstance(found.node, ast.ClassDef)


def lacks_class_binding(index: Index, found: Found) -> bool:
    """Whether a method without decorators takes the class as its first parameter."""
    node = found.node
    if not isinstance(node, FunctionNode) or node.decorator_list or not in_class(index, found):
        return False
    return first_parameter(node) in CLASS_NAMES and node.name not in BOUND_ANYWAY
