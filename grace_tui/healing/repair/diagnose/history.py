"""Failures that earlier versions of the sources may answer: what was lost or changed, and can be put back."""

import re
from collections.abc import Mapping

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose.common import NOT_MINE, consumers
from grace_tui.healing.repair.history.wanted import wanted_file, wanted_modules
from grace_tui.healing.repair.patch import Diagnose, Refused, Site
from grace_tui.healing.repair.scene import Scene

CHANGED_DEFINITION = "changed_definition"
DELETED_FILE = "deleted_file"
LOST_EXPORT = "lost_export"

_EXPORT = re.compile(
    r"^(?:cannot import name '(?P<name>\w+)' from (?:partially initialized module )?'(?P<module>[\w.]+)'"
    r"|(?:partially initialized )?module '(?P<owner>[\w.]+)' has no attribute '(?P<attribute>\w+)')"
)

WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {}


def changed_definition(failure: Failure, scene: Scene) -> Site | Refused:
    """Any failure of a tree that was different before."""
    if not _has_changed(scene):
        return NOT_MINE
    inside = [frame for frame in failure.frames if frame.in_project]
    live = failure.callee or next(iter(failure.touched), None)
    provider = live.file if live is not None else inside[-1].file if inside else ""
    qualname = live.qualname if live is not None else inside[-1].function if inside else ""
    return Site(CHANGED_DEFINITION, provider, qualname, failure.asked, "", consumers(failure, provider))


def deleted_file(failure: Failure, scene: Scene) -> Site | Refused:
    """A module or a data file that is not there."""
    missing = next(iter(wanted_modules(failure)), wanted_file(failure))
    if not missing or not scene.history.deleted():
        return NOT_MINE
    return Site(DELETED_FILE, "", missing, missing, "", failure.consumers)


def lost_export(failure: Failure, scene: Scene) -> Site | Refused:
    """`cannot import name 'n' from 'pkg.mod'`, and `module 'pkg.mod' has no attribute 'n'`."""
    match = _EXPORT.match(failure.message)
    module = (match["module"] or match["owner"]) if match else ""
    path = scene.index.modules.get(module)
    if match is None or path is None or not _has_changed(scene):
        return NOT_MINE
    return Site(LOST_EXPORT, path, module, match["name"] or match["attribute"], "", consumers(failure, path))


def _has_changed(scene: Scene) -> bool:
    return any(changed.before is not None for change in scene.history.changes for changed in change.files)


RECOGNISERS: Mapping[str, Diagnose] = {
    CHANGED_DEFINITION: changed_definition,
    DELETED_FILE: deleted_file,
    LOST_EXPORT: lost_export,
}
