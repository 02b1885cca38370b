"""An attribute is set nowhere any more, though the class tells what it was set to: `__init__` sets it again."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from grace_tui.healing.repair.calling.parameters import parameters_of
from grace_tui.healing.repair.diagnose.common import consumers
from grace_tui.healing.repair.index import Found, FunctionNode
from grace_tui.healing.repair.members.classes import classes_of, first_parameter, own, set_on
from grace_tui.healing.repair.members.initial import initial_values
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
        for value in initial_values(scene.index, owner, maker.node, site.name):
            line = f"{receiver}.{site.name} = {value.text}\n"
            changed = with_replaced(module, function, _setting(function, maker.node, receiver, line))
            edit = FileEdit(owner.path, scene.index.text(owner.path), changed.code)
            left = consumers(scene.failure, owner.path) if scene.failure is not None else site.consumers
            summary = f"{owner.qualname} keeps {value.text} as {site.name} again"
            moved = replace(site, provider=owner.path, consumers=left)
            yield Patch(self.name, moved, summary, (edit,), value.score, (value.why,))


def _setting(function: cst.FunctionDef, node: FunctionNode, receiver: str, line: str) -> cst.FunctionDef:
    """In place of a `pass`, where one is left; else behind what comes of its parameters or earlier ones."""
    block = cst.ensure_type(function.body, cst.IndentedBlock)
    body = list(block.body)
    new = statements(line, cst.Module([]))[0]
    for number, idle in enumerate(body):
        if isinstance(idle, cst.SimpleStatementLine) and isinstance(idle.body[0], cst.Pass):
            new = new.with_changes(leading_lines=idle.leading_lines, trailing_whitespace=idle.trailing_whitespace)
            return function.with_changes(body=block.with_changes(body=[*body[:number], new, *body[number + 1 :]]))
    given = [entry.name for entry in parameters_of(node)[1:]]
    used = {part.id for part in ast.walk(ast.parse(line)) if isinstance(part, ast.Name)} & set(given)
    before = used | set(given[: min((given.index(name) for name in used), default=len(given))])
    at = 1 if body and is_docstring(body[0]) else 0
    for number, statement in enumerate(node.body):
        kept = {part.id for part in ast.walk(statement) if isinstance(part, ast.Name)} & before
        if _calls_super(statement) or (kept and any(True for _ in set_on(statement, receiver))):
            at = number + 1
    return function.with_changes(body=block.with_changes(body=[*body[:at], new, *body[at:]]))


def _calls_super(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Expr):
        return False
    return ast.unparse(statement.value).startswith("super(") or ".__init__(" in ast.unparse(statement.value)
