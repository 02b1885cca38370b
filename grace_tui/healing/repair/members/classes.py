"""What classes of the tree have: methods, properties, class attributes, and what their methods assign on `self`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from grace_tui.healing.failure import Failure, Subject
from grace_tui.healing.repair.calling.parameters import decorators_of, last_name
from grace_tui.healing.repair.imports.layout import is_test
from grace_tui.healing.repair.index import Found, FunctionNode, Index

Kind = Literal["method", "property", "class attribute", "field", "instance attribute", "class"]

PROPERTIES = frozenset({"property", "cached_property", "abstractproperty", "hybrid_property", "lazy_property"})
FROZEN_BASES = frozenset({"NamedTuple", "BaseModel", "Struct", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"})
RECORD_MARKS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs", "attr"})


@dataclass(frozen=True)
class Member:
    owner: Found
    """The class that has it."""
    name: str
    kind: Kind
    node: ast.AST
    """Its last definition, or the first assignment."""

    @property
    def function(self) -> FunctionNode | None:
        return self.node if isinstance(self.node, FunctionNode) else None


def classes_of(failure: Failure, index: Index, named: str = "") -> tuple[Found, ...]:
    """The class that the failure's subject is of, and its bases, as far as the tree has them; the nearest first."""
    subject = failure.subject
    if subject is not None and subject.what in ("class", "instance", "mapping"):
        known = _of_subject(subject, index)
        if known or subject.file:
            return known
        named = subject.name  # some classes hide the module that they are from
    found = [entry for entry in index.everywhere(named) if isinstance(entry.node, ast.ClassDef)] if named else []
    return index.ancestors(found[0]) if len(found) == 1 else ()


def _of_subject(subject: Subject, index: Index) -> tuple[Found, ...]:
    named = [(subject.name, subject.file), *((name, file) for _, name, file in subject.bases)]
    found = [index.find(file, name) for name, file in named if file in index.names]
    classes = [entry for entry in found if entry is not None and isinstance(entry.node, ast.ClassDef)]
    seen = {(entry.path, entry.qualname): entry for entry in classes}
    for entry in classes:
        for base in index.ancestors(entry):
            seen.setdefault((base.path, base.qualname), base)
    return tuple(seen.values())


def members_of(index: Index, owner: Found) -> list[Member]:
    """What a class itself has, each name once; inherited ones are not among it."""
    found: dict[str, Member] = {}
    for member in _in_body(owner):
        found[member.name] = member
    for member in _on_self(owner):
        found.setdefault(member.name, member)
    return list(found.values())


def _in_body(owner: Found) -> Iterator[Member]:
    for node in _statements(getattr(owner.node, "body", [])):
        if isinstance(node, FunctionNode):
            kind: Kind = "property" if decorators_of(node) & (PROPERTIES | {"setter", "getter"}) else "method"
            yield Member(owner, node.name, kind, node)
        elif isinstance(node, ast.ClassDef):
            yield Member(owner, node.name, "class", node)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield Member(owner, target.id, "class attribute", node)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            constant = "ClassVar" in ast.unparse(node.annotation)
            yield Member(owner, node.target.id, "class attribute" if constant else "field", node)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _statements([*node.body, *getattr(node, "orelse", []), *getattr(node, "finalbody", [])])


def _on_self(owner: Found) -> Iterator[Member]:
    for method in getattr(owner.node, "body", []):
        if isinstance(method, FunctionNode):
            for node in ast.walk(method):
                for name in set_on(node, first_parameter(method)):
                    yield Member(owner, name, "instance attribute", node)


def set_on(node: ast.AST, receiver: str) -> Iterator[str]:
    """Attributes of `receiver` that an assignment sets."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        targets = [node.target]
    for target in targets:
        for part in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == receiver:
                yield part.attr


def first_parameter(node: FunctionNode) -> str:
    """`self` or `cls`, as it is called here."""
    given = [*node.args.posonlyargs, *node.args.args]
    return given[0].arg if given and "staticmethod" not in decorators_of(node) else ""


def heirs(index: Index, owner: Found) -> list[Found]:
    """All classes of the tree that inherit from this one."""
    seen: dict[tuple[str, str], Found] = {}
    waiting = [owner]
    while waiting:
        for heir in index.subclasses(waiting.pop()):
            if (heir.path, heir.qualname) not in seen:
                seen[heir.path, heir.qualname] = heir
                waiting.append(heir)
    return list(seen.values())


def base_names(owner: Found) -> set[str]:
    return {last_name(base) for base in getattr(owner.node, "bases", [])}


def is_record(owner: Found) -> bool:
    """Its annotated names are fields that each instance has."""
    return bool(decorators_of(owner.node) & RECORD_MARKS or base_names(owner) & FROZEN_BASES)


def is_frozen(owner: Found) -> bool:
    """Its instances cannot be given attributes, or not by a property."""
    marks = [ast.unparse(mark) for mark in getattr(owner.node, "decorator_list", [])]
    return bool(base_names(owner) & FROZEN_BASES) or any("frozen" in mark for mark in marks)


def own(classes: tuple[Found, ...]) -> list[Found]:
    """Those that a repair may change: not what tests define."""
    return [entry for entry in classes if not is_test(entry.path)]
