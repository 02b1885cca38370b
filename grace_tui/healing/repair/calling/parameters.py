"""The parameters of a definition as plain data, and whether a call fits them. Pure."""

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum

from grace_tui.healing.repair.index import FunctionNode


class Kind(IntEnum):
    """How a parameter is passed, in the order in which a signature lists them."""

    POSITIONAL_ONLY = 0
    PLAIN = 1
    ARGS = 2
    KEYWORD_ONLY = 3
    KWARGS = 4


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: Kind = Kind.PLAIN
    default: str | None = None
    """Its source; None where a value must be passed."""
    annotation: str = ""


NAMED = (Kind.POSITIONAL_ONLY, Kind.PLAIN, Kind.KEYWORD_ONLY)
BY_PLACE = (Kind.POSITIONAL_ONLY, Kind.PLAIN)


def parameters_of(node: FunctionNode | ast.Lambda) -> tuple[Parameter, ...]:
    """All parameters as written, `self` among them."""
    args = node.args
    by_place = [*((arg, Kind.POSITIONAL_ONLY) for arg in args.posonlyargs), *((arg, Kind.PLAIN) for arg in args.args)]
    filled: list[ast.expr | None] = [None] * (len(by_place) - len(args.defaults)) + [*args.defaults]
    found = [_parameter(arg, kind, default) for (arg, kind), default in zip(by_place, filled, strict=True)]
    if args.vararg:
        found.append(_parameter(args.vararg, Kind.ARGS, None))
    pairs = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    found += [_parameter(arg, Kind.KEYWORD_ONLY, default) for arg, default in pairs]
    if args.kwarg:
        found.append(_parameter(args.kwarg, Kind.KWARGS, None))
    return tuple(found)


def _parameter(arg: ast.arg, kind: Kind, default: ast.expr | None) -> Parameter:
    annotation = ast.unparse(arg.annotation) if arg.annotation else ""
    return Parameter(arg.arg, kind, ast.unparse(default) if default else None, annotation)


def decorators_of(node: ast.AST) -> set[str]:
    """Last names of the decorators."""
    return {last_name(entry) for entry in getattr(node, "decorator_list", [])}


def last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return last_name(node.func)
    if isinstance(node, ast.Subscript):
        return last_name(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def takes_self(node: FunctionNode, *, in_class: bool) -> bool:
    """Whether the first parameter is filled by the object or the class that it is called on."""
    return in_class and "staticmethod" not in decorators_of(node)


def given_by_caller(node: FunctionNode, *, in_class: bool) -> tuple[Parameter, ...]:
    """The parameters that a caller fills: all but `self` or `cls`."""
    found = parameters_of(node)
    return found[1:] if takes_self(node, in_class=in_class) and found and found[0].kind in BY_PLACE else found


def fits(parameters: Sequence[Parameter], positional: int, keywords: Collection[str]) -> bool:
    """Whether Python would bind a call with so many positional arguments and these keywords."""
    by_place = [entry for entry in parameters if entry.kind in BY_PLACE]
    kinds = {entry.kind for entry in parameters}
    if positional > len(by_place) and Kind.ARGS not in kinds:
        return False
    filled = {entry.name for entry in by_place[:positional] if entry.kind is Kind.PLAIN}
    by_name = {entry.name for entry in parameters if entry.kind in (Kind.PLAIN, Kind.KEYWORD_ONLY)}
    if filled & set(keywords) or (set(keywords) - by_name and Kind.KWARGS not in kinds):
        return False
    left = [*by_place[positional:], *(entry for entry in parameters if entry.kind is Kind.KEYWORD_ONLY)]
    return all(entry.default is not None or entry.name in keywords for entry in left)
