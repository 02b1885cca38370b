"""The modules of a tree that can be imported by themselves, and what is told apart from them, with the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grace_tui.healing.repair.imports.foreign import is_standard
from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.index.layout import root_of

APART = {
    "__main__.py": "a program: importing it would run it",
    "setup.py": "a build script",
    "conftest.py": "belongs to a run of pytest",
    "noxfile.py": "belongs to a run of nox",
    "fabfile.py": "belongs to a run of fabric",
    "wscript.py": "belongs to a run of waf",
    "SConstruct.py": "belongs to a run of scons",
    "manage.py": "a program",
}
MIGRATION = "a migration: it runs within its framework"
DOCUMENTATION = frozenset({"doc", "docs", "source", "documentation", "sphinx"})


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    path: str
    """Relative to the root."""
    base: str
    """The folder of the search path below which it has its name, relative to the root; `..` for a root that is itself
    a package."""
    apart: str = ""
    """Why it is not imported."""

    @property
    def package(self) -> bool:
        return self.path.endswith("__init__.py")


def modules_of(index: Index, only: Sequence[str] = ()) -> list[Module]:
    """Every module of the tree; of these packages only, where any are named."""
    found = [_module(path, name) for path, name in sorted(index.names.items())]
    return [module for module in found if not only or any(_within(module.name, name) for name in only)]


def bases_of(index: Index) -> list[str]:
    """Folders of the search path: those that hold packages, the most usual first."""
    count: dict[str, int] = {}
    for path, name in index.names.items():
        base = _base(path, name)
        if "." in name or path.endswith("__init__.py") or not base:
            count[base] = count.get(base, 0) + 1
    return sorted(count, key=lambda base: -count[base])


def with_packages(wanted: Iterable[Module], every: Mapping[tuple[str, str], Module]) -> list[Module]:
    """The modules, and the packages that they are in, which are imported before them."""
    found: dict[tuple[str, str], Module] = {}
    for module in wanted:
        name = module.name
        while name:
            known = every.get((module.base, name))
            if known is not None:
                found.setdefault((module.base, name), known)
            name = name.rpartition(".")[0]
    return list(found.values())


def folder(root: Path, base: str) -> str:
    return str(root.parent if base == ".." else root / base)


def _module(path: str, name: str) -> Module:
    return Module(name, path, _base(path, name), _apart(path, name))


def _base(path: str, name: str) -> str:
    base = root_of(path, name)
    return ".." if base is None else base


def _apart(path: str, name: str) -> str:
    *folders, file = path.split("/")
    if file in APART:
        return APART[file]
    if file == "conf.py" and folders and folders[-1] in DOCUMENTATION:
        return "a configuration of Sphinx"
    if _is_migration(folders, file):
        return MIGRATION
    if not all(part.isidentifier() for part in name.split(".")) and (not folders or "{" in path or "." in file[:-3]):
        return "its name cannot be imported"
    if "." not in name and is_standard(name):
        return f"the standard library has a module {name}"
    return ""


def _is_migration(folders: list[str], file: str) -> bool:
    """Of Django by their numbers; of Alembic by the places it gives them."""
    inside = folders[-1:] == ["migrations"] or folders[-1:] == ["alembic"]
    if inside and (file[0].isdigit() or file == "env.py"):
        return True
    return folders[-1:] == ["versions"] and folders[-2:-1] in (["migrations"], ["alembic"]) and file != "__init__.py"


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
