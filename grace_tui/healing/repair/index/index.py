"""What the sources define and who uses it, on the standard library's syntax trees: no import, no side effect.

Asked by diagnosis (where is this name defined?), the operators (can that callee take it?) and the test gate (whose
tests does this change concern?). Every question parses only the files whose words could answer it; what was taken from
a file is kept by the hash of its text. A file that does not parse defines nothing here, and is named in `unparsed`.
"""

import ast
import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grace_tui.healing.repair.index.cache import OutlineCache
from grace_tui.healing.repair.index.layout import Layout, lay_out, sighted
from grace_tui.healing.repair.index.outline import (
    Definition,
    Imported,
    Outline,
    bound_names,
    parse,
    run_at_import,
)
from grace_tui.healing.repair.index.uses import Call, Use, calls_in, uses_in
from grace_tui.healing.repair.patch import FileEdit, Tree

_ONE_WORD = re.compile(r"\\b(\w+)\\b")

TREES_KEPT = 48
"""Syntax trees held at a time: a tree takes some hundred times the room of its text."""
STAR_DEPTH = 8


@dataclass(frozen=True)
class Found:
    """One definition: its file, its qualified name without `<locals>`, and its node."""

    path: str
    qualname: str
    node: Definition


@dataclass(frozen=True, slots=True)
class Import:
    """One name bound by an import: `from module import name as bound`; `name` is empty for `import module`."""

    module: str
    name: str
    bound: str


@dataclass(frozen=True, slots=True)
class Importer:
    """One import of a module, or of a name from it."""

    path: str
    line: int
    name: str
    """The name taken from the module, `*` for all, empty for the module itself."""
    bound: str
    at_import: bool
    """It runs when the file is imported."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a name that a module offers is bound; `name` is empty where it is a module of the tree as such."""

    path: str
    name: str


