"""Abstract methods that a class does not implement: who declares them, who implements them, what they were before."""

import ast
import re
from dataclasses import dataclass

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.calling.parameters import decorators_of
from grace_tui.healing.repair.index import Found, FunctionNode, Index
from grace_tui.healing.repair.members.classes import classes_of, heirs

MESSAGE = re.compile(
    r"^Can't instantiate abstract class (?P<name>\w+) "
    r"(?:with|without an implementation for) abstract methods? (?P<all>.+)"
)
ABSTRACT = frozenset({"abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"})


@dataclass(frozen=True)
class Missing:
    declared: Found
    """The abstract method."""
    owner: Found
    implementing: tuple[Found, ...]
    """Classes of the tree that implement it."""
    lacking: tuple[Found, ...]
    """Classes of the tree that inherit it as it is and have no heirs that could be meant to implement it."""


def missing_methods(failure: Failure, index: Index) -> list[Missing]:
    """The abstract methods that the failure names, as far as the tree declares them."""
    match = MESSAGE.match(failure.message)
    if match is None:
        return []
    names = re.findall(r"'(\w+)'", match["all"]) or re.findall(r"\w+", match["all"])
    classes = classes_of(failure, index, match["name"])
    found = [_missing(index, classes, name) for name in names]
    return [each for each in found if each is not None]


def _missing(index: Index, classes: tuple[Found, ...], name: str) -> Missing | None:
    for owner in classes:
        method = index.find(owner.path, f"{owner.qualname}.{name}")
        if method is not None and isinstance(method.node, FunctionNode) and is_abstract(method):
            below = heirs(index, owner)
            implementing = tuple(entry for entry in below if _implements(index, entry, name))
            lacking = tuple(entry for entry in below if entry not in implementing and not index.subclasses(entry))
            return Missing(method, owner, implementing, lacking)
    return None


def is_abstract(found: Found) -> bool:
    return bool(decorators_of(found.node) & ABSTRACT) or any(
        "abstractmethod" in ast.unparse(mark) for mark in getattr(found.node, "decorator_list", [])
    )


def _implements(index: Index, owner: Found, name: str) -> bool:
    if name not in index.attributes(owner):
        return False
    method = index.find(owner.path, f"{owner.qualname}.{name}")
    return method is None or not is_abstract(method)
