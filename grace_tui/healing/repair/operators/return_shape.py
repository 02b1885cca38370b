"""Every `return` of a function wraps its value in what its annotation rules out: the value itself is returned again."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.members.returned import annotation_of, wrapped
from grace_tui.healing.repair.operators.target import target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class ReturnShape:
    name: str = "return_shape"
    problem: str = "return_shape"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return target
        if not wrapped(scene.index, target.found):
            return Refused(self.name, f"nothing tells that {site.qualname} returns another shape than it should")
        changed = target.function.visit(_Unwrap(target.function))
        declared = annotation_of(scene.index, target.found)
        said = f"it is declared to return {declared}, and every return wraps one value"
        summary = f"{target.found.qualname} returns {declared} again"
        return [target.patch(self.name, summary, cst.ensure_type(changed, cst.FunctionDef), 0.6, said)]


class _Unwrap(cst.CSTTransformer):
    def __init__(self, function: cst.FunctionDef) -> None:
        self.function = function

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return node is self.function

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:
        value = updated_node.value
        if isinstance(value, cst.List | cst.Tuple):
            inner: cst.BaseExpression = value.elements[0].value
        elif isinstance(value, cst.Dict):
            inner = cst.ensure_type(value.elements[0], cst.DictElement).value
        else:
            return updated_node
        return updated_node.with_changes(value=_bare(inner))


def _bare(value: cst.BaseExpression) -> cst.BaseExpression:
    """Without brackets that hold nothing together any more."""
    if len(value.lpar) != 1 or isinstance(value, cst.Tuple | cst.GeneratorExp):
        return value
    text = cst.Module([]).code_for_node(value)
    return value if "\n" in text else value.with_changes(lpar=[], rpar=[])
