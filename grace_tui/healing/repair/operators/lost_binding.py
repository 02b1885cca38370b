"""A method that lost, or was given, `@staticmethod` or `@classmethod`: its first parameter tells how it is bound."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.calling.parameters import decorators_of, parameters_of
from grace_tui.healing.repair.index import plain
from grace_tui.healing.repair.operators.shapes import is_name
from grace_tui.healing.repair.operators.target import Target, target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

CLASS_NAMES = ("cls", "klass", "mcs", "metacls", "_cls")
BOUND_ANYWAY = ("__new__", "__init_subclass__", "__class_getitem__")
"""Python binds these without a decorator."""


@dataclass(frozen=True, slots=True)
class LostBinding:
    name: str
    problem: str

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return target
        qualname = plain(site.qualname)
        if not target.method or target.node.name in BOUND_ANYWAY or _is_metaclass(target):
            return Refused(self.name, f"{qualname} is no method whose binding a decorator decides")
        first = next((entry.name for entry in parameters_of(target.node)), "")
        decorators = decorators_of(target.node)
        if first in (*CLASS_NAMES, "self") and "staticmethod" in decorators:
            wanted = "" if first == "self" else "classmethod"
            return [self._patch(target, wanted, first)]
        if first in CLASS_NAMES and not decorators:
            return [self._patch(target, "classmethod", first)]
        if first != "self" and "self" not in _names(target.node) and not decorators and self._one_too_many(target):
            return [self._patch(target, "staticmethod", first)]
        return Refused(self.name, f"{qualname} is bound as its first parameter {first or 'nothing'} says")

    def _one_too_many(self, target: Target) -> bool:
        return self.problem == "too_many_positionals" and (target.site.asked[:1] or ("1",)) == ("1",)

    def _patch(self, target: Target, wanted: str, first: str) -> Patch:
        kept = [entry for entry in target.function.decorators if not is_name(entry.decorator, "staticmethod")]
        added = [cst.Decorator(cst.Name(wanted))] if wanted else []
        changed = target.function.with_changes(decorators=[*added, *kept])
        if added and not target.function.decorators:
            changed = changed.with_changes(leading_lines=target.function.leading_lines, lines_after_decorators=[])
        kind = wanted or "method of its instances"
        summary = f"{target.found.qualname} is a {kind} again"
        named = f"its first parameter is {first}" if first else "it has no parameter"
        return target.patch(self.name, summary, changed, 0.7, named)


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _is_metaclass(target: Target) -> bool:
    """In a metaclass `cls` is the instance."""
    owner = target.index.find(target.found.path, target.found.qualname.rpartition(".")[0])
    bases = [ast.unparse(base) for base in getattr(owner.node if owner else None, "bases", [])]
    return any(base == "type" or base.endswith("Meta") for base in bases)
