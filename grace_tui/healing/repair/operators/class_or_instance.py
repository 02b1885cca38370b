"""A module-level name holds a class where all use an instance, or the reverse: it holds the other."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.calling.parameters import fits, given_by_caller
from grace_tui.healing.repair.index import FunctionNode, Index
from grace_tui.healing.repair.members.uses import Usage, uses_of_name
from grace_tui.healing.repair.operators.shapes import is_name
from grace_tui.healing.repair.operators.target import parsed
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class ClassOrInstance:
    name: str = "class_or_instance"
    problem: str = "class_or_instance"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        index = scene.index
        module = parsed(index.text(site.provider))
        line = next((node for node in module.body if _assigns(node, site.qualname)), None)
        if not isinstance(line, cst.SimpleStatementLine):
            return Refused(self.name, f"{site.provider} does not assign {site.qualname} at its top")
        assign = cst.ensure_type(line.body[0], cst.Assign)
        to_instance = not isinstance(assign.value, cst.Call)
        against = _against(uses_of_name(index, site.provider, site.qualname), to_instance=to_instance)
        if against:
            kind = "an instance" if to_instance else "a class"
            return Refused(self.name, f"{site.qualname} is not used as {kind} in {against}")
        value: cst.BaseExpression
        if isinstance(assign.value, cst.Call):
            value = assign.value.func
            said, summary = "every use calls it", f"{site.qualname} is the class again"
        else:
            value = cst.Call(assign.value)
            said, summary = "every use is one of an instance", f"{site.qualname} is an instance again"
            if not makes_itself(index, site):
                return Refused(self.name, f"nothing tells what {site.qualname} would be made with")
        new = line.with_changes(body=[assign.with_changes(value=value)])
        changed = module.with_changes(body=[new if node is line else node for node in module.body])
        edit = FileEdit(site.provider, index.text(site.provider), changed.code)
        return [Patch(self.name, site, summary, (edit,), 0.7, (said,))]


def makes_itself(index: Index, site: Site) -> bool:
    """Whether the class can be called without arguments."""
    tree = index.parsed(site.provider)
    values = [
        ast.unparse(node.value)
        for node in (tree.body if tree is not None else ())
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == site.qualname for target in node.targets)
    ]
    found = index.expression(site.provider, values[-1]) if values else None
    for owner in index.ancestors(found) if found is not None else ():
        maker = index.find(owner.path, f"{owner.qualname}.__init__")
        if maker is not None and isinstance(maker.node, FunctionNode):
            return fits(given_by_caller(maker.node, in_class=True), 0, ())
    return found is not None


def _against(uses: Sequence[Usage], *, to_instance: bool) -> str:
    """The first use that says otherwise; empty where all agree."""
    for use in uses:
        as_instance = use.how == "value"
        if use.how == "set" or (use.how == "passed" and not isinstance(use.node, ast.Attribute)):
            continue
        if as_instance != to_instance:
            return f"{use.path}, line {use.line}"
    return ""


def _assigns(node: cst.CSTNode, name: str) -> bool:
    if not isinstance(node, cst.SimpleStatementLine) or len(node.body) != 1 or not isinstance(node.body[0], cst.Assign):
        return False
    targets = node.body[0].targets
    return len(targets) == 1 and is_name(targets[0].target, name)
