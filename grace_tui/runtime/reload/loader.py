"""Kernel files to classes: compiled from source every time, into fresh modules, with what they import from `kernels`.

One loader a process owns the package name `kernels`. It runs in worker threads, one load at a time.
"""

import ast
import hashlib
import importlib
import importlib.util
import linecache
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from grace_tui.kernel.base import Kernel, kernel_class
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.parsing import parse_module

PACKAGE = "kernels"


class KernelMissing(GraceError):
    """A kernel's file is not there."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(f"there is no {name}.py or {name}/__init__.py in {folder}")
        self.name, self.folder = name, folder


class KernelEmpty(GraceError):
    """A kernel's file holds no code."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is empty; a kernel file defines one Kernel subclass")
        self.path = path


@dataclass(frozen=True, slots=True)
class LoadedKernel:
    kind: type[Kernel]
    version: str
    """First eight hex digits of the SHA-256 of its file."""
    doc: str
    files: frozenset[str]
    """Workspace files it was built from, relative, its own among them."""


class SourceOnly(SourceFileLoader):
    """Never reads or writes a `.pyc`: its check by time and size misses quick saves."""

    def __init__(self, fullname: str, path: str, kept: bytes | None = None) -> None:
        super().__init__(fullname, path)
        self.kept = kept
        """The source to use whatever the file says by now; None: the file."""

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        linecache.checkcache(path)
        source = self.get_data(path) if self.kept is None else self.kept
        if self.kept is not None:  # an entry without a time is not compared with the file again
            text = importlib.util.decode_source(source)
            linecache.cache[path] = (len(source), None, text.splitlines(keepends=True), path)
        code: CodeType = self.source_to_code(source, path)
        return code


class KernelFinder:
    """Finds `kernels` and all below it in one workspace, before anything else on `sys.path`."""

    def __init__(self, root: Path, kept: Mapping[str, bytes]) -> None:
        self.root, self.kept = root, kept

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != PACKAGE and not name.startswith(PACKAGE + "."):
            return None
        base = self.root.joinpath(*name.split("."))
        for file, folder in ((base / "__init__.py", [str(base)]), (base.with_suffix(".py"), None)):
            kept = self.kept.get(file.relative_to(self.root).as_posix())
            if kept is not None or file.is_file():
                loader = SourceOnly(name, str(file), kept)
                return importlib.util.spec_from_file_location(
                    name, file, loader=loader, submodule_search_locations=folder
                )
        if name == PACKAGE and base.is_dir():
            spec = ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [str(base)]
            return spec
        return None


