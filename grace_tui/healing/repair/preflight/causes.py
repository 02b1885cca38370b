"""The root causes of what failed: failures of one thing together, and of what class they are. Loads no libcst."""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grace_tui.healing.failure import Failure, Frame
from grace_tui.healing.repair.diagnose import diagnose
from grace_tui.healing.repair.imports.foreign import distribution_of, is_standard
from grace_tui.healing.repair.imports.whereabouts import whereabouts
from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.index.outline import parse
from grace_tui.healing.repair.patch import Site
from grace_tui.healing.repair.preflight.survey import UNREADABLE, Key, Outcome
from grace_tui.healing.repair.scene import Scene

INSIDE, THIRD_PARTY, ENVIRONMENT, SYNTAX, ACTS = "inside", "third_party", "environment", "syntax", "acts_on_import"

NETWORK = frozenset({"ConnectionError", "ConnectionRefusedError", "ConnectionResetError", "TimeoutError", "gaierror"})
FILES = frozenset(
    {"FileNotFoundError", "FileExistsError", "NotADirectoryError", "IsADirectoryError", "PermissionError"}
)
OF_THE_SYSTEM = NETWORK | FILES | {"OSError", "herror", "EOFError", "TclError", "UnsupportedOperation"}
REFUSALS = frozenset({"ImportError", "RuntimeError", "NotImplementedError", "AssertionError"})
"""What a module raises by itself where it is not to be used."""
_MODULE = re.compile(r"^No module named '?(?P<module>[\w.]+)'?")
_NAME_FROM = re.compile(
    r"^cannot import name '\w+' from (?:partially initialized module )?'(?P<module>[\w.]+)'"
    r"|^(?:partially initialized )?module '(?P<owner>[\w.]+)' has no attribute"
)
_LIBRARY = re.compile(r"cannot open shared object file|undefined symbol|DLL load failed|Library not loaded|GLIBC")


@dataclass(frozen=True)
class Root:
    """One cause, with every module that fails because of it."""

    outcome: Outcome
    """Stands for all of them: the one that fails nearest to the cause."""
    keys: tuple[Key, ...]
    kind: str = INSIDE
    """inside, third_party, environment, syntax or acts_on_import."""
    provider: str = ""
    """The file of the tree that would have to change, or the distribution that is missing."""
    detail: str = ""

    @property
    def cause(self) -> tuple[str, ...]:
        return self.outcome.cause

    @property
    def modules(self) -> tuple[str, ...]:
        return tuple(name for _, name in self.keys)

    @property
    def text(self) -> str:
        return self.outcome.seen.text if self.outcome.seen is not None else self.outcome.said or self.outcome.ended

    @property
    def file(self) -> str:
        """The file of the tree that it happens in: the innermost of the traceback."""
        own = _own(self.outcome)
        return own[-1].file if own else self.outcome.module.path

    @property
    def line(self) -> int:
        own = _own(self.outcome)
        return own[-1].line if own else 0


def roots_of(outcomes: Mapping[Key, Outcome]) -> list[Root]:
    """The causes, those first that block most; not classed yet."""
    together: dict[tuple[str, ...], list[tuple[Key, Outcome]]] = {}
    for key, outcome in outcomes.items():
        if not outcome.ok:
            together.setdefault(outcome.cause, []).append((key, outcome))
    roots = [
        Root(min((outcome for _, outcome in found), key=_distance), tuple(sorted(key for key, _ in found)))
        for found in together.values()
    ]
    return sorted(roots, key=lambda root: (-len(root.keys), root.file, root.text))


def classed(roots: Iterable[Root], index: Index, version: tuple[int, ...]) -> list[Root]:
    """The same with class and provider; `version` is that of the Python which ran."""
    return [_classed(root, index, version) for root in roots]


