"""From a failure to the broken interface: which definition refused, in which file, and what it was asked for.

Pure: reads the tree and changes nothing. Called first by every repair.
"""

import re
from collections.abc import Mapping

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.index import Found, Index, plain
from grace_tui.healing.repair.patch import Diagnose, Refused, Site, Tree

UNEXPECTED_KEYWORD = "unexpected_keyword"
MISSING_EXPORT = "missing_export"

_KEYWORD = re.compile(r"^(?P<callee>[\w.<>]+)\(\) got an unexpected keyword argument '(?P<name>\w+)'")
_EXPORT = re.compile(
    r"^cannot import name '(?P<name>\w+)' from (?P<half>partially initialized module )?'(?P<module>[\w.]+)'"
)
_ATTRIBUTE = re.compile(
    r"^(?P<half>partially initialized )?module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'"
)


def diagnose(failure: Failure, tree: Tree) -> Site | Refused:
    """Try every diagnosis in order; the first that recognises the failure decides."""
    for recognise in DIAGNOSES.values():
        found = recognise(failure, tree)
        if isinstance(found, Site) or found.operator:
            return found
    return Refused("diagnosis", f"no diagnosis fits {failure.kind}: {failure.message}")


def fitting(failure: Failure) -> str:
    """The problem that the failure's words tell of; empty where no diagnosis knows such words. Reads no tree."""
    for problem, patterns in _WORDS.items():
        pattern = patterns.get(failure.kind)
        if pattern is not None and pattern.match(failure.message):
            return problem
    return ""


def unexpected_keyword(failure: Failure, tree: Tree) -> Site | Refused:
    """`X.y() got an unexpected keyword argument 'k'`."""
    pattern = _WORDS[UNEXPECTED_KEYWORD].get(failure.kind)
    match = pattern.match(failure.message) if pattern else None
    if match is None:
        return _NOT_MINE
    name, called = match["name"], match["callee"]
    index = Index(tree)
    if failure.callee is None:
        provider = _only_definition(index, called)
    else:
        provider = _definition(index, failure.callee.file, failure.callee.qualname or called)
    if isinstance(provider, Refused):
        return provider
    value_type = failure.callee.arguments.get(name, "") if failure.callee else ""
    return Site(
        UNEXPECTED_KEYWORD, provider.path, provider.qualname, name, value_type, _consumers(failure, provider.path)
    )


def missing_export(failure: Failure, tree: Tree) -> Site | Refused:
    """`cannot import name 'n' from 'pkg.mod'`, and `module 'pkg.mod' has no attribute 'n'`."""
    pattern = _WORDS[MISSING_EXPORT].get(failure.kind)
    match = pattern.match(failure.message) if pattern else None
    if match is None:
        return _NOT_MINE
    module, name = match["module"], match["name"]
    if match["half"]:
        return Refused(
            MISSING_EXPORT, f"{module} was imported while it was still loading: an import cycle, not a lost name"
        )
    path = tree.modules().get(module)
    if path is None:
        return Refused(MISSING_EXPORT, f"{module}, which lacks {name}, has no file among the workspace's sources")
    return Site(MISSING_EXPORT, path, module, name, "", _consumers(failure, path))


DIAGNOSES: Mapping[str, Diagnose] = {
    UNEXPECTED_KEYWORD: unexpected_keyword,
    MISSING_EXPORT: missing_export,
}
"""Problem -> its recogniser, which answers with a Refused that names no operator where the failure is not its own."""

_WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    UNEXPECTED_KEYWORD: {"TypeError": _KEYWORD},
    MISSING_EXPORT: {"ImportError": _EXPORT, "AttributeError": _ATTRIBUTE},
}
"""Problem -> type of the exception -> how its message begins."""

_NOT_MINE = Refused("", "another kind of failure")


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


def _consumers(failure: Failure, provider: str) -> tuple[str, ...]:
    return tuple(path for path in failure.consumers if path != provider)
