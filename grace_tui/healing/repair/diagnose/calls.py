"""Calls whose arguments do not fit what the callee takes."""

import re
from collections.abc import Mapping

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose.common import NOT_MINE, consumers
from grace_tui.healing.repair.index import Found, Index, plain
from grace_tui.healing.repair.patch import Diagnose, Refused, Site
from grace_tui.healing.repair.scene import Scene

UNEXPECTED_KEYWORD = "unexpected_keyword"

_KEYWORD = re.compile(r"^(?P<callee>[\w.<>]+)\(\) got an unexpected keyword argument '(?P<name>\w+)'")

WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {UNEXPECTED_KEYWORD: {"TypeError": _KEYWORD}}


def unexpected_keyword(failure: Failure, scene: Scene) -> Site | Refused:
    """`X.y() got an unexpected keyword argument 'k'`."""
    pattern = WORDS[UNEXPECTED_KEYWORD].get(failure.kind)
    match = pattern.match(failure.message) if pattern else None
    if match is None:
        return NOT_MINE
    name, called = match["name"], match["callee"]
    index = scene.index
    if failure.callee is None:
        provider = _only_definition(index, called)
    else:
        provider = _definition(index, failure.callee.file, failure.callee.qualname or called)
    if isinstance(provider, Refused):
        return provider
    value_type = failure.callee.arguments.get(name, "") if failure.callee else ""
    return Site(
        UNEXPECTED_KEYWORD, provider.path, provider.qualname, name, value_type, consumers(failure, provider.path)
    )


def _definition(index: Index, path: str, qualname: str) -> Found | Refused:
    if path not in index.names:
        return Refused(UNEXPECTED_KEYWORD, f"{plain(qualname)} is defined in {path}, outside the workspace's sources")
    found = index.find(path, qualname) or index.find(path, qualname.rpartition(".")[0])
    if found is None:
        return Refused(UNEXPECTED_KEYWORD, f"{path} no longer defines {plain(qualname)}")
    return found


def _only_definition(index: Index, qualname: str) -> Found | Refused:
    found = index.everywhere(qualname)
    if not found and qualname.endswith((".__init__", ".__new__")):
        found = index.everywhere(qualname.rpartition(".")[0])
    if len(found) == 1:
        return found[0]
    if not found:
        return Refused(UNEXPECTED_KEYWORD, f"{plain(qualname)} is not defined in the workspace's sources")
    places = ", ".join(sorted(entry.path for entry in found))
    return Refused(UNEXPECTED_KEYWORD, f"{plain(qualname)} is defined {len(found)} times: {places}")


RECOGNISERS: Mapping[str, Diagnose] = {UNEXPECTED_KEYWORD: unexpected_keyword}
