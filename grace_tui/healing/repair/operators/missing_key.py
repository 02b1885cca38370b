"""A literal mapping lost a key: it has it again as other mappings of the tree declare it, or under its earlier name."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import libcst as cst

from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.members.keys import Mapping, is_constant, mapping_of, mappings, shared
from grace_tui.healing.repair.members.renames import evidence
from grace_tui.healing.repair.operators.layout import insert_between
from grace_tui.healing.repair.operators.target import parsed, ranked
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

ALIKE = 0.6
"""Share of keys that two mappings have in common to be taken for mappings of the same things."""


@dataclass(frozen=True, slots=True)
class MissingKey:
    name: str = "missing_key"
    problem: str = "missing_key"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        index = scene.index
        mapping = mapping_of(index, site)
        if mapping is None:
            return Refused(self.name, f"{site.provider} has no literal mapping {site.qualname} with these keys")
        found = [*self._renamed(index, site, mapping), *self._declared(index, site, mapping)]
        values = {ast.dump(value) for value, _, _ in found}
        if not found:
            return Refused(
                self.name, f"no mapping of the tree that is like {site.qualname} has {site.name}, nor was a key renamed"
            )
        patches = [self._patch(index, site, mapping, *entry) for entry in found]
        best = ranked(patches, rivals=len(values) > 1)
        return best[:3]

    def _renamed(self, index: Index, site: Site, mapping: Mapping) -> Iterator[tuple[ast.expr, float, str]]:
        for key in mapping.keys:
            others = [path for path in index.saying(rf"['\"]{re.escape(key)}['\"]") if path != mapping.path]
            said = evidence(site.name, key, alone=not others, only=False)
            value = mapping.value(key)
            if said is not None and not said.ask and value is not None and is_constant(value):
                yield value, said.score, f"{key}: {said.words[-1]}"

    def _declared(self, index: Index, site: Site, mapping: Mapping) -> Iterator[tuple[ast.expr, float, str]]:
        for other in mappings(index, rf"['\"]{re.escape(site.name)}['\"]"):
            value = other.value(site.name)
            if value is None or not is_constant(value) or shared(mapping.keys, other.keys) < ALIKE:
                continue
            default = "default" in other.name.lower()
            score = 0.65 if default else 0.5
            yield value, score, f"{other.name or 'a mapping'} in {other.path}, line {other.line}, declares it"

    def _patch(self, index: Index, site: Site, mapping: Mapping, value: ast.expr, score: float, why: str) -> Patch:
        module = parsed(index.text(mapping.path))
        finder = _Finder(mapping.keys)
        module.visit(finder)
        node = finder.found
        assert node is not None
        keys = [item.key for item in node.elements if isinstance(item, cst.DictElement)]
        quote = next((key.quote for key in keys if isinstance(key, cst.SimpleString)), '"')
        written = ast.unparse(value)
        new = cst.DictElement(cst.SimpleString(f"{quote}{site.name}{quote}"), cst.parse_expression(written))
        opening, closing = node.lbrace.whitespace_after, node.rbrace.whitespace_before
        before = [*cast("Sequence[cst.DictElement]", node.elements)]
        elements, closing = insert_between(opening, before, new, len(before), closing)
        changed = node.with_changes(elements=elements, rbrace=node.rbrace.with_changes(whitespace_before=closing))
        after = cst.ensure_type(module.deep_replace(node, changed), cst.Module).code
        edit = FileEdit(mapping.path, index.text(mapping.path), after)
        return Patch(self.name, site, f"{site.qualname} has {site.name} again: {written}", (edit,), score, (why,))


class _Finder(cst.CSTVisitor):
    """The literal with these keys; the first, where several have them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = list(keys)
        self.found: cst.Dict | None = None

    def visit_Dict(self, node: cst.Dict) -> bool:
        keys = [text for item in node.elements if isinstance(item, cst.DictElement) and (text := _text(item.key))]
        if keys == self.keys and self.found is None:
            self.found = node
        return self.found is None


def _text(node: cst.BaseExpression) -> str:
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else ""
    return value if isinstance(value, str) else ""