def _classed(root: Root, index: Index, version: tuple[int, ...]) -> Root:
    seen = root.outcome.seen
    if seen is None:
        return replace(root, kind=ACTS, provider=root.outcome.through or root.outcome.module.path)
    failure = seen.failure
    scene = Scene(index.tree, failure, path=seen.path, indexed=index)
    kind, provider, detail = _class_of(failure, scene, version)
    if not provider:
        found = diagnose(failure, scene)
        provider = found.provider if isinstance(found, Site) else root.file
    return replace(root, kind=kind, provider=provider, detail=detail)


def _class_of(failure: Failure, scene: Scene, version: tuple[int, ...]) -> tuple[str, str, str]:
    """(class, provider where that is known, words)."""
    if failure.kind in UNREADABLE:
        return _unreadable(failure, scene, version)
    if failure.kind == "ModuleNotFoundError" and (match := _MODULE.match(failure.message)):
        return _missing(match["module"], failure, scene)
    match = _NAME_FROM.match(failure.message) if failure.kind in ("ImportError", "AttributeError") else None
    if match is not None:
        owner = match["module"] or match["owner"]
        if not scene.imports.layout.has(owner.partition(".")[0]):
            return _foreign(owner, scene)
    own = [frame for frame in failure.frames if frame.in_project]
    if failure.kind == "ImportError" and _LIBRARY.search(failure.message):
        return ENVIRONMENT, "the system", "a shared library is missing or of another version"
    if failure.kind in OF_THE_SYSTEM:
        return ENVIRONMENT, "the system", ""
    if failure.kind == "KeyError" and failure.frames and failure.frames[-1].function.endswith("_Environ.__getitem__"):
        return ENVIRONMENT, f"${failure.message.strip(chr(39))}", "an environment variable is not set"
    if failure.kind in REFUSALS and own and own[-1].source.startswith(("raise ", "assert ")):
        return ENVIRONMENT, own[-1].file, "the module itself says that it cannot run here"
    return INSIDE, "", ""


def _unreadable(failure: Failure, scene: Scene, version: tuple[int, ...]) -> tuple[str, str, str]:
    """A file that another version of Python can read is not damaged."""
    file = failure.frames[-1].file if failure.frames else ""
    if version[:2] != sys.version_info[:2] and file in scene.index.names:
        if not isinstance(parse(scene.index.text(file)), str):
            return ENVIRONMENT, file, f"Python {version[0]}.{version[1]} cannot read it; another version can"
    return SYNTAX, file, ""


def _missing(module: str, failure: Failure, scene: Scene) -> tuple[str, str, str]:
    view = scene.imports
    top = module.partition(".")[0]
    if view.layout.has(top):
        return INSIDE, "", ""
    if is_standard(module):
        return ENVIRONMENT, module, "it belongs to the standard library of another version or system"
    if view.is_ours(module) or whereabouts(view.wanted(module), view):
        return INSIDE, "", ""
    return _foreign(module, scene, missing=True)


def _foreign(module: str, scene: Scene, *, missing: bool = False) -> tuple[str, str, str]:
    if is_standard(module):
        return ENVIRONMENT, module, "the standard library of another version of Python has it"
    root = getattr(scene.tree, "root", None)
    distribution, why = distribution_of(module, root if isinstance(root, Path) else None)
    if not missing:
        return THIRD_PARTY, distribution or module.partition(".")[0], "another version of it is installed"
    if distribution:
        return THIRD_PARTY, distribution, f"it is not installed ({why})"
    return THIRD_PARTY, module.partition(".")[0], "nothing in the tree is called so, and no distribution is known to be"


def _own(outcome: Outcome) -> list[Frame]:
    frames = outcome.seen.failure.frames if outcome.seen is not None else ()
    return [frame for frame in frames if frame.in_project]


def _distance(outcome: Outcome) -> tuple[int, str]:
    """How far a module is from where it fails: the fewer files in between, the nearer."""
    return len(_own(outcome)), outcome.module.name
