"""A setter stands under a method that is no property any more: the method is a property again.

Nothing else can have been meant by `@name.setter`, whatever the tree does with the name.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from grace_tui.healing.repair.index import FunctionNode
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class LostProperty:
    name: str = "lost_property"
    problem: str = "setter_of_a_method"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        owner = scene.index.find(site.provider, site.qualname)
        body = owner.node.body if owner is not None and isinstance(owner.node, ast.ClassDef) else []
        same = [node for node in body if isinstance(node, FunctionNode) and node.name == site.name]
        if not same or same[0].decorator_list:
            return Refused(self.name, f"{site.qualname} has no plain method {site.name} whose setter this could be")
        text = scene.index.text(site.provider)
        lines = text.splitlines(keepends=True)
        at = same[0].lineno - 1
        before = lines[at]
        indent = before[: len(before) - len(before.lstrip())]
        lines.insert(at, f"{indent}@property{before[len(before.rstrip()) :]}")
        edit = FileEdit(site.provider, text, "".join(lines))
        why = f"@{site.name}.setter stands under it"
        return [Patch(self.name, site, f"{site.qualname}.{site.name} is a property again", (edit,), 0.88, (why,))]
