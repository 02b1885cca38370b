"""What an attribute that no `__init__` sets any more was set to: told by parameters, by its like, and by its class."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass

from grace_tui.healing.repair.calling.parameters import NAMED, parameters_of
from grace_tui.healing.repair.index import Found, FunctionNode, Index, likeness
from grace_tui.healing.repair.members.classes import first_parameter, heirs, set_on

RESETS = ("reset", "clear", "flush", "init", "initialize", "initialise", "setup", "restart", "empty")


@dataclass(frozen=True, slots=True)
class Value:
    text: str
    """What is assigned, as it is written."""
    score: float
    why: str


def initial_values(index: Index, owner: Found, maker: FunctionNode, attribute: str) -> list[Value]:
    """The best first; empty where nothing tells."""
    if any(attribute in set_on(node, first_parameter(maker)) for node in ast.walk(maker)):
        return []
    found = [
        *_of_parameter(maker, attribute),
        *_copied(index, owner, maker, attribute),
        *_as_others(index, owner, maker, attribute),
        *_reset(owner, attribute),
    ]
    best: dict[str, Value] = {}
    for value in sorted(found, key=lambda value: -value.score):
        best.setdefault(value.text, value)
    return list(best.values())


def _of_parameter(node: FunctionNode, attribute: str) -> Iterator[Value]:
    """A parameter that the body never names, or that has the very name."""
    named = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    given = [entry.name for entry in parameters_of(node)[1:] if entry.kind in NAMED]
    unused = [name for name in given if name not in named]
    for name in given:
        same = name.strip("_") == attribute.strip("_")
        if same and name in unused:
            yield Value(name, 0.8, f"__init__ takes {name} and does nothing with it")
        elif same:
            yield Value(name, 0.6, f"__init__ takes {name} and does not keep it")
        elif unused == [name]:
            score = 0.55 if likeness(name, attribute) >= 0.6 else 0.4
            yield Value(name, score, f"{name} is the only parameter that __init__ does nothing with")


def _copied(index: Index, owner: Found, node: FunctionNode, attribute: str) -> Iterator[Value]:
    """`self.a = other.a`: attributes beside it are taken from an object that has this one too."""
    receiver = first_parameter(node)
    for entry in parameters_of(node)[1:]:
        copied = [
            part
            for part in ast.walk(node)
            if isinstance(part, ast.Assign)
            and isinstance(part.value, ast.Attribute)
            and isinstance(part.value.value, ast.Name)
            and part.value.value.id == entry.name
            and part.value.attr in set_on(part, receiver)
        ]
        kind = index.expression(owner.path, entry.annotation.strip("'\"")) if entry.annotation else None
        has = kind is not None and any(attribute in index.attributes(base) for base in index.ancestors(kind))
        if copied and (has or len(copied) > 1):
            score = 0.65 if has else 0.5
            yield Value(f"{entry.name}.{attribute}", score, f"what stands beside it is copied from {entry.name} too")


def _as_others(index: Index, owner: Found, node: FunctionNode, attribute: str) -> Iterator[Value]:
    """Classes with a common base, or of the same file, that all set it alike."""
    bases = [base for base in index.ancestors(owner) if base != owner]
    near = {(each.path, each.qualname): each for base in bases for each in [base, *heirs(index, base)]}
    near.pop((owner.path, owner.qualname), None)
    values = {text for each in near.values() for text in _set_to(index, each, attribute)}
    if len(values) == 1 and _known(index, owner, node, text := values.pop()):
        yield Value(text, 0.55, f"its like set {attribute} to {text}")


def _set_to(index: Index, owner: Found, attribute: str) -> Iterator[str]:
    maker = index.find(owner.path, f"{owner.qualname}.__init__")
    if maker is not None and isinstance(maker.node, FunctionNode):
        yield from _assigned(maker.node, attribute)


def _assigned(node: FunctionNode, attribute: str) -> Iterator[str]:
    for part in ast.walk(node):
        sets = isinstance(part, ast.Assign | ast.AnnAssign) and attribute in set_on(part, first_parameter(node))
        if sets and isinstance(part, ast.Assign | ast.AnnAssign) and part.value is not None:
            yield ast.unparse(part.value)


def _known(index: Index, owner: Found, node: FunctionNode, text: str) -> bool:
    """Whether all names of an expression mean something here."""
    names = {part.id for part in ast.walk(ast.parse(text)) if isinstance(part, ast.Name)}
    here = {entry.name for entry in parameters_of(node)} | set(dir(builtins)) | set(index.bindings(owner.path))
    return names <= here


def _reset(owner: Found, attribute: str) -> Iterator[Value]:
    """A method that puts it back to how it begins."""
    for method in getattr(owner.node, "body", []):
        if isinstance(method, FunctionNode) and method.name.strip("_").split("_")[0] in RESETS:
            for text in _assigned(method, attribute):
                if not any(isinstance(part, ast.Name) for part in ast.walk(ast.parse(text))):
                    yield Value(text, 0.5, f"{method.name} sets {attribute} back to {text}")
