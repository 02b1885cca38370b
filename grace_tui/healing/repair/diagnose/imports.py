"""Modules and names that an import, or an attribute of a module, asked for in vain."""

import re
from collections.abc import Mapping

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose.common import NOT_MINE, consumers
from grace_tui.healing.repair.imports.demands import importer
from grace_tui.healing.repair.imports.foreign import is_standard
from grace_tui.healing.repair.imports.layout import INIT, joined
from grace_tui.healing.repair.imports.whereabouts import whereabouts
from grace_tui.healing.repair.patch import Diagnose, Refused, Site
from grace_tui.healing.repair.scene import Scene

MISSING_EXPORT = "missing_export"
MISSING_MODULE = "missing_module"
MISSING_DISTRIBUTION = "missing_distribution"
LOST_INIT = "lost_init"
IMPORT_CYCLE = "import_cycle"
CLIMBED_OUT = "climbed_out"
MISSING_NAME = "missing_name"

_EXPORT = re.compile(
    r"^cannot import name '(?P<name>\w+)' from (?P<half>partially initialized module )?'(?P<module>[\w.]+)'"
)
_ATTRIBUTE = re.compile(
    r"^(?P<half>partially initialized )?module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'"
    r"|^cannot access submodule '(?P<sub>\w+)' of module '(?P<parent>[\w.]+)'"
)
_MODULE = re.compile(r"^No module named '?(?P<module>[\w.]+)'?")
_NO_PACKAGE = re.compile(r"No module named '(?P<module>[\w.]+)\.(?P<name>\w+)'; '(?P=module)' is not a package")
_CLIMBED = re.compile(r"^attempted relative import (?:beyond top-level package|with no known parent package)")
_NAME = re.compile(r"^name '(?P<name>\w+)' is not defined")

WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    MISSING_EXPORT: {"ImportError": _EXPORT, "AttributeError": _ATTRIBUTE},
    MISSING_MODULE: {"ModuleNotFoundError": _MODULE},
    CLIMBED_OUT: {"ImportError": _CLIMBED, "ValueError": _CLIMBED},
    MISSING_NAME: {"NameError": _NAME},
}


def missing_export(failure: Failure, scene: Scene) -> Site | Refused:
    """`cannot import name 'n' from 'pkg.mod'`, and `module 'pkg.mod' has no attribute 'n'`."""
    asked = _asked(failure) or _asked_otherwise(failure)
    if asked is None:
        return NOT_MINE
    module, name, half = asked
    path = _file(scene, module)
    if not path:
        if module in scene.imports.layout.folders:
            return NOT_MINE
        return Refused(MISSING_EXPORT, f"{module}, which lacks {name}, has no file among the workspace's sources")
    if half and scene.imports.offers.has(module, name):
        return NOT_MINE  # it will have the name: what is wrong is the circle
    return Site(MISSING_EXPORT, path, module, name, "", consumers(failure, path))


def lost_init(failure: Failure, scene: Scene) -> Site | Refused:
    """The same of a folder of modules that has no `__init__.py`."""
    asked = _asked(failure)
    folder = scene.imports.layout.folders.get(asked[0]) if asked else None
    if asked is None or folder is None or _file(scene, asked[0]):
        return NOT_MINE
    return Site(LOST_INIT, joined(folder, INIT), asked[0], asked[1], "", consumers(failure, ""))


def import_cycle(failure: Failure, scene: Scene) -> Site | Refused:
    """A module that still loads is asked for what it will have only later."""
    asked = _asked(failure)
    if asked is None or not asked[2]:
        return NOT_MINE
    module, name, _ = asked
    path = _file(scene, module)
    if not path:
        return Refused(IMPORT_CYCLE, f"{module}, which is still loading, has no file among the workspace's sources")
    return Site(IMPORT_CYCLE, path, module, name, "", consumers(failure, path))


def missing_module(failure: Failure, scene: Scene) -> Site | Refused:
    """`No module named 'pkg.mod'`; also `from pkg import mod` where a module of that name went elsewhere."""
    module = _missing_module(failure, scene)
    if module is None:
        return NOT_MINE
    view = scene.imports
    wanted = view.wanted(module)
    if is_standard(module) and not view.layout.has(module.partition(".")[0]):
        return Refused(
            MISSING_MODULE, f"{module} belongs to the standard library; the Python that ran does not have it"
        )
    provider = f"{view.expected_path(wanted) or module.replace('.', '/')}.py"
    return Site(
        MISSING_MODULE, provider, module, wanted.module, consumers=consumers(failure, provider), asked=wanted.names
    )


