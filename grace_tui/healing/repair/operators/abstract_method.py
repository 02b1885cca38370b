"""A base declares an abstract method that no class implements: it says so when it is called, not when one is made.

Where every heir has one method that the base was renamed from, the new one calls that.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst as cst

from grace_tui.healing.repair.calling.parameters import Kind, fits, given_by_caller
from grace_tui.healing.repair.diagnose.common import consumers
from grace_tui.healing.repair.index import Found, FunctionNode, Index, likeness
from grace_tui.healing.repair.members.abstract import ABSTRACT, Missing, missing_methods
from grace_tui.healing.repair.members.renames import ALIKE, within
from grace_tui.healing.repair.operators.additions import statements
from grace_tui.healing.repair.operators.shapes import is_docstring
from grace_tui.healing.repair.operators.signature import locate
from grace_tui.healing.repair.operators.target import parsed, with_replaced
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class AbstractMethod:
    name: str = "abstract_method"
    problem: str = "abstract_class"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        found = missing_methods(scene.failure, scene.index) if scene.failure is not None else []
        if not found:
            return Refused(self.name, f"no class of the tree declares {site.name} as abstract")
        for missing in found:
            if missing.implementing:
                others = ", ".join(entry.qualname for entry in missing.implementing)
                return Refused(
                    self.name,
                    f"{missing.declared.qualname} is implemented by {others}: it is {site.qualname} that lacks it",
                )
        texts: dict[str, cst.Module] = {}
        for missing in found:
            path = missing.declared.path
            module = texts.get(path) or parsed(scene.index.text(path))
            function = locate(module, missing.declared.qualname)
            assert isinstance(function, cst.FunctionDef)
            texts[path] = with_replaced(module, function, _concrete(function, _renamed_from(scene.index, missing)))
        return [self._patch(site, scene, found, texts)]

    def _patch(self, site: Site, scene: Scene, found: Sequence[Missing], texts: dict[str, cst.Module]) -> Patch:
        edits = tuple(FileEdit(path, scene.index.text(path), module.code) for path, module in texts.items())
        names = ", ".join(missing.declared.qualname for missing in found)
        left = consumers(scene.failure, site.provider) if scene.failure is not None else site.consumers
        left = tuple(path for path in left if path not in texts)
        renamed = all(_renamed_from(scene.index, missing) for missing in found)
        why = "what its heirs implement is its earlier name" if renamed else "no class of the tree implements it"
        summary = f"{names} {'calls its earlier name' if renamed else 'is asked for only when it is called'}"
        return Patch(self.name, replace(site, consumers=left), summary, edits, 0.75 if renamed else 0.7, (why,))


def _renamed_from(index: Index, missing: Missing) -> str:
    """The one method that all heirs have and no base declares, where its name and parameters are alike."""
    node, shared = missing.declared.node, None
    for heir in missing.lacking:
        own = {method.node.name for method in _methods(index, heir) if _alike(method, node)}
        shared = own if shared is None else shared & own
    declared = {name for base in index.ancestors(missing.owner) for name in index.attributes(base)}
    found = sorted((shared or set()) - declared)
    return found[0] if len(found) == 1 and not found[0].startswith("__") else ""


def _methods(index: Index, owner: Found) -> list[Found]:
    names = index.attributes(owner)
    found = [index.find(owner.path, f"{owner.qualname}.{name}") for name in names]
    return [entry for entry in found if entry is not None and isinstance(entry.node, FunctionNode)]


def _alike(found: Found, declared: ast.AST) -> bool:
    if not isinstance(found.node, FunctionNode) or not isinstance(declared, FunctionNode):
        return False
    one, other = found.node.name, declared.name
    required = [entry for entry in given_by_caller(declared, in_class=True) if entry.kind < Kind.ARGS]
    takes = fits(given_by_caller(found.node, in_class=True), len(required), ())
    return takes and (likeness(one, other) >= ALIKE or within(one, other)) and type(found.node) is type(declared)


def _concrete(function: cst.FunctionDef, earlier: str) -> cst.FunctionDef:
    kept = [mark for mark in function.decorators if not _is_abstract(mark)]
    plain = {
        "abstractproperty": "property",
        "abstractclassmethod": "classmethod",
        "abstractstaticmethod": "staticmethod",
    }
    for mark in function.decorators:
        name = _text(mark.decorator).rpartition(".")[2]
        if name in plain:
            kept.insert(0, mark.with_changes(decorator=cst.Name(plain[name])))
    changed = function.with_changes(decorators=kept)
    if not _is_empty(function):
        return changed
    body = "raise NotImplementedError\n"
    if earlier:
        await_ = "await " if function.asynchronous else ""
        given = [param.name.value for param in function.params.params[1:]]
        body = f"return {await_}self.{earlier}({', '.join(given)})  # the earlier name, by which it is implemented\n"
    return _with_body(changed, body)


def _is_abstract(mark: cst.Decorator) -> bool:
    return _text(mark.decorator).rpartition(".")[2] in ABSTRACT


def _text(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _is_empty(function: cst.FunctionDef) -> bool:
    """Whether the body does nothing: a docstring, `...`, `pass`, or that it is not implemented."""
    if isinstance(function.body, cst.SimpleStatementSuite):
        return all(_idle(part) for part in function.body.body)
    lines = [node for node in function.body.body if not is_docstring(node)]
    return all(isinstance(node, cst.SimpleStatementLine) and all(_idle(part) for part in node.body) for node in lines)


def _idle(part: cst.CSTNode) -> bool:
    if isinstance(part, cst.Raise):
        return "NotImplementedError" in _text(part)
    return isinstance(part, cst.Pass) or (isinstance(part, cst.Expr) and isinstance(part.value, cst.Ellipsis))


def _with_body(function: cst.FunctionDef, text: str) -> cst.FunctionDef:
    new = statements(text, cst.Module([]))
    if isinstance(function.body, cst.SimpleStatementSuite):
        return function.with_changes(body=cst.IndentedBlock(new))
    docs = [node for node in function.body.body[:1] if is_docstring(node)]
    return function.with_changes(body=function.body.with_changes(body=[*docs, *new]))
