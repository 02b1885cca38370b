"""What a module of the tree has to give to those who import it, told from its source."""

from dataclasses import dataclass
from functools import cached_property

from grace_tui.healing.repair.imports.layout import INIT, Layout


@dataclass(frozen=True, slots=True)
class Own:
    """What one file binds itself."""

    defined: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()
    stars: tuple[str, ...] = ()
    """Modules that it imports `*` from."""


@dataclass(frozen=True)
class Offers:
    layout: Layout

    def has(self, module: str, name: str) -> bool:
        """True where `from module import name` would find it: defined, imported, a submodule, or made on demand."""
        return self._has(module, name, frozenset())

    def announces(self, module: str, name: str) -> bool:
        """The same, or a package tells type checkers that it has the name, and finds it in a way of its own."""
        path = self.layout.files.get(module, "")
        if self.has(module, name) or not path.endswith(INIT):
            return self.has(module, name)
        return any(entry.bound == name for entry in self.layout.index.outline(path).imports)

    def definers(self, name: str) -> list[str]:
        """Files that define `name` at their top level; a stand-in for an import that failed does not count."""
        found = self.layout.index.exporters(name)
        return [path for path in found if name not in self.own(path).imported]

    def own(self, path: str) -> Own:
        if path not in self.layout.names:
            return Own()  # a file that is still to be made
        if path not in self._read:
            outline = self.layout.index.outline(path)
            runs = [entry for entry in outline.imports if entry.at_import]
            stars = (self.layout.absolute(path, entry.module, entry.level) for entry in runs if entry.name == "*")
            self._read[path] = Own(
                frozenset(name for name, _ in outline.names), frozenset(entry.bound for entry in runs), tuple(stars)
            )
        return self._read[path]

    @cached_property
    def _read(self) -> dict[str, Own]:
        return {}

    def _has(self, module: str, name: str, seen: frozenset[str]) -> bool:
        if self.layout.has(f"{module}.{name}"):
            return True
        path = self.layout.files.get(module)
        if path is None or module in seen:
            return False
        own = self.own(path)
        if name in own.defined or name in own.imported or "__getattr__" in own.defined:
            return True
        return not name.startswith("_") and any(self._has(star, name, seen | {module}) for star in own.stars)
