"""Which dotted names the files of a tree are imported by: src layouts, nested roots, namespace packages.

A file can be importable by several names; one is its own (`names`), and all of them are known (`modules`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_IMPORTED = re.compile(r"\n[ \t]*(?:from|import) ([A-Za-z_][\w.]*)")
SOURCE_FOLDERS = frozenset({"src", "lib"})
"""Names of folders that are import roots by custom."""


@dataclass(frozen=True, slots=True)
class Layout:
    names: Mapping[str, str]
    """File -> the dotted name it goes by."""
    modules: Mapping[str, str]
    """Dotted name -> file, by every name that may be used."""
    roots: tuple[str, ...]
    """Folders that imports start from, relative to the root (the root itself is empty), each once."""


def lay_out(
    files: Sequence[str],
    known: Sequence[str] = (),
    sightings: Callable[[], frozenset[str]] = frozenset,
    above: str = "",
) -> Layout:
    """Name every file.

    `known` are folders that are import roots for certain, relative to the root. `sightings` tells what the sources
    import, and is only asked where the folders alone leave it open. `above` is the name of the root's own folder, for a
    root that is itself a package.
    """
    packages = {path.rpartition("/")[0] for path in files if path.endswith("/__init__.py")}
    bases = _Bases(files, packages, known, sightings)
    names: dict[str, str] = {}
    others: list[tuple[str, str]] = []
    used: dict[str, None] = {}
    for path in files:
        base = bases.outermost(path)
        chosen = bases.chosen(base)
        used.setdefault(chosen)
        names[path] = dotted(path, chosen)
        others += [(dotted(path, root), path) for root in ancestors(base) if root != chosen]
    if above and "__init__.py" in files:
        outer = {path: above if path == "__init__.py" else f"{above}.{name}" for path, name in names.items()}
        inside = above in sightings()
        others += [(name, path) for path, name in (names if inside else outer).items()]
        names = outer if inside else names
    modules = {name: path for path, name in reversed(names.items()) if name}
    for name, path in others:
        modules.setdefault(name, path)
    return Layout(names, modules, tuple(used))


def sighted(text: str) -> list[str]:
    """Dotted names that a text imports, by its words alone: also in a file that does not parse."""
    return _IMPORTED.findall(f"\n{text}")


def dotted(path: str, root: str) -> str:
    """The name of a file seen from an import root above it."""
    inner = path[len(root) + 1 :] if root else path
    parts = inner.removesuffix(".py").split("/")
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


def root_of(path: str, module: str) -> str | None:
    """The import root by which a file goes by a module's name; None where the two do not fit, as of `__main__`."""
    stem = path.removesuffix(".py").removesuffix("/__init__")
    inner = module.replace(".", "/")
    if stem == inner:
        return ""
    return stem.removesuffix(f"/{inner}") if stem.endswith(f"/{inner}") else None


def ancestors(folder: str) -> list[str]:
    """The folder and all above it, up to the root."""
    found = [folder]
    while folder:
        folder = folder.rpartition("/")[0]
        found.append(folder)
    return found


class _Bases:
    """From where each folder's modules are imported."""

    def __init__(
        self, files: Sequence[str], packages: set[str], known: Sequence[str], sightings: Callable[[], frozenset[str]]
    ) -> None:
        self.packages, self.known, self.sightings = packages, set(known), sightings
        self._outermost: dict[str, str] = {}
        self._chosen: dict[str, str] = {}
        self._stems: dict[str, set[str]] = {}
        for path in files:
            folder, _, name = path.rpartition("/")
            self._stems.setdefault(folder, set()).add(name.removesuffix(".py"))
        for package in packages:
            above, _, name = package.rpartition("/")
            self._stems.setdefault(above, set()).add(name)

    def outermost(self, path: str) -> str:
        """The folder above the outermost package that the file is in; its own folder where it is in none."""
        folder = path.rpartition("/")[0]
        if folder not in self._outermost:
            inside = [above for above in ancestors(folder) if above and above in self.packages]
            self._outermost[folder] = inside[-1].rpartition("/")[0] if inside else folder
        return self._outermost[folder]

    def chosen(self, base: str) -> str:
        """The import root: what is known to be one, else the base, or the root where the tree imports by full names."""
        if base not in self._chosen:
            certain = [folder for folder in ancestors(base) if folder in self.known]
            self._chosen[base] = certain[0] if certain else self._guess(base)
        return self._chosen[base]

    def _guess(self, base: str) -> str:
        if not base:
            return ""
        full = base.replace("/", ".")
        seen = self.sightings()
        if full in seen:
            return ""
        stems = self._stems.get(base, set())
        if base.rpartition("/")[2] in SOURCE_FOLDERS or any(f"{base}/{stem}" in self.packages for stem in stems):
            return base
        return base if stems & seen else ""