class Index:
    """Answers about one tree. `known_roots` are folders that imports are known to start from, relative to the root."""

    def __init__(
        self,
        tree: Tree,
        cache: Path | None = None,
        known_roots: Sequence[str] = (),
        *,
        outlines: OutlineCache | None = None,
    ) -> None:
        self.tree, self.known_roots = tree, tuple(known_roots)
        self._cache = outlines or OutlineCache(cache)
        self._texts: dict[str, str] = {}
        self._outlines: dict[str, Outline] = {}
        self._parsed: dict[str, ast.Module | None] = {}
        self._defined: dict[str, tuple[Found, ...]] = {}
        self._exported: dict[tuple[str, int], dict[str, Origin]] = {}

    def edited(self, tree: Tree, edits: Iterable[FileEdit]) -> "Index":
        """The index of `tree`, which is this one's tree with `edits`; only these are read again."""
        changed = {edit.path for edit in edits}
        index = Index(tree, known_roots=self.known_roots, outlines=self._cache)
        index._texts.update((path, found) for path, found in self._texts.items() if path not in changed)
        index._outlines.update((path, found) for path, found in self._outlines.items() if path not in changed)
        index._parsed.update((path, found) for path, found in self._parsed.items() if path not in changed)
        return index

    # ---- names of files

    @cached_property
    def files(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.tree.modules().values())))

    @cached_property
    def layout(self) -> Layout:
        return lay_out(self.files, self.known_roots, lambda: self._imported_words, self._root_name)

    @property
    def modules(self) -> Mapping[str, str]:
        """Dotted module name -> file; a file that can be imported by several names stands under each."""
        return self.layout.modules

    @property
    def names(self) -> Mapping[str, str]:
        """File -> dotted module name."""
        return self.layout.names

    @property
    def roots(self) -> tuple[str, ...]:
        """Folders that imports start from, relative to the root; the root itself is empty."""
        return self.layout.roots

    def absolute(self, path: str, module: str, level: int) -> str:
        """The dotted name that `from <level dots><module>` means in `path`."""
        if not level:
            return module
        package = self.names[path].split(".")
        drop = level - 1 if path.endswith("__init__.py") else level
        return ".".join([*package[: len(package) - drop], *([module] if module else [])])

    # ---- one file

    def text(self, path: str) -> str:
        if path not in self._texts:
            self._texts[path] = self.tree.read(path)
        return self._texts[path]

    def parsed(self, path: str) -> ast.Module | None:
        if path not in self._parsed:
            if len(self._parsed) >= TREES_KEPT:
                oldest = next(iter(self._parsed))
                del self._parsed[oldest]
                self._defined.pop(oldest, None)
            found = parse(self.text(path))
            self._parsed[path] = None if isinstance(found, str) else found
        return self._parsed[path]

    def outline(self, path: str) -> Outline:
        return self.outlines([path])[path]

    def outlines(self, paths: Iterable[str] | None = None) -> dict[str, Outline]:
        """Outlines of these files, of all where none are named; many are taken at once, in several processes."""
        wanted = list(self.files if paths is None else paths)
        missing = {path: self.text(path) for path in wanted if path not in self._outlines}
        if missing:
            self._outlines.update(self._cache.of(missing))
        return {path: self._outlines[path] for path in wanted}

    @property
    def unparsed(self) -> Mapping[str, str]:
        """Files that do not parse -> why."""
        return {path: found.problem for path, found in self.outlines().items() if found.problem}

    def definitions(self, path: str) -> Iterator[Found]:
        module = self.parsed(path)
        if module is not None and path not in self._defined:
            self._defined[path] = tuple(Found(path, qualname, node) for qualname, node in _definitions(module, ""))
        yield from self._defined.get(path, ())

    def find(self, path: str, qualname: str) -> Found | None:
        """The definition `qualname` in one file; the last one where it is defined twice, as at run time."""
        wanted = plain(qualname)
        found = [entry for entry in self.definitions(path) if entry.qualname == wanted]
        return found[-1] if found else None

    def imports(self, path: str) -> list[Import]:
        """Imports that run when the file is imported, relative ones resolved."""
        return [
            Import(self.absolute(path, entry.module, entry.level), entry.name, entry.bound)
            for entry in self.outline(path).imports
            if entry.at_import
        ]

    # ---- the whole tree

    def everywhere(self, qualname: str) -> list[Found]:
        """Every definition of `qualname` in the tree."""
        wanted = plain(qualname)
        paths = self.saying(rf"\b(?:def|class)\s+{re.escape(wanted.rpartition('.')[2])}\b")
        return [entry for path in paths if (entry := self.find(path, wanted)) is not None]

    def methods(self, name: str) -> list[Found]:
        """Every method called `name` in any class of the tree."""
        found = (entry for path in self.saying(rf"\bdef\s+{re.escape(name)}\b") for entry in self.definitions(path))
        return [entry for entry in found if entry.qualname.endswith(f".{name}")]

    def exporters(self, name: str) -> list[str]:
        """Files that define `name` at module level by assignment, `def` or `class`; imports do not count."""
        outlines = self.outlines(self.saying(rf"\b{re.escape(name)}\b"))
        return [path for path, found in outlines.items() if any(bound == name for bound, _ in found.names)]

    def exports(self, module: str) -> Mapping[str, Origin]:
        """What can be imported from a module: its own names, re-exports, star imports and submodules."""
        path = self.modules.get(module)
        return {} if path is None else self.bindings(path)

    def bindings(self, path: str) -> Mapping[str, Origin]:
        """What the names at module level of a file mean; as `exports`, by the file."""
        return self._exports(path, STAR_DEPTH)

    def public(self, module: str) -> frozenset[str]:
        """The names that `from module import *` binds."""
        path = self.modules.get(module)
        return frozenset() if path is None else frozenset(self._public(path, STAR_DEPTH))

    def importers(self, module: str) -> tuple[Importer, ...]:
        """Who imports the module or names from it, whichever of its dotted names they use."""
        path = self.modules.get(module)
        wanted = {module} if path is None else {name for name, file in self.modules.items() if file == path}
        last = {name.rpartition(".")[2] for name in wanted}
        words = "|".join(map(re.escape, sorted(last)))
        relative = r"|\bfrom\s*\.+\s*import\b" if path is None or path.endswith("__init__.py") else ""
        found: list[Importer] = []
        for file, outline in self.outlines(self.saying(rf"\b(?:{words})\b{relative}")).items():
            found += (entry for imported in outline.imports for entry in self._importer(file, imported, wanted))
        return tuple(found)

    def calls(self, name: str) -> tuple[Call, ...]:
        """Every call of `name(...)` or `anything.name(...)` in the tree."""
        paths = self.saying(rf"\b{re.escape(name)}\s*\(")
        return tuple(call for path in paths if (module := self.parsed(path)) for call in calls_in(module, path, name))

    def uses_of_attribute(self, name: str) -> tuple[Use, ...]:
        """Everywhere that `anything.name` is read or set."""
        paths = self.saying(rf"\.\s*{re.escape(name)}\b")
        return tuple(use for path in paths if (module := self.parsed(path)) for use in uses_in(module, path, name))

    def resolve(self, path: str, name: str) -> Found | None:
        """The definition a bare name in `path` means: in the file itself, or imported from another file of the tree."""
        if (found := self.find(path, name)) is not None:
            return found
        origin = self.bindings(path).get(name)
        return self.find(origin.path, origin.name) if origin is not None and origin.name else None

    # ---- classes

    def attributes(self, found: Found) -> Mapping[str, int]:
        """Names that a class binds in its body or its methods assign on `self` or `cls` -> line; not inherited ones."""
        return {name: line for owner, name, line in self.outline(found.path).attributes if owner == found.qualname}

    def bases(self, found: Found) -> tuple[Found, ...]:
        """The classes of the tree that a class names as its bases."""
        written = [ast.unparse(base) for base in found.node.bases] if isinstance(found.node, ast.ClassDef) else []
        resolved = (self.expression(found.path, name.partition("[")[0]) for name in written)
        return tuple(base for base in resolved if base is not None and base != found)

    def ancestors(self, found: Found) -> tuple[Found, ...]:
        """The class and the classes of the tree that it inherits from, nearest first, each once."""
        seen = {(found.path, found.qualname): found}
        waiting = [found]
        while waiting:
            for base in self.bases(waiting.pop(0)):
                if (base.path, base.qualname) not in seen:
                    seen[base.path, base.qualname] = base
                    waiting.append(base)
        return tuple(seen.values())

    def subclasses(self, found: Found) -> tuple[Found, ...]:
        """Classes of the tree that name this one as a base."""
        last = found.qualname.rpartition(".")[2]
        same = (found.path, found.qualname)
        heirs: list[Found] = []
        for path, outline in self.outlines(self.saying(rf"\b{re.escape(last)}\b")).items():
            named = (entry.qualname for entry in outline.definitions if entry.kind == "class" and entry.bases)
            found_here = (heir for qualname in named if (heir := self.find(path, qualname)) is not None)
            heirs += [heir for heir in found_here if same in {(base.path, base.qualname) for base in self.bases(heir)}]
        return tuple(heirs)

    def expression(self, path: str, written: str) -> Found | None:
        """The definition that a dotted expression in `path` means, such as `models.Row` or `Outer.Inner`."""
        head, _, rest = written.partition(".")
        if not rest:
            return self.resolve(path, head)
        if (owner := self.resolve(path, head)) is not None:
            return self.find(owner.path, f"{owner.qualname}.{rest}")
        for entry in self.imports(path):
            target = f"{entry.module}.{entry.name}" if entry.name else entry.module
            tail = written.removeprefix(f"{entry.bound}.") if written.startswith(f"{entry.bound}.") else ""
            if not entry.name and entry.bound == head == entry.module.partition(".")[0]:  # `import a.b` binds `a`
                target, tail = entry.module, written.removeprefix(f"{entry.module}.")
            file = self.modules.get(target)
            if file is not None and tail and tail != written:
                return self.expression(file, tail)
        return None

    # ---- helpers

    def saying(self, pattern: str) -> list[str]:
        """Files in whose text the pattern occurs."""
        search, one = re.compile(pattern).search, _ONE_WORD.fullmatch(pattern)
        word = one[1] if one else ""  # to look for a plain text first is many times as fast
        return [path for path in self.files if word in (text := self.text(path)) and search(text)]

    @cached_property
    def _imported_words(self) -> frozenset[str]:
        """Every dotted name, and each of its beginnings, that the words of an import statement name."""
        seen: set[str] = set()
        for path in self.files:
            for name in set(sighted(self.text(path))):
                while name not in seen:
                    seen.add(name)
                    name = name.rpartition(".")[0] or name
        return frozenset(seen)

    @property
    def _root_name(self) -> str:
        root = getattr(self.tree, "root", None)
        return root.name if isinstance(root, Path) else ""

    def _exports(self, path: str, depth: int) -> dict[str, Origin]:
        """Kept, because modules that import one another would be walked again along every way between them."""
        key = (path, depth)
        if key not in self._exported:
            self._exported[key] = self._found_exports(path, depth)
        return self._exported[key]

    def _found_exports(self, path: str, depth: int) -> dict[str, Origin]:
        outline = self.outline(path)
        found: dict[str, Origin] = {}
        for entry in outline.imports:
            if entry.at_import and entry.name == "*" and depth:
                source = self.modules.get(self.absolute(path, entry.module, entry.level))
                if source is not None and source != path:
                    offered = self._exports(source, depth - 1)
                    found.update((name, offered[name]) for name in self._public(source, depth - 1) if name in offered)
        if path.endswith("__init__.py"):
            package = self.names[path]
            found.update(
                (name.rpartition(".")[2], Origin(file, ""))
                for name, file in self.modules.items()
                if name.rpartition(".")[0] == package and self.names.get(file) == name
            )
        for entry in outline.imports:
            if entry.at_import and entry.name != "*":
                found[entry.bound] = self._origin(path, entry, depth)
        found.update((name, Origin(path, name)) for name, _ in outline.names)
        return found

    def _origin(self, path: str, entry: Imported, depth: int) -> Origin:
        """Where an imported name is bound; the importing file itself where that lies outside the tree."""
        module = self.absolute(path, entry.module, entry.level)
        if not entry.name:
            file = self.modules.get(module if entry.bound != module.partition(".")[0] else entry.bound)
            return Origin(path, entry.bound) if file is None else Origin(file, "")
        source = self.modules.get(module)
        if source is not None and source != path and depth:
            offered = self._exports(source, depth - 1).get(entry.name)
            if offered is not None:
                return offered
        submodule = self.modules.get(f"{module}.{entry.name}")
        return Origin(path, entry.bound) if submodule is None else Origin(submodule, "")

    def _public(self, path: str, depth: int) -> list[str]:
        outline = self.outline(path)
        if outline.exported is not None:
            return list(outline.exported)
        return [name for name in self._exports(path, depth) if not name.startswith("_")]

    def _importer(self, path: str, entry: Imported, wanted: Collection[str]) -> Iterator[Importer]:
        module = self.absolute(path, entry.module, entry.level)
        if module in wanted:
            yield Importer(path, entry.line, entry.name, entry.bound, entry.at_import)
        elif entry.name and f"{module}.{entry.name}" in wanted:
            yield Importer(path, entry.line, "", entry.bound, entry.at_import)


