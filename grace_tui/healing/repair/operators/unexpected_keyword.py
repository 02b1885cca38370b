"""A callee was passed a keyword it does not know: it learns to take it, and to store it where it keeps its like.

Accepting without storing would lose the caller's data silently, so a callee without a place to store it is refused.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import libcst as cst

from grace_tui.healing.repair.calling.kin import kin_of
from grace_tui.healing.repair.calling.parameters import parameters_of
from grace_tui.healing.repair.index import Index, plain
from grace_tui.healing.repair.operators.callees import bases, resolve_callee
from grace_tui.healing.repair.operators.reshape import quoted
from grace_tui.healing.repair.operators.shapes import is_name
from grace_tui.healing.repair.operators.signature import (
    accept,
    add_field,
    annotation_for,
    empty_default,
    fields,
    is_record,
    locate,
    parameters,
    takes_any_keyword,
)
from grace_tui.healing.repair.operators.sinks import Sink, find_sinks
from grace_tui.healing.repair.operators.target import target_of
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site, Tree
from grace_tui.healing.repair.scene import Scene

DEPTH = 4
"""How many calls a value is followed through before the operator gives up."""

CANDIDATES = 4

STORES = 0.5
"""The score of storing the value with its like: nothing says that it was ever kept there."""

Draft = Mapping[str, cst.Module]
"""File -> its changed syntax tree."""


@dataclass(frozen=True, slots=True)
class UnexpectedKeyword:
    name: str = "unexpected_keyword"
    problem: str = "unexpected_keyword"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        index, tree = scene.index, scene.tree
        patches: list[Patch] = []
        reasons: list[str] = []
        try:
            for default in _defaults(site, index):
                widening = _Widening(index, site, default)
                drafts = widening.widen({}, site.provider, plain(site.qualname))
                patches += [_patch(self.name, site, tree, draft) for draft in drafts]
                reasons += widening.reasons
        except cst.ParserSyntaxError as error:
            return Refused(self.name, f"a file of the provider does not parse: {error.message}, line {error.raw_line}")
        unique = [patch for at, patch in enumerate(patches) if patch not in patches[:at]]
        if unique:
            return [replace(patch, score=round(STORES - 0.02 * at, 2)) for at, patch in enumerate(unique[:CANDIDATES])]
        promised = self._promised(site, scene)
        return promised or Refused(self.name, "; ".join(dict.fromkeys(reasons)) or f"{site.qualname} was not found")

    def _promised(self, site: Site, scene: Scene) -> list[Patch]:
        """An override that lacks what its base takes: whoever calls the base may pass it. Whether it may be ignored
        is a question for a person."""
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return []
        for kin in kin_of(target.index, target.found):
            for entry in kin.parameters:
                if entry.name == site.name and kin.relation in ("base", "stub"):
                    default = "None" if entry.default in (None, "...") else entry.default
                    function = accept(target.function, site.name, "", quoted(default))
                    summary = f"{target.found.qualname} accepts {site.name}, as {kin} does"
                    ask = f"{target.found.qualname} would take {site.name} and do nothing with it"
                    return [target.patch(self.name, summary, function, 0.35, f"{kin} takes {site.name}", ask=ask)]
        return []


def _defaults(site: Site, index: Index) -> list[str]:
    """`None` tells absent from empty; a callee that says absent with an empty string is offered that as well."""
    node = locate(cst.parse_module(index.text(site.provider)), plain(site.qualname))
    own_word = isinstance(node, cst.FunctionDef) and site.value_type == "str" and empty_default(node)
    return ["None", '""'] if own_word else ["None"]


def _patch(operator: str, site: Site, tree: Tree, draft: Draft) -> Patch:
    edits = tuple(FileEdit(path, tree.read(path), module.code) for path, module in draft.items())
    return Patch(operator, site, f"{plain(site.qualname)} accepts and stores {site.name}", edits)


@dataclass
class _Widening:
    """One walk from the callee that refused to the place where the value comes to rest."""

    index: Index
    site: Site
    default: str
    reasons: list[str] = field(default_factory=list)

    def widen(self, draft: Draft, path: str, qualname: str, depth: int = 0) -> Iterator[Draft]:
        """Yield every draft in which `qualname` takes the keyword and keeps it."""
        if path in self.site.consumers:
            self.reasons.append(f"{qualname} lies in {path}, a consumer, which is not changed")
            return
        module = draft[path] if path in draft else cst.parse_module(self.index.text(path))
        node = locate(module, qualname)
        if isinstance(node, cst.ClassDef):
            yield from self._class(draft, path, qualname, module, node, depth)
        elif node is not None:
            yield from self._function(draft, path, qualname, module, node, depth)
        else:
            self.reasons.append(f"{qualname} is not defined in {path}")

    def _class(
        self, draft: Draft, path: str, qualname: str, module: cst.Module, node: cst.ClassDef, depth: int
    ) -> Iterator[Draft]:
        name = self.site.name
        if locate(module, f"{qualname}.__init__") is not None:
            yield from self.widen(draft, path, f"{qualname}.__init__", depth)
        elif is_record(node) and name in fields(node):
            yield draft
        elif is_record(node) and (changed := add_field(node, name, self._annotation(path), self.default)) is not None:
            yield {**draft, path: _replaced(module, node, changed)}
        elif parents := bases(self.index, path, qualname):
            yield from self.widen(draft, parents[0].path, parents[0].qualname, depth)
        else:
            self.reasons.append(f"{qualname} has neither a constructor nor fields to store {name} in")

    def _function(
        self, draft: Draft, path: str, qualname: str, module: cst.Module, node: cst.FunctionDef, depth: int
    ) -> Iterator[Draft]:
        name = self.site.name
        if name in parameters(node) or takes_any_keyword(node):
            if depth:
                yield draft
            else:
                self.reasons.append(f"{qualname} already takes {name}")
            return
        sinks = find_sinks(node, parameters(node), name)
        if not sinks:
            self.reasons.append(f"{qualname} has no place that stores its other parameters by name")
        for sink in sinks:
            changed = accept(sink.store(node), name, self._annotation(path), self._default(path, qualname, sink))
            yield from self._kept({**draft, path: _replaced(module, node, changed)}, path, qualname, sink, depth)

    def _kept(self, draft: Draft, path: str, qualname: str, sink: Sink, depth: int) -> Iterator[Draft]:
        """The draft as it is where the sink itself stores; else with the sink's callee widened too."""
        if sink.callee is None or is_name(sink.callee, "dict"):
            yield draft
            return
        callee = resolve_callee(self.index, path, qualname, sink.callee)
        text = cst.Module([]).code_for_node(sink.callee)
        if callee is None or depth >= DEPTH:
            self.reasons.append(f"{qualname} passes its parameters to {text}, which cannot be followed")
            return
        yield from self.widen(draft, callee.path, callee.qualname, depth + 1)

    def _default(self, path: str, qualname: str, sink: Sink) -> str:
        """What the callee that it is passed on to has as its default, where that is a plain value; else none given."""
        callee = resolve_callee(self.index, path, qualname, sink.callee) if sink.callee is not None else None
        if callee is None or isinstance(callee.node, ast.ClassDef):
            return self.default
        told = [entry.default for entry in parameters_of(callee.node) if entry.name == self.site.name]
        return quoted(told[0]) if told and told[0] is not None and _is_plain(told[0]) else self.default

    def _annotation(self, path: str) -> str:
        if self.default != "None":
            return self.site.value_type
        return annotation_for(self.site.value_type, self.index.text(path))


def _is_plain(text: str) -> bool:
    try:
        return isinstance(ast.literal_eval(text), str | int | float | bool | bytes | None)
    except (ValueError, SyntaxError):
        return False


def _replaced(module: cst.Module, old: cst.CSTNode, new: cst.CSTNode) -> cst.Module:
    return cst.ensure_type(module.deep_replace(old, new), cst.Module)