def missing_distribution(failure: Failure, scene: Scene) -> Site | Refused:
    """`No module named 'yaml'` where the tree has nothing of that name."""
    pattern = WORDS[MISSING_MODULE].get(failure.kind)
    match = pattern.match(failure.message) if pattern else None
    if match is None or is_standard(match["module"]) or scene.imports.layout.has(match["module"].partition(".")[0]):
        return NOT_MINE
    return Site(MISSING_DISTRIBUTION, "", match["module"], match["module"], consumers=consumers(failure, ""))


def climbed_out(failure: Failure, scene: Scene) -> Site | Refused:
    """`attempted relative import beyond top-level package`."""
    pattern = WORDS[CLIMBED_OUT].get(failure.kind)
    frame = importer(failure)
    if pattern is None or not pattern.match(failure.message) or frame is None:
        return NOT_MINE
    return Site(CLIMBED_OUT, frame.file, frame.module, frame.file, "", consumers(failure, frame.file))


def missing_name(failure: Failure, scene: Scene) -> Site | Refused:
    """`name 'n' is not defined`: the file that uses it without having it is the one to repair."""
    pattern = WORDS[MISSING_NAME].get(failure.kind)
    match = pattern.match(failure.message) if pattern else None
    frame = importer(failure)
    if match is None or frame is None:
        return NOT_MINE
    if frame.file not in scene.index.names:
        return Refused(MISSING_NAME, f"{match['name']} is used in {frame.file}, which is not among the tree's sources")
    if failure.frames[-1] is not frame:
        return Refused(
            MISSING_NAME, f"{match['name']} is used in {failure.frames[-1].file}, outside the tree's sources"
        )
    return Site(MISSING_NAME, frame.file, frame.function, match["name"], consumers=consumers(failure, frame.file))


def _asked(failure: Failure) -> tuple[str, str, bool] | None:
    """(module, name, still loading) of what a module was asked for in vain."""
    pattern = WORDS[MISSING_EXPORT].get(failure.kind)
    match = pattern.match(failure.message) if pattern else None
    if match is None:
        return None
    found = match.groupdict()
    if found.get("parent"):
        return found["parent"], found["sub"], True
    return match["module"], match["name"], bool(match["half"])


def _asked_otherwise(failure: Failure) -> tuple[str, str, bool] | None:
    """The same where the words are a module's own, or those of a name that was given as text, such as to be patched."""
    if failure.kind not in ("ImportError", "ModuleNotFoundError", "AttributeError"):
        return None
    if match := _NO_PACKAGE.search(failure.message):
        return match["module"], match["name"], False
    if failure.missing is None or not failure.missing[1].isidentifier():
        return None
    return failure.missing[0], failure.missing[1], False


def _missing_module(failure: Failure, scene: Scene) -> str | None:
    pattern = WORDS[MISSING_MODULE].get(failure.kind)
    match = pattern.match(failure.message) if pattern else None
    if match is not None:
        return match["module"]
    asked = _asked(failure)
    view = scene.imports
    if asked is None or not view.layout.is_package(asked[0]) or view.offers.has(asked[0], asked[1]):
        return None
    module = f"{asked[0]}.{asked[1]}"
    if any(name.endswith(f".{asked[1]}") for name in (*view.layout.files, *view.layout.folders)):
        return module
    named_so = asked[1].islower() and not view.offers.definers(asked[1])
    return module if named_so and whereabouts(view.wanted(module), view) else None


def _file(scene: Scene, module: str) -> str:
    """The module's file; empty where it has none, as a folder without `__init__.py`."""
    return scene.imports.layout.files.get(module) or scene.index.modules.get(module, "")


RECOGNISERS: Mapping[str, Diagnose] = {
    MISSING_EXPORT: missing_export,
    LOST_INIT: lost_init,
    IMPORT_CYCLE: import_cycle,
    MISSING_MODULE: missing_module,
    MISSING_DISTRIBUTION: missing_distribution,
    CLIMBED_OUT: climbed_out,
    MISSING_NAME: missing_name,
}
