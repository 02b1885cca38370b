"""An attribute is set nowhere any more, though `__init__` takes a parameter for it: the value is kept again."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from grace_tui.healing.repair.calling.parameters import NAMED, parameters_of
from grace_tui.healing.repair.diagnose.common import consumers
from grace_tui.healing.repair.index import Found, FunctionNode, likeness
from grace_tui.healing.repair.members.classes import classes_of, first_parameter, own, set_on
from grace_tui.healing.repair.operators.additions import statements
from grace_tui.healing.repair.operators.shapes import is_docstring
from grace_tui.healing.repair.operators.signature import locate
from grace_tui.healing.repair.operators.target import parsed, ranked, with_replaced
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class LostAttribute:
    name: str = "lost_attribute"
    problem: str = "missing_attribute"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        if "class" in site.asked:
            return Refused(self.name, f"{site.qualname} itself was asked for {site.name}, which no __init__ sets")
        classes = classes_of(scene.failure, scene.index, site.qualname) if scene.failure is not None else ()
        found = scene.index.find(site.provider, site.qualname)
        owners = own(classes) or ([found] if found is not None else [])
        patches = [patch for owner in owners for patch in self._of(owner, site, scene)]
        return ranked(patches, rivals=True) or Refused(
            self.name, f"no __init__ of {site.qualname} takes a value for {site.name} that it does not keep"
        )

    def _of(self, owner: Found, site: Site, scene: Scene) -> Iterator[Patch]:
        maker = scene.index.find(owner.path, f"{owner.qualname}.__init__")
        if maker is None or not isinstance(maker.node, FunctionNode):
            return
        module = parsed(scene.index.text(owner.path))
        function = locate(module, maker.qualname)
        if not isinstance(function, cst.FunctionDef) or not isinstance(function.body, cst.IndentedBlock):
            return
        receiver = first_parameter(maker.node)
        for parameter, score, why in _unkept(maker.node, site.name):
            changed = with_replaced(module, function, _setting(function, maker.node, receiver, site.name, parameter))
            edit = FileEdit(owner.path, scene.index.text(owner.path), changed.code)
            left = consumers(scene.failure, owner.path) if scene.failure is not None else site.consumers
            summary = f"{owner.qualname} keeps {parameter} as {site.name} again"
            yield Patch(self.name, replace(site, provider=owner.path, consumers=left), summary, (edit,), score, (why,))


def _unkept(node: FunctionNode, attribute: str) -> Iterator[tuple[str, float, str]]:
    """(parameter, score, why) of parameters that the body never names and that the attribute may have kept."""
    named = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    given = [entry.name for entry in parameters_of(node)[1:] if entry.kind in NAMED]
    unused = [name for name in given if name not in named]
    for name in unused:
        if name.strip("_") == attribute.strip("_"):
            yield name, 0.8, f"__init__ takes {name} and does nothing with it"
        elif len(unused) == 1 and likeness(name, attribute) >= 0.6:
            yield name, 0.55, f"{name} is the only parameter that __init__ does nothing with"
        elif len(unused) == 1:
            yield name, 0.4, f"{name} is the only parameter that __init__ does nothing with"


def _setting(
    function: cst.FunctionDef, node: FunctionNode, receiver: str, attribute: str, parameter: str
) -> cst.FunctionDef:
    """Behind the parameters before it, else first in the body; where a lone `pass` stands there, in its stead."""
    block = cst.ensure_type(function.body, cst.IndentedBlock)
    body = list(block.body)
    new = statements(f"{receiver}.{attribute} = {parameter}\n", cst.Module([]))[0]
    before = [entry.name for entry in parameters_of(node)[1:]]
    before = before[: before.index(parameter)]
    at = 1 if body and is_docstring(body[0]) else 0
    for number, statement in enumerate(node.body):
        kept = {part.id for part in ast.walk(statement) if isinstance(part, ast.Name)} & set(before)
        if _calls_super(statement) or (kept and any(True for _ in set_on(statement, receiver))):
            at = number + 1
    if at < len(body) and (idle := body[at]) and isinstance(idle, cst.SimpleStatementLine) and _is_pass(idle):
        new = new.with_changes(leading_lines=idle.leading_lines)
        return function.with_changes(body=block.with_changes(body=[*body[:at], new, *body[at + 1 :]]))
    return function.with_changes(body=block.with_changes(body=[*body[:at], new, *body[at:]]))


def _calls_super(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Expr):
        return False
    return ast.unparse(statement.value).startswith("super(") or ".__init__(" in ast.unparse(statement.value)


def _is_pass(node: cst.SimpleStatementLine) -> bool:
    return isinstance(node.body[0], cst.Pass)