def plain(qualname: str) -> str:
    return qualname.replace(".<locals>", "")


def defined_names(body: list[ast.stmt]) -> set[str]:
    """Names that the statements bind by assignment, `def` or `class` when they run."""
    return {name for name, _ in bound_names(list(run_at_import(body)))}


def similar(names: Iterable[str], name: str, least: float = 0.6) -> tuple[str, ...]:
    """The names most like `name`, best first: by their words, whatever their order and case, and by their letters."""
    scored = [(likeness(other, name), other) for other in set(names) if other != name]
    return tuple(other for score, other in sorted(scored, key=lambda pair: (-pair[0], pair[1])) if score >= least)


def likeness(one: str, other: str) -> float:
    """How alike two names are, 0 to 1."""
    letters = difflib.SequenceMatcher(None, one.lower(), other.lower(), autojunk=False).ratio()
    words, others = _words(one), _words(other)
    shared = len(words & others) / len(words | others) if words | others else 0.0
    return max(letters, shared)


def _words(name: str) -> frozenset[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return frozenset(word for word in spaced.lower().split("_") if word)


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            qualname = f"{prefix}{child.name}"
            yield qualname, child
            yield from _definitions(child, f"{qualname}.")
        elif not isinstance(child, ast.expr):
            yield from _definitions(child, prefix)
