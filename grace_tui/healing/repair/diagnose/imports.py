"""Modules and names that an import, or an attribute of a module, asked for in vain."""

import re
from collections.abc import Mapping

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose.common import NOT_MINE, consumers
from grace_tui.healing.repair.patch import Diagnose, Refused, Site
from grace_tui.healing.repair.scene import Scene

MISSING_EXPORT = "missing_export"

_EXPORT = re.compile(
    r"^cannot import name '(?P<name>\w+)' from (?P<half>partially initialized module )?'(?P<module>[\w.]+)'"
)
_ATTRIBUTE = re.compile(
    r"^(?P<half>partially initialized )?module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'"
)

WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    MISSING_EXPORT: {"ImportError": _EXPORT, "AttributeError": _ATTRIBUTE},
}


def missing_export(failure: Failure, scene: Scene) -> Site | Refused:
    """`cannot import name 'n' from 'pkg.mod'`, and `module 'pkg.mod' has no attribute 'n'`."""
    pattern = WORDS[MISSING_EXPORT].get(failure.kind)
    match = pattern.match(failure.message) if pattern else None
    if match is None:
        return NOT_MINE
    module, name = match["module"], match["name"]
    if match["half"]:
        return Refused(
            MISSING_EXPORT, f"{module} was imported while it was still loading: an import cycle, not a lost name"
        )
    path = scene.tree.modules().get(module)
    if path is None:
        return Refused(MISSING_EXPORT, f"{module}, which lacks {name}, has no file among the workspace's sources")
    return Site(MISSING_EXPORT, path, module, name, "", consumers(failure, path))


RECOGNISERS: Mapping[str, Diagnose] = {MISSING_EXPORT: missing_export}
