"""A module no longer offers a name that it used to offer: what bound the name is put back, with its `__all__`."""

from collections.abc import Sequence
from dataclasses import dataclass

from grace_tui.healing.repair.history.lost_exports import lost_export
from grace_tui.healing.repair.operators.restore_definition import patch_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class RestoreExport:
    name: str = "restore_export"
    problem: str = "lost_export"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        found = lost_export(site.provider, site.name, scene)
        if found:
            return [patch_of(self.name, site, restoration) for restoration in found]
        return Refused(self.name, f"no earlier version of {site.provider} offered {site.name}")
