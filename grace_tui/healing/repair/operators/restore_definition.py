"""Something worked before a definition was changed: the earlier definition is put back, with what belongs to it.

Applies to any failure of a tree with a history. What changed since and is not part of it stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grace_tui.healing.repair.history.restoring import Restoration, restorations
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class RestoreDefinition:
    name: str = "restore_definition"
    problem: str = "changed_definition"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        if scene.failure is None:
            return Refused(self.name, "there is no failure to compare the earlier versions with")
        found = restorations(scene.failure, scene)
        if found:
            return [patch_of(self.name, site, restoration) for restoration in found]
        steps = len(scene.history.changes)
        return Refused(
            self.name, f"nothing that the failure names or reaches was different in the last {steps} steps of history"
        )


def patch_of(operator: str, site: Site, restoration: Restoration) -> Patch:
    """The patch of a restoration: its files are providers, whatever else the traceback holds."""
    paths = [edit.path for edit in restoration.edits]
    qualname = restoration.names[0] if restoration.names else site.qualname
    consumers = tuple(path for path in site.consumers if path not in paths)
    mine = replace(site, provider=paths[0], qualname=qualname, consumers=consumers)
    return Patch(
        operator, mine, f"put back {restoration.words}", restoration.edits, restoration.score, restoration.evidence
    )
