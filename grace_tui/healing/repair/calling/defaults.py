"""What a parameter's default could be, and what says so: kin, documentation, annotation, body, wrappers, callers."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from grace_tui.healing.repair.calling.callers import call_sites, functions_calling
from grace_tui.healing.repair.calling.documented import Documented, documented
from grace_tui.healing.repair.calling.kin import kin_of
from grace_tui.healing.repair.calling.parameters import NAMED, Parameter, parameters_of
from grace_tui.healing.repair.index import Found, FunctionNode, Index, defined_names

AGREEING = 2
"""Callers or neighbours that must say the same before they count."""


@dataclass(frozen=True, slots=True)
class Default:
    text: str
    score: float
    why: str


def defaults_for(index: Index, found: Found, name: str) -> list[Default]:
    """Every default that something in the tree speaks for, the best first, each once."""
    node = found.node
    if isinstance(node, ast.ClassDef):
        return []
    said = sorted(_said(index, found, node, name), key=lambda entry: -entry.score)
    usable = [entry for entry in said if _usable(index, found.path, entry.text)]
    seen = [entry.text for entry in usable]
    return [entry for at, entry in enumerate(usable) if entry.text not in seen[:at]]


def _said(index: Index, found: Found, node: FunctionNode, name: str) -> Iterator[Default]:
    for entry in docs_of(index, found):
        if entry.name == name and entry.default is not None:
            yield Default(entry.default, 0.8, f"the docstring tells the default {entry.default}")
        elif entry.name == name and entry.optional:
            yield Default("None", 0.55, f"the docstring calls {name} optional")
    for kin in kin_of(index, found):
        for parameter in kin.parameters:
            if parameter.name == name and parameter.default not in (None, "..."):
                yield Default(parameter.default or "", 0.75, f"{kin} has {name}={parameter.default}")
    yield from _from_body(node, name)
    yield from _from_wrappers(index, found, name)
    yield from _from_neighbours(index, found, name)
    yield from _from_callers(index, found, name)


@lru_cache(maxsize=32)
def docs_of(index: Index, found: Found) -> tuple[Documented, ...]:
    """Parameters that the docstring lists; for a constructor also those in the docstring of its class."""
    own = documented(ast.get_docstring(found.node) or "")
    owner, _, name = found.qualname.rpartition(".")
    if name not in ("__init__", "__new__") or own:
        return own
    holder = index.find(found.path, owner)
    return documented(ast.get_docstring(holder.node) or "") if holder else own


def _from_body(node: FunctionNode, name: str) -> Iterator[Default]:
    annotation = next((entry.annotation for entry in parameters_of(node) if entry.name == name), "")
    if _allows_none(annotation):
        yield Default("None", 0.65, f"the annotation of {name} allows None")
    if annotation == "bool":
        yield Default("False", 0.46, f"{name} is a flag, and off unless somebody sets it")
    uses = [use for use in ast.walk(node) if isinstance(use, ast.Name) and use.id == name]
    loads = [use for use in uses if isinstance(use.ctx, ast.Load)]
    if not loads:
        yield Default("None", 0.45, f"the body does not use {name}")
    elif any(_asks_for_none(test, name) for test in ast.walk(node)):
        yield Default("None", 0.6, f"the body asks whether {name} is None")
    elif all(_as_a_truth(node, use) for use in loads):
        yield Default("None", 0.45, f"the body only asks whether {name} is set")


def _allows_none(annotation: str) -> bool:
    return "Optional[" in annotation or any(part.strip(" '\"") == "None" for part in annotation.split("|")[1:])


def _asks_for_none(node: ast.AST, name: str) -> bool:
    """`name is None`, `name is not None`, `name or other`, `name = other if not name ...`."""
    if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id == name:
        other = node.comparators[0]
        return isinstance(node.ops[0], ast.Is | ast.IsNot) and isinstance(other, ast.Constant) and other.value is None
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return any(isinstance(value, ast.Name) and value.id == name for value in node.values[:-1])
    return False


def _as_a_truth(function: FunctionNode, use: ast.Name) -> bool:
    for node in ast.walk(function):
        test = getattr(node, "test", None)
        if test is use or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and node.operand is use):
            return True
        if isinstance(node, ast.BoolOp) and use in node.values and isinstance(node.op, ast.And):
            return True
        if isinstance(node, ast.If | ast.While | ast.IfExp) and _guarded(node, use):
            return True
    return False


def _guarded(node: ast.If | ast.While | ast.IfExp, use: ast.Name) -> bool:
    """Used only where a test has found it set: `if name: run(name)`."""
    test = node.test
    if not (isinstance(test, ast.Name) and test.id == use.id):
        return False
    inner = node.body if isinstance(node.body, list) else [node.body]
    return any(child is use for statement in inner for child in ast.walk(statement))


def _from_wrappers(index: Index, found: Found, name: str) -> Iterator[Default]:
    for caller, call in functions_calling(index, found):
        if isinstance(caller.node, ast.ClassDef):
            continue
        passed = {entry.arg: entry.value for entry in call.keywords if entry.arg}
        value = passed.get(name)
        if not isinstance(value, ast.Name):
            continue
        for parameter in parameters_of(caller.node):
            if parameter.name == value.id and parameter.default is not None:
                why = f"{caller.qualname}, which passes it on, has {parameter.name}={parameter.default}"
                yield Default(parameter.default, 0.6, why)


def _from_neighbours(index: Index, found: Found, name: str) -> Iterator[Default]:
    """Functions beside it that have a parameter of that name and agree on its default."""
    said: list[Parameter] = []
    for entry in index.definitions(found.path):
        if not isinstance(entry.node, ast.ClassDef) and entry.node is not found.node:
            said += [each for each in parameters_of(entry.node) if each.name == name and each.kind in NAMED]
    told = {each.default for each in said if each.default is not None}
    if len(told) == 1 and (default := told.pop()) is not None:
        many = sum(each.default is not None for each in said)
        yield Default(default, 0.5 if many >= AGREEING else 0.4, f"{many} neighbours in the file have {name}={default}")


def _from_callers(index: Index, found: Found, name: str) -> Iterator[Default]:
    """What the other callers pass, where it is one constant. A flag that is set by some is off for those who do not."""
    calls = call_sites(index, found)
    passed = [value for call in calls if (value := call.keywords.get(name)) is not None]
    if not passed or len(set(passed)) != 1 or not _is_literal(passed[0]):
        return
    if passed[0] in ("True", "False"):
        other = "False" if passed[0] == "True" else "True"
        yield Default(other, 0.55, f"callers that want {name}={passed[0]} say so")
    elif len(passed) >= AGREEING:
        yield Default(passed[0], 0.5, f"{len(passed)} other callers pass {name}={passed[0]}")


def _is_literal(text: str) -> bool:
    try:
        return isinstance(ast.literal_eval(text), str | int | float | bool | bytes | type(None))
    except (ValueError, SyntaxError):
        return False


def _usable(index: Index, path: str, text: str) -> bool:
    """Whether the text means the same where the provider stands: a literal, or names that its module binds."""
    try:
        expression = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return False
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    if not names:
        return True
    module = index.parsed(path)
    bound = defined_names(module.body) if module else set()
    return names <= bound | {entry.bound for entry in index.imports(path)} | {
        "frozenset",
        "tuple",
        "dict",
        "int",
        "str",
        "float",
        "list",
    }
