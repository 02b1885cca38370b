"""What the sources define and who uses it, on the standard library's syntax trees: no import, no side effect.

Asked by diagnosis (where is this name defined?), the operators (can that callee take it?) and the test gate
(whose tests does this change concern?). A file that does not parse defines nothing here.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from grace_tui.healing.repair.patch import Tree
from grace_tui.kernel.parsing import parse_module

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Definition = FunctionNode | ast.ClassDef


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


class Index:
    """Parsed on demand, one file at a time; a file is parsed once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._texts: dict[str, str] = {}
        self._parsed: dict[str, ast.Module | None] = {}

    @cached_property
    def modules(self) -> Mapping[str, str]:
        return self.tree.modules()

    @cached_property
    def names(self) -> Mapping[str, str]:
        """File -> dotted module name."""
        return {path: name for name, path in self.modules.items()}

    def text(self, path: str) -> str:
        if path not in self._texts:
            try:
                self._texts[path] = self.tree.read(path)
            except UnicodeDecodeError:
                self._texts[path] = ""
        return self._texts[path]

    def parsed(self, path: str) -> ast.Module | None:
        if path not in self._parsed:
            self._parsed[path] = _parse(self.text(path))
        return self._parsed[path]

    def definitions(self, path: str) -> Iterator[Found]:
        module = self.parsed(path)
        if module is not None:
            for qualname, node in _definitions(module, ""):
                yield Found(path, qualname, node)

    def find(self, path: str, qualname: str) -> Found | None:
        """The definition `qualname` in one file; the last one where it is defined twice, as at run time."""
        wanted = plain(qualname)
        found = [entry for entry in self.definitions(path) if entry.qualname == wanted]
        return found[-1] if found else None

    def everywhere(self, qualname: str) -> list[Found]:
        """Every definition of `qualname` in the tree."""
        wanted = plain(qualname)
        last = wanted.rpartition(".")[2]
        paths = (path for path in self.modules.values() if last in self.text(path))
        return [entry for path in paths if (entry := self.find(path, wanted)) is not None]

    def methods(self, name: str) -> list[Found]:
        """Every method called `name` in any class of the tree."""
        paths = (path for path in self.modules.values() if f"def {name}(" in self.text(path))
        found = (entry for path in paths for entry in self.definitions(path))
        return [entry for entry in found if entry.qualname.endswith(f".{name}")]

    def exporters(self, name: str) -> list[str]:
        """Files that define `name` at module level by assignment, `def` or `class`; imports do not count."""
        paths = (path for path in self.modules.values() if name in self.text(path))
        return [path for path in paths if (module := self.parsed(path)) and name in defined_names(module.body)]

    def imports(self, path: str) -> list[Import]:
        """Imports that run when the file is imported, relative ones resolved."""
        module = self.parsed(path)
        return [] if module is None else list(self._imports(path, module.body))

    def resolve(self, path: str, name: str) -> Found | None:
        """The definition a bare name in `path` means: in the file itself, or imported from another file of the tree."""
        seen: set[tuple[str, str]] = set()
        while (path, name) not in seen:
            seen.add((path, name))
            if (found := self.find(path, name)) is not None:
                return found
            source = next((entry for entry in self.imports(path) if entry.bound == name and entry.name), None)
            if source is None or source.module not in self.modules:
                return None
            path, name = self.modules[source.module], source.name
        return None

    def _imports(self, path: str, body: list[ast.stmt]) -> Iterator[Import]:
        for node in run_at_import(body):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(alias.name, "", alias.asname or alias.name.partition(".")[0])
            elif isinstance(node, ast.ImportFrom):
                module = self.absolute(path, node.module or "", node.level)
                for alias in node.names:
                    yield Import(module, alias.name, alias.asname or alias.name)

    def absolute(self, path: str, module: str, level: int) -> str:
        """The dotted name that `from <level dots><module>` means in `path`."""
        if not level:
            return module
        package = self.names[path].split(".")
        drop = level - 1 if path.endswith("__init__.py") else level
        return ".".join([*package[: len(package) - drop], *([module] if module else [])])


def plain(qualname: str) -> str:
    return qualname.replace(".<locals>", "")


def defined_names(body: list[ast.stmt]) -> set[str]:
    """Names that the statements bind by assignment, `def` or `class` when they run."""
    names: set[str] = set()
    for node in run_at_import(body):
        if isinstance(node, Definition):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(_stored(*node.targets))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            names.update(_stored(node.target))
    return names


def run_at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run on import, also inside `if`, `try` and `with`; not what stands under TYPE_CHECKING."""
    for node in body:
        yield node
        if isinstance(node, Definition) or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from run_at_import(getattr(node, field, []))
        for handler in getattr(node, "handlers", []):
            yield from run_at_import(handler.body)


def _stored(*targets: ast.expr) -> Iterator[str]:
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            qualname = f"{prefix}{child.name}"
            yield qualname, child
            yield from _definitions(child, f"{qualname}.")
        elif not isinstance(child, ast.expr):
            yield from _definitions(child, prefix)


def _parse(text: str) -> ast.Module | None:
    try:
        return parse_module(text)
    except (SyntaxError, ValueError):
        return None
