"""A package lost its `__init__.py`, and with it what it re-exported: it exports again what the tree asks it for."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.imports.graph import chain_to
from grace_tui.healing.repair.operators.lazy import OnDemand, with_entries
from grace_tui.healing.repair.operators.missing_export import find_sources, lost_names
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class LostInit:
    name: str = "lost_init"
    problem: str = "lost_init"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        view = scene.imports
        found = find_sources(site, scene)
        if isinstance(found, Refused):
            return Refused(self.name, f"{site.qualname} has no __init__.py, and {found.reason}")
        names = {**lost_names(site, scene), site.name: found[0]}
        lines, later = [], []
        for name, source in sorted(names.items(), key=lambda item: (item[1].module, item[0])):
            written = source.module
            if written.startswith(f"{site.qualname}."):
                written = written[len(site.qualname) :]
            if source.path and chain_to(source.module, site.qualname, view):
                later.append(OnDemand(name, written, source.name))
            elif source.name:
                lines.append(f"from {written} import {name} as {name}")
            else:
                lines.append(f"from . import {name} as {name}")
        module = cst.parse_module("".join(f"{line}\n" for line in lines))
        text = with_entries(module, later).code if later else module.code
        listed = ", ".join(sorted(names))
        says = (found[0].evidence, f"{site.qualname} is a folder of modules without an __init__.py")
        edit = FileEdit(site.provider, None, text.lstrip("\n"))
        return [
            Patch(self.name, site, f"{site.qualname} exports {listed}", (edit,), found[0].score, says, len(found) > 1)
        ]
