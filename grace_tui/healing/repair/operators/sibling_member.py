"""A class lacks a method that all classes beside it define alike: it defines it too."""

import ast
import builtins
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst as cst

from grace_tui.healing.repair.diagnose.common import consumers
from grace_tui.healing.repair.imports.layout import is_test
from grace_tui.healing.repair.index import Found, FunctionNode, Index
from grace_tui.healing.repair.members.classes import classes_of, heirs, own
from grace_tui.healing.repair.operators.additions import into_class
from grace_tui.healing.repair.operators.target import parsed
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

FEWEST = 2
"""Classes that have to define it alike."""


@dataclass(frozen=True, slots=True)
class SiblingMember:
    name: str = "sibling_member"
    problem: str = "missing_attribute"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        index = scene.index
        classes = own(classes_of(scene.failure, index, site.qualname)) if scene.failure is not None else []
        if not classes:
            return Refused(self.name, f"the class {site.qualname} is not known")
        owner = classes[0]
        defined = [_method(index, sibling, site.name) for sibling in siblings(index, owner)]
        found = [entry for entry in defined if entry is not None]
        alike = {ast.dump(entry.node) for entry in found}
        if len(found) < FEWEST or len(found) < len(defined) or len(alike) != 1:
            return Refused(self.name, f"the classes beside {owner.qualname} do not all define {site.name} alike")
        if strange := unknown_names(index, owner, found[0]):
            return Refused(self.name, f"{site.name} uses {strange}, which {owner.path} does not have")
        try:
            changed = into_class(parsed(index.text(owner.path)), owner.qualname, _text(index, found[0]))
        except (cst.ParserSyntaxError, LookupError) as error:
            return Refused(self.name, str(error))
        left = consumers(scene.failure, owner.path) if scene.failure is not None else site.consumers
        edit = FileEdit(owner.path, index.text(owner.path), changed.code)
        said = f"{', '.join(entry.qualname for entry in found)} are alike"
        summary = f"{owner.qualname} has {site.name} as the classes beside it"
        return [Patch(self.name, replace(site, provider=owner.path, consumers=left), summary, (edit,), 0.55, (said,))]


def siblings(index: Index, owner: Found) -> list[Found]:
    """Classes of the tree that share a base with this one, tests aside; not those below it."""
    below = {(entry.path, entry.qualname) for entry in [owner, *heirs(index, owner)]}
    found = [entry for base in index.bases(owner) for entry in index.subclasses(base)]
    unique = {(entry.path, entry.qualname): entry for entry in found if not is_test(entry.path)}
    return [entry for place, entry in unique.items() if place not in below]


def _method(index: Index, owner: Found, name: str) -> Found | None:
    found = index.find(owner.path, f"{owner.qualname}.{name}")
    return found if found is not None and isinstance(found.node, FunctionNode) else None


def unknown_names(index: Index, owner: Found, method: Found) -> str:
    """The first name that the method takes from its module and that the class's module lacks; empty where none."""
    if method.path == owner.path:
        return ""
    stored = {
        part.id for part in ast.walk(method.node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
    stored |= {part.arg for part in ast.walk(method.node) if isinstance(part, ast.arg)}
    here, there = index.bindings(owner.path), index.bindings(method.path)
    for part in ast.walk(method.node):
        if isinstance(part, ast.Name) and part.id not in stored and not hasattr(builtins, part.id):
            one, other = here.get(part.id), there.get(part.id)
            external = one is not None and other is not None and one.path == owner.path and other.path == method.path
            if one is None or (one != other and not external):
                return part.id
    return ""


def _text(index: Index, found: Found) -> str:
    lines = index.text(found.path).splitlines(keepends=True)
    marks = [mark.lineno for mark in getattr(found.node, "decorator_list", [])]
    first = min([found.node.lineno, *marks])
    return textwrap.dedent("".join(lines[first - 1 : found.node.end_lineno])).rstrip() + "\n"
