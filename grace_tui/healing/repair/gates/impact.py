"""Which tests a change concerns: those that were recorded to run it, then those that import it, the nearest first; in
a workspace, those of its kernels."""

import ast
import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grace_tui.healing.repair.gates.cheap import is_test
from grace_tui.healing.repair.gates.covered import covering
from grace_tui.healing.repair.gates.setting import Setting
from grace_tui.healing.repair.index import Index, plain

CALLER_FILES = 3
"""Test files of further callers that a repair of a kernel takes the time for, besides its own and the provider's."""


@dataclass(frozen=True, slots=True)
class Concerned:
    own: tuple[str, ...]
    others: tuple[str, ...] = ()
    left_out: int = 0
    """Further files that concern it and are not run."""
    of_kernels: bool = False


def concerned_tests(setting: Setting) -> Concerned:
    """The test files to run, most telling first."""
    failure = setting.context.failure
    if failure is not None and any(path.startswith("tests/kernels/") for path in setting.context.tree.files):
        return _of_kernels(setting, failure.kernel)
    return _of_importers(setting)


# ---- any project


def _of_importers(setting: Setting) -> Concerned:
    index = setting.index
    reach = distances(importers(index), setting.changed)
    ran = covering(setting.context.root, setting.changed, index.modules)
    words = _words(setting)

    def rank(path: str) -> tuple[bool, int, int, int]:
        text = index.text(path)
        return not any(word.search(text) for word in words), -ran[path], reach.get(path, len(reach)), len(text)

    known = {*reach, *(path for path in ran if path in setting.context.tree.files)}
    return Concerned(tuple(sorted((path for path in known if _holds_tests(path)), key=rank)))


def _words(setting: Setting) -> list[re.Pattern[str]]:
    """What a test of the changed interface speaks of."""
    site = setting.patch.site
    names = {site.name, plain(site.qualname).rpartition(".")[2]} - {"", "__init__", "__new__"}
    return [re.compile(rf"\b{re.escape(name)}\b") for name in names]


def _holds_tests(path: str) -> bool:
    name = path.rpartition("/")[2]
    return is_test(path) and (name.startswith("test") or name.endswith("_test.py"))


def importers(index: Index) -> Mapping[str, set[str]]:
    """File -> the files that import it, or something from it."""
    found: dict[str, set[str]] = {}
    for path, outline in index.outlines().items():
        for entry in outline.imports:
            module = index.absolute(path, entry.module, entry.level)
            for name in _loaded(module, entry.name):
                if (target := index.modules.get(name)) is not None and target != path:
                    found.setdefault(target, set()).add(path)
    return found


def _loaded(module: str, name: str) -> Iterable[str]:
    """Modules that an import loads: the packages above it, it, and the name where that is one."""
    parts = module.split(".")
    yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))
    if name:
        yield f"{module}.{name}"


def distances(importing: Mapping[str, set[str]], changed: Iterable[str]) -> dict[str, int]:
    """Every file that the change can reach -> over how many imports."""
    found = dict.fromkeys(changed, 0)
    waiting = deque(found)
    while waiting:
        path = waiting.popleft()
        for importer in importing.get(path, ()):
            if importer not in found:
                found[importer] = found[path] + 1
                waiting.append(importer)
    return found


# ---- a workspace


def _of_kernels(setting: Setting, failed: str) -> Concerned:
    """Test files of the failed kernel and the provider, then those of callers."""
    index, files = setting.index, setting.context.tree.files
    kernels = [failed, *(name for path in setting.changed if (name := kernel_of(path)))]
    callers = [name for name in sorted(callers_of(index, setting)) if name not in kernels]
    first = [path for name in dict.fromkeys(kernels) if (path := f"tests/kernels/test_{name}.py") in files]
    others = [path for name in callers if (path := f"tests/kernels/test_{name}.py") in files]
    others.sort(key=lambda path: len(index.text(path)))  # the shortest: more callers' tests for the same time
    left_out = max(0, len(others) - CALLER_FILES)
    return Concerned(tuple(first), tuple(others[:CALLER_FILES]), left_out, of_kernels=True)


def kernel_of(path: str) -> str:
    """`kernels/log.py` and `kernels/log/rows.py` -> `log`; empty outside `kernels/`."""
    match = re.match(r"kernels/(\w+)(?:\.py$|/)", path)
    return match[1] if match and match[1] != "__init__" else ""


def callers_of(index: Index, setting: Setting) -> set[str]:
    """Kernels that use the changed interface: they name the provider, and the definition or export by its own name."""
    site = setting.patch.site
    provider = kernel_of(site.provider)
    method = site.name if site.problem == "missing_export" else _called_name(site.qualname)
    found = set()
    for path in index.names:
        kernel = kernel_of(path)
        module = index.parsed(path) if kernel and kernel != provider else None
        if module is not None and _names(module, provider, index.names[site.provider]) and _uses(module, method):
            found.add(kernel)
    return found


def _called_name(qualname: str) -> str:
    head, _, last = plain(qualname).rpartition(".")
    return head.rpartition(".")[2] if last in ("__init__", "__new__") else last


def _names(module: ast.Module, provider: str, dotted: str) -> bool:
    """True where the file imports the provider's module or names its kernel, as in `self.kernel("immutable_log")`."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == dotted:
            return True
        if isinstance(node, ast.Import) and any(alias.name == dotted for alias in node.names):
            return True
        if provider and isinstance(node, ast.Constant) and node.value == provider:
            return True
    return False


def _uses(module: ast.Module, name: str) -> bool:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == name:
            return True
        if isinstance(node, ast.alias) and node.name == name:
            return True
    return False
