"""What import statements ask for: one of a traceback, all of a file, all of the tree for one module."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from grace_tui.healing.failure import Failure, Frame
from grace_tui.healing.repair.imports.layout import Layout
from grace_tui.healing.repair.index import Imported


@dataclass(frozen=True, slots=True)
class Demand:
    """`from <level dots><written> import <names>` or `import <written>` (then `names` is empty)."""

    path: str
    line: int
    module: str
    """Dotted name that it means where it stands; empty where it climbs out of the top package."""
    written: str = ""
    level: int = 0
    names: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    """What the names are called here, in their order; of `import x.y as z`, `z`."""
    at_import: bool = True
    """It runs when the file is imported."""

    @property
    def star(self) -> bool:
        return self.names == ("*",)


@dataclass(frozen=True)
class Demands:
    layout: Layout

    def of(self, path: str) -> list[Demand]:
        """Every import statement of a file, also inside functions and under conditions."""
        if path not in self._read:
            self._read[path] = self._grouped(path, self.layout.index.outline(path).imports)
        return self._read[path]

    def on(self, module: str) -> list[Demand]:
        """What the whole tree asks of `module`, or of modules below it; `from package import module` counts too."""
        if module not in self._asked:
            index = self.layout.index
            paths = index.saying(rf"\b{re.escape(module.rpartition('.')[2])}\b|\bfrom\s*\.+\s*import\b")
            index.outlines(paths)  # at once: many are read in several processes
            self._asked[module] = [entry for path in paths for entry in self.of(path) if concerns(entry, module)]
        return self._asked[module]

    def names_on(self, module: str) -> dict[str, int]:
        """Name -> how many statements ask `module` itself for it."""
        asked: dict[str, int] = {}
        for demand in self.on(module):
            if demand.module == module:
                for name in demand.names:
                    asked[name] = asked.get(name, 0) + 1
        asked.pop("*", None)
        return asked

    def failing(self, failure: Failure, module: str) -> Demand | None:
        """The statement that asked in vain for `module`: the one at the innermost line of ours."""
        frame = importer(failure)
        if frame is None or frame.file not in self.layout.names:
            return None
        found = [demand for demand in self.of(frame.file) if concerns(demand, module)]
        at = [demand for demand in found if demand.line == frame.line]
        return at[0] if at else next((demand for demand in found if demand.line <= frame.line), None)

    @cached_property
    def _read(self) -> dict[str, list[Demand]]:
        return {}

    @cached_property
    def _asked(self) -> dict[str, list[Demand]]:
        return {}

    def _grouped(self, path: str, imports: Iterable[Imported]) -> list[Demand]:
        """One demand a statement; each `import x` is one of its own."""
        groups: dict[tuple[int, str, int, str], list[Imported]] = {}
        for entry in imports:
            apart = "" if entry.name else entry.bound
            groups.setdefault((entry.line, entry.module, entry.level, apart), []).append(entry)
        return [self._demand(path, found) for found in groups.values()]

    def _demand(self, path: str, found: list[Imported]) -> Demand:
        first = found[0]
        names = tuple(entry.name for entry in found if entry.name)
        bound = tuple(entry.bound for entry in found)
        module = self.layout.absolute(path, first.module, first.level)
        if not names and bound == (first.module.partition(".")[0],) and "." in first.module:
            bound = ()
        return Demand(path, first.line, module, first.module, first.level, names, bound, first.at_import)


def importer(failure: Failure) -> Frame | None:
    """The innermost frame of the project: whoever asked."""
    return next((frame for frame in reversed(failure.frames) if frame.in_project), None)


def concerns(demand: Demand, module: str) -> bool:
    if demand.module == module or demand.module.startswith(f"{module}."):
        return True
    parent, _, last = module.rpartition(".")
    return bool(parent) and demand.module == parent and last in demand.names


def reaching(demand: Demand, module: str) -> str:
    """The whole dotted name that a statement which concerns `module` wants: `module` itself or one below it."""
    return demand.module if len(demand.module) >= len(module) else module
