"""Which modules of the standard library export a name: read from their sources; nothing but built-in ones is imported.

A module whose `__all__` is computed is not asked; those written for one system, or for the library's own use, are not
either.
"""

import ast
import importlib
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SKIPPED = frozenset(
    [
        "antigravity",
        "asynchat",
        "asyncore",
        "cProfile",
        "distutils",
        "idlelib",
        "imp",
        "lib2to3",
        "ntpath",
        "nturl2path",
        "optparse",
        "pdb",
        "posixpath",
        "profile",
        "pydoc_data",
        "sre_compile",
        "sre_constants",
        "sre_parse",
        "symtable",
        "tabnanny",
        "test",
        "this",
        "tkinter",
        "turtle",
        "turtledemo",
    ]
)
INNER = ("collections.abc", "concurrent.futures", "unittest.mock", "urllib.parse", "urllib.request", "http.client")
"""Modules inside packages that programs import by their full name."""
BUILT_IN = ("itertools", "math", "time")
BEHIND = frozenset({"typing", "zipfile"})
"""Where another module exports the name too, that one is meant: these have an old alias, or a class nobody knows."""
BY_NAME = frozenset(
    [
        "abc",
        "argparse",
        "collections",
        "collections.abc",
        "concurrent.futures",
        "contextlib",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
        "io",
        "itertools",
        "operator",
        "pathlib",
        "textwrap",
        "threading",
        "typing",
        "unittest",
        "unittest.mock",
        "urllib.parse",
        "uuid",
    ]
)
"""Modules whose names programs use without the module's; a `Message` is hardly ever the one of `mailbox`."""
LONG = 8


@cache
def homes(name: str) -> tuple[str, ...]:
    """The public modules that export the name."""
    if not name.isidentifier() or name.startswith("_"):
        return ()
    found = [module for module, files in _sources().items() if any(_exports(file, name) for file in files)]
    found += [module for module in BUILT_IN if name in vars(importlib.import_module(module))]
    return tuple(module for module in found if module not in BEHIND or len(found) == 1)


def is_meant(module: str, name: str) -> bool:
    """Whether a name that only this module exports can hardly be anything else: a class's, or a long one."""
    distinctive = (name[:1].isupper() and not name.isupper()) or len(name) >= LONG or "_" in name
    return module in BY_NAME and distinctive


@cache
def _sources() -> dict[str, list[Path]]:
    """Public modules, each with the files whose exports are its own."""
    names = [*sorted(sys.stdlib_module_names - SKIPPED), *INNER]
    found = {name: _files_of(name) for name in names if not name.startswith("_")}
    # It exports what its parts export, and says so in code only.
    found["asyncio"] = sorted((_top() / "asyncio").glob("*.py"))
    return found


def _files_of(module: str) -> list[Path]:
    base = _top().joinpath(*module.split("."))
    return [file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()]


def _top() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def _exports(file: Path, name: str) -> bool:
    text = _text(file)
    if name not in text and "import *" not in text:
        return False
    exports = _exported(file)
    return name in exports.names or any(_exports(inner, name) for other in exports.stars for inner in _files_of(other))


@cache
def _text(file: Path) -> str:
    return file.read_text("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Exports:
    names: frozenset[object]
    stars: tuple[str, ...] = ()
    """Modules all of whose names are exported as well."""


@cache
def _exported(file: Path) -> _Exports:
    module = ast.parse(_text(file))
    listed = list(_listed(module))
    if listed:
        return _Exports(frozenset(name for names in listed for name in names))
    defined = (node for node in module.body if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef))
    stars = (node for node in ast.walk(module) if isinstance(node, ast.ImportFrom) and node.names[0].name == "*")
    outer = tuple(node.module for node in stars if node.module and not node.level)
    return _Exports(frozenset(node.name for node in defined), outer)


def _listed(module: ast.Module) -> Iterator[list[object]]:
    """What a module's `__all__` says, piece by piece; a computed piece says nothing."""
    for node in module.body:
        if isinstance(node, ast.Assign | ast.AugAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id == "__all__":
                parts = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else []
                yield [part.value for part in parts if isinstance(part, ast.Constant)]
