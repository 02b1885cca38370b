"""A module, an `__init__.py` or a data file that is asked for was deleted: it is made again as it last was.

Does not apply to what lives on elsewhere, unless the whole step is undone: a second copy would double its state.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grace_tui.healing.repair.history.lost_files import lost_files
from grace_tui.healing.repair.operators.restore_definition import patch_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class RestoreModule:
    name: str = "restore_module"
    problem: str = "deleted_file"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        found = lost_files(scene.failure, scene) if scene.failure is not None else []
        if found:
            return [patch_of(self.name, site, restoration) for restoration in found]
        return Refused(self.name, f"no file of {site.name} was deleted in the last steps of history")
