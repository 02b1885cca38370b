"""The function that refused a call, as the operators of signatures see it: its syntax trees, and a patch for it."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import libcst as cst

from grace_tui.healing.repair.calling.callers import Call, call_sites, failing_call
from grace_tui.healing.repair.calling.kin import in_class
from grace_tui.healing.repair.calling.parameters import Parameter, fits, given_by_caller, parameters_of
from grace_tui.healing.repair.index import Found, FunctionNode, Index, plain
from grace_tui.healing.repair.operators.reshape import Slot
from grace_tui.healing.repair.operators.signature import locate
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

ENTERED = ("lost_parameter", "reordered")
"""Problems that show inside the function, when the call itself was bound."""


@dataclass(frozen=True)
class Target:
    site: Site
    index: Index
    found: Found
    node: FunctionNode
    module: cst.Module
    function: cst.FunctionDef
    method: bool
    """Whether it stands directly in a class."""
    call: Call | None
    """The call that failed, where it can be read."""

    @property
    def given(self) -> tuple[Parameter, ...]:
        """The parameters that a caller fills."""
        return given_by_caller(self.node, in_class=self.method)

    @property
    def skipped(self) -> int:
        """Leading parameters that no caller fills: 1 for `self` or `cls`, else 0."""
        return len(parameters_of(self.node)) - len(self.given)

    def calls(self) -> list[Call]:
        """The failing call first, then the call sites of the tree that can be told to mean this function."""
        sites = call_sites(self.index, self.found)
        if self.call is None:
            return sites
        return [self.call, *(call for call in sites if (call.path, call.line) != (self.call.path, self.call.line))]

    def heals(self, changed: Sequence[Slot]) -> bool:
        """Whether these parameters would bind the failing call; True where it cannot be read in full."""
        if self.call is None or self.call.open:
            return True
        given = [
            Parameter(slot.name, slot.kind, None if slot.node.default is None else "...")
            for slot in sorted(changed, key=lambda slot: slot.kind)
        ]
        return fits(given[self.skipped :], len(self.call.positional), self.call.keywords)

    def patch(
        self,
        operator: str,
        summary: str,
        changed: cst.FunctionDef | cst.Module,
        score: float,
        *evidence: str,
        ask: str = "",
    ) -> Patch:
        module = changed
        if isinstance(changed, cst.FunctionDef):
            module = cst.ensure_type(self.module.deep_replace(self.function, changed), cst.Module)
        edit = FileEdit(
            self.site.provider, self.index.text(self.site.provider), cst.ensure_type(module, cst.Module).code
        )
        return Patch(operator, self.site, summary, (edit,), score, evidence, ask=ask)


def target_of(operator: str, site: Site, scene: Scene) -> Target | Refused:
    """Read the function of a site; a class stands for its constructor."""
    index, path = scene.index, site.provider
    if path in site.consumers:
        return Refused(operator, f"{plain(site.qualname)} lies in {path}, a consumer, which is not changed")
    found = index.find(path, site.qualname)
    if found is not None and isinstance(found.node, ast.ClassDef):
        name = f"{found.qualname}.__init__"
        found = index.find(path, name) or index.find(path, f"{found.qualname}.__new__")
        site = replace(site, qualname=name) if found else site
    if found is None or isinstance(found.node, ast.ClassDef):
        return Refused(operator, f"{plain(site.qualname)} in {path} is no function with a signature of its own")
    try:
        module = parsed(index.text(path))
    except cst.ParserSyntaxError as error:
        return Refused(operator, f"{path} does not parse: {error.message}, line {error.raw_line}")
    function = locate(module, found.qualname)
    if not isinstance(function, cst.FunctionDef):
        return Refused(operator, f"{path} no longer defines {found.qualname}")
    call = failing_call(scene.failure, index, found, entered=site.problem in ENTERED)
    return Target(site, index, found, found.node, module, function, in_class(index, found), call)


@lru_cache(maxsize=4)
def parsed(text: str) -> cst.Module:
    """Nodes never change, so that several operators can look at one tree."""
    return cst.parse_module(text)


def with_replaced(module: cst.Module, old: cst.CSTNode, new: cst.CSTNode) -> cst.Module:
    """The module with one node replaced; copies only what holds it, where `deep_replace` copies everything."""
    trail = _trail(module, old)
    for holder, held in zip(reversed(trail[:-1]), reversed(trail[1:]), strict=True):
        new = _with_child(holder, held, new)
    return cst.ensure_type(new, cst.Module)


def _trail(node: cst.CSTNode, wanted: cst.CSTNode) -> list[cst.CSTNode]:
    """From a node down to `wanted`; empty where it is not there."""
    if node is wanted:
        return [node]
    for child in node.children:
        if isinstance(child, _HOLDERS) and (found := _trail(child, wanted)):
            return [node, *found]
    return []


_HOLDERS = cst.BaseCompoundStatement | cst.BaseSuite | cst.Else | cst.Finally | cst.ExceptHandler


def _with_child(holder: cst.CSTNode, old: cst.CSTNode, new: cst.CSTNode) -> cst.CSTNode:
    for entry in fields(holder):
        value = getattr(holder, entry.name)
        if value is old:
            return holder.with_changes(**{entry.name: new})
        if isinstance(value, list | tuple) and any(child is old for child in value):
            return holder.with_changes(**{entry.name: [new if child is old else child for child in value]})
    return holder


def ranked(patches: list[Patch], *, rivals: bool = False) -> list[Patch]:
    """Best first, each edit once. Of rivals, which mean different things, the best are ambiguous where they tie."""
    ordered = sorted(patches, key=lambda patch: -patch.score)
    edits = [patch.edits for patch in ordered]
    unique = [patch for at, patch in enumerate(ordered) if patch.edits not in edits[:at]]
    if rivals and len(unique) > 1 and unique[0].score == unique[1].score:
        best = unique[0].score
        return [replace(patch, ambiguous=patch.score == best or patch.ambiguous) for patch in unique]
    return unique