class KernelLoader:
    """Loads kernels of one workspace; `close` gives the name `kernels` back.

    `kept` has the sources to use for some files, relative to the workspace, whatever these say by now.
    """

    def __init__(self, root: Path, kept: Mapping[str, bytes] | None = None) -> None:
        self.root = root
        self.folder = root / PACKAGE
        self.kept = kept or {}
        self._finder = KernelFinder(root, self.kept)
        # Held for the bookkeeping only, never while a kernel's own code runs: an import may take for ever.
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._displaced = _modules()
        for name in self._displaced:
            del sys.modules[name]
        sys.meta_path.insert(0, self._finder)

    def names(self) -> dict[str, str]:
        """Every kernel on disk: name -> file relative to the workspace. A folder counts if it defines a kernel."""
        found: dict[str, str] = {}
        if not self.folder.is_dir():
            return found
        for path in sorted(self.folder.iterdir()):
            if path.name.startswith((".", "_")):
                continue
            if path.suffix == ".py":
                found[path.stem] = f"{PACKAGE}/{path.name}"
            elif (path / "__init__.py").is_file() and _looks_like_kernel(path / "__init__.py"):
                found[path.name] = f"{PACKAGE}/{path.name}/__init__.py"
        return found

    def load(self, name: str) -> LoadedKernel:
        """Import `kernels.NAME` afresh and return its class. Raises whatever the import raises."""
        path = self._path(name)
        source = self.kept.get(path.relative_to(self.root).as_posix()) or path.read_bytes()
        if not source.strip():
            raise KernelEmpty(path)
        module_name = f"{PACKAGE}.{name}"
        self._forget_changed()
        with self._lock:
            _forget_modules(module_name)
        module = self._execute(module_name)
        kind = kernel_class(vars(module), module_name)
        doc = (module.__doc__ or kind.__doc__ or "").strip().partition("\n")[0]
        return LoadedKernel(kind, hashlib.sha256(source).hexdigest()[:8], doc, self._files_of(module_name))

    def invalidate(self, paths: Iterable[str]) -> None:
        """Let the next load forget helper modules made from `paths` and every helper that imports one of them.

        Called on the supervisor loop, so it only takes a note: a load may be under way in its thread.
        """
        with self._lock:
            self._changed |= set(paths)

    def _execute(self, module_name: str) -> ModuleType:
        # Not `import_module`: its lock on the name would make a repaired file wait for a broken one that hangs.
        package = importlib.import_module(PACKAGE)
        spec = self._finder.find_spec(module_name)
        if spec is None or spec.loader is None:
            raise KernelMissing(module_name.partition(".")[2], self.folder)
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            if sys.modules.get(module_name) is module:
                del sys.modules[module_name]
            raise
        setattr(package, module_name.rpartition(".")[2], module)
        return module

    def _forget_changed(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
            if not changed:
                return
            stale = {name for name, module in _modules().items() if _relative(module, self.root) in changed}
            while more := {
                name
                for name, module in _modules().items()
                if name not in stale and stale & _imports(_source_path(module))
            }:
                stale |= more
            for name in stale:
                _forget(name)
            importlib.invalidate_caches()

    def close(self) -> None:
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
            _forget_modules()
            sys.modules.update(self._displaced)

    def _path(self, name: str) -> Path:
        for path in (self.folder / f"{name}.py", self.folder / name / "__init__.py"):
            if path.relative_to(self.root).as_posix() in self.kept or path.is_file():
                return path
        raise KernelMissing(name, self.folder)

    def _files_of(self, module_name: str) -> frozenset[str]:
        """Files of a module and of all it imports from the workspace, following imports."""
        todo, seen = [module_name], set[str]()
        files = set[str]()
        modules = _modules()
        while todo:
            name = todo.pop()
            module = modules.get(name)
            if name in seen or module is None:
                continue
            seen.add(name)
            relative = _relative(module, self.root)
            if relative:
                files.add(relative)
            todo += _imports(_source_path(module))
        return frozenset(files)


def _modules() -> dict[str, ModuleType]:
    return {
        name: module for name, module in list(sys.modules.items()) if name == PACKAGE or name.startswith(PACKAGE + ".")
    }


def _forget_modules(below: str = PACKAGE) -> None:
    for name in _modules():
        if name == below or name.startswith(below + "."):
            _forget(name)


def _forget(name: str) -> None:
    """Drop a module, also from its package: `from package import name` asks the package first."""
    module = sys.modules.pop(name, None)
    parent, _, last = name.rpartition(".")
    package = sys.modules.get(parent)
    if module is not None and package is not None and vars(package).get(last) is module:
        delattr(package, last)


def _source_path(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file) if file else None


def _relative(module: ModuleType, root: Path) -> str:
    path = _source_path(module)
    return path.relative_to(root).as_posix() if path and path.is_relative_to(root) else ""


def _imports(path: Path | None) -> set[str]:
    """Dotted names below `kernels` that a file imports, each with its parents; empty where it cannot be read."""
    if path is None:
        return set()
    try:
        tree = parse_module(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    package = _package_of(path)
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package[: len(package) - node.level + 1]
                base = ".".join([*parts, base] if base else parts)
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    ours = {name for name in found if name == PACKAGE or name.startswith(PACKAGE + ".")}
    return ours | {parent for name in ours for parent in _parents(name)} - {PACKAGE}


def _parents(name: str) -> Iterator[str]:
    while name := name.rpartition(".")[0]:
        yield name


def _package_of(path: Path) -> list[str]:
    parts = list(path.with_suffix("").parts)
    start = len(parts) - 1 - parts[::-1].index(PACKAGE) if PACKAGE in parts else len(parts) - 1
    return parts[start:-1]


def _looks_like_kernel(path: Path) -> bool:
    """Whether a package defines a kernel: a class that names Kernel as its base. A broken file counts, to be seen."""
    try:
        source = path.read_bytes()
    except OSError:  # gone since the folder was listed
        return False
    try:
        tree = parse_module(source)
    except (SyntaxError, ValueError):
        return b"Kernel)" in source
    return any(isinstance(node, ast.ClassDef) and any(_is_kernel(base) for base in node.bases) for node in tree.body)


def _is_kernel(base: ast.expr) -> bool:
    return (isinstance(base, ast.Name) and base.id == "Kernel") or (
        isinstance(base, ast.Attribute) and base.attr == "Kernel"
    )
