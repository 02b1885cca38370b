"""Modules that are not the tree's: the standard library's, and others with the distribution they come from."""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

REQUIREMENT_FILES = ("requirements*.txt", "requirements/*.txt", "requirements*.in", "requirements/*.in", "Pipfile")
WELL_KNOWN = "well_known.toml"
_NAME = re.compile(r"^\s*[\"']?(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, slots=True)
class WellKnown:
    removed: frozenset[str]
    """Modules that the standard library once had."""
    same: frozenset[str]
    """Modules whose distribution has their name."""
    other: Mapping[str, str]
    """Module -> distribution of another name."""


@cache
def well_known() -> WellKnown:
    told = tomllib.loads((Path(__file__).parent / WELL_KNOWN).read_text("utf-8"))
    return WellKnown(frozenset(told["removed"]), frozenset(told["same"]), told["other"])


def is_standard(module: str) -> bool:
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names or top in well_known().removed


def is_foreign(module: str) -> bool:
    """True for a top-level name that belongs to the standard library or to a package everybody knows."""
    top = module.partition(".")[0]
    known = well_known()
    named_so = any(normal(name) == normal(top) for name in installed().get(top, ()))
    return is_standard(top) or top in known.other or top in known.same or named_so


@cache
def installed() -> Mapping[str, Sequence[str]]:
    """Top-level module -> distributions that bring it, beside this Python."""
    return packages_distributions()


def distribution_of(module: str, root: Path | None) -> tuple[str, str]:
    """(the distribution that provides a module, what says so); two empty texts where nothing does."""
    top = module.partition(".")[0]
    told = well_known()
    known = next((told.other[name] for name in (".".join(module.split(".")[:2]), top) if name in told.other), "")
    names = {normal(known), normal(top), normal(f"python-{top}"), normal(f"py{top}")} - {""}
    for name, place in declared(root) if root else ():
        if normal(name) in names:
            return name, f"{place} declares it"
    if known := known or (top if top in told.same else ""):
        return known, "it is known to provide that module"
    beside = installed().get(top)
    return (beside[0], "it provides that module beside this Python") if beside else ("", "")


def declared(root: Path) -> Iterator[tuple[str, str]]:
    """(distribution, file that declares it) of every requirement that the tree writes down."""
    for pattern in REQUIREMENT_FILES:
        for file in sorted(root.glob(pattern)):
            for line in _text(file).splitlines():
                if (match := _NAME.match(line.partition("#")[0])) is not None:
                    yield match["name"], file.relative_to(root).as_posix()
    yield from ((name, "pyproject.toml") for name in _project(root / "pyproject.toml"))
    yield from ((name, "setup.cfg") for name in _setup(root / "setup.cfg"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _project(file: Path) -> Iterator[str]:
    try:
        settings = tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError:
        return
    project = settings.get("project", {})
    groups = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
    groups += settings.get("dependency-groups", {}).values()
    for entry in (entry for group in groups for entry in group if isinstance(entry, str)):
        if (match := _NAME.match(entry)) is not None:
            yield match["name"]
    poetry = settings.get("tool", {}).get("poetry", {})
    yield from poetry.get("dependencies", {})
    yield from poetry.get("dev-dependencies", {})
    for group in poetry.get("group", {}).values():
        yield from group.get("dependencies", {})


def _setup(file: Path) -> Iterator[str]:
    inside = False
    for line in _text(file).splitlines():
        if not line[:1].isspace():
            inside = line.startswith("install_requires")
            line = line.partition("=")[2] if inside else ""
        if inside and (match := _NAME.match(line)) is not None:
            yield match["name"]


def _text(file: Path) -> str:
    return file.read_text("utf-8", "replace") if file.is_file() else ""
