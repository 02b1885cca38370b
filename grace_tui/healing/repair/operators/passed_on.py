"""A wrapper with a fixed signature around a function that takes more: it passes everything on."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import libcst as cst

from grace_tui.healing.repair.calling.parameters import Kind, decorators_of, parameters_of
from grace_tui.healing.repair.index import plain
from grace_tui.healing.repair.operators.layout import insert_item
from grace_tui.healing.repair.operators.reshape import Slot, arranged, parameter, slots
from grace_tui.healing.repair.operators.shapes import is_name
from grace_tui.healing.repair.operators.target import Target, target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class PassedOn:
    name: str
    problem: str

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return target
        wrapped = _wrapped(target)
        if not wrapped:
            return Refused(self.name, f"{plain(site.qualname)} is no wrapper around a function that it is given")
        kind = Kind.KWARGS if site.name else Kind.ARGS
        if any(slot.kind is kind for slot in slots(target.function)):
            return Refused(self.name, f"{plain(site.qualname)} passes on what it takes already")
        name = _free(target, ("kwargs", "keywords") if kind is Kind.KWARGS else ("args", "more"))
        spread = _Spread(wrapped, name, "**" if kind is Kind.KWARGS else "*")
        body = target.function.body.visit(spread)
        changed = arranged(
            target.function.with_changes(body=body), [*slots(target.function), Slot(kind, parameter(name))]
        )
        what = f"{spread.star}{name}"
        summary = f"{target.found.qualname} passes {what} on to {wrapped}"
        why = f"it wraps {wrapped}, which is called with what its callers pass"
        return [target.patch(self.name, summary, changed, 0.7, why)]


def _wrapped(target: Target) -> str:
    """The parameter of the enclosing function that this one calls with its own parameters; empty for no wrapper."""
    owner = target.index.find(target.found.path, target.found.qualname.rpartition(".")[0])
    if owner is None or isinstance(owner.node, ast.ClassDef):
        return ""
    own = {entry.name for entry in target.given}
    for name in (entry.name for entry in parameters_of(owner.node)):
        calls = [part for part in ast.walk(target.node) if isinstance(part, ast.Call) and _is(part.func, name)]
        passing = [call for call in calls if any(_is(_spread(arg), *own) for arg in call.args)]
        if calls and (passing or "wraps" in decorators_of(target.node)):
            return name
    return ""


def _spread(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Starred) else node


def _is(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _free(target: Target, names: Sequence[str]) -> str:
    taken = {part.id for part in ast.walk(target.node) if isinstance(part, ast.Name)}
    taken |= {slot.name for slot in slots(target.function)}
    return next((name for name in names if name not in taken), f"more_{names[0]}")


class _Spread(cst.CSTTransformer):
    """Adds `*name` or `**name` to every call of the wrapped function."""

    def __init__(self, wrapped: str, name: str, star: Literal["*", "**"]) -> None:
        super().__init__()
        self.wrapped, self.name, self.star = wrapped, name, star

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        if not is_name(updated_node.func, self.wrapped):
            return updated_node
        args = list(updated_node.args)
        by_place = sum(arg.keyword is None and arg.star != "**" for arg in args)
        at = len(args) if self.star == "**" else by_place
        new = cst.Arg(cst.Name(self.name), star=self.star)
        return updated_node.with_changes(args=insert_item(args, new, at, updated_node.whitespace_before_args))
