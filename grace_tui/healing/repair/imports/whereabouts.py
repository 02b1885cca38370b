"""Where a module went that is imported in vain: the candidates, the best first, each with what speaks for it.

Looked at, in the order of their weight: history; the place that the importing file must have had for all its relative
imports to hold; a module that has every name asked for; how much of the dotted name is the same; what others use.
"""

import ast
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grace_tui.healing.repair.imports.demands import Demand
from grace_tui.healing.repair.imports.layout import is_test
from grace_tui.healing.repair.imports.sources import nearness
from grace_tui.healing.repair.members.renames import same_word, within

if TYPE_CHECKING:
    from grace_tui.healing.repair.imports.view import View

MOST = 4
"""Candidates that are worth a trial."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A module that is not where it is asked for."""

    module: str
    """Its whole dotted name as asked for."""
    missing: str
    """The first part of that name which does not exist."""
    importer: str = ""
    """The file that asks; empty where it is not one of the tree."""
    names: tuple[str, ...] = ()
    """What is asked of it."""
    demand: Demand | None = None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    module: str
    score: float
    evidence: tuple[str, ...]
    rank: tuple[int, ...]


def whereabouts(wanted: Wanted, view: "View") -> list[Whereabouts]:
    """Modules of the tree that may be the wanted one."""
    found = sorted(_looked_at(wanted, view), key=lambda entry: entry.rank, reverse=True)
    return found[:MOST]


def _looked_at(wanted: Wanted, view: "View") -> list[Whereabouts]:
    former = _former_places(wanted, view)
    asked = view.demands.names_on(wanted.module)
    moved = _moved(wanted, view)
    last = wanted.module.rpartition(".")[2]
    known = "." in wanted.missing or view.is_ours(wanted.missing)
    complete: list[Whereabouts] = []
    for module in (*view.layout.files, *(name for name in view.layout.folders if name not in view.layout.files)):
        tail = _common_tail(module, wanted.module)
        if not (tail or module in moved) or module == wanted.module or _not_meant(module, wanted, view):
            continue
        if not known and module not in moved and not _same_below(module, tail, wanted, view):
            continue
        if any(not view.offers.announces(module, name) for name in wanted.names):
            continue
        others = sum(count for name, count in asked.items() if view.offers.has(module, name))
        history = int(module in moved)
        rank = (history, former[module], tail, others, nearness(module, _near(wanted, view)))
        says = _evidence(module, last, wanted, former[module], bool(history))
        complete.append(Whereabouts(module, 0.9 if history else 0.7 if former[module] or tail > 1 else 0.6, says, rank))
    return complete or _renamed(wanted, view)


def _not_meant(module: str, wanted: Wanted, view: "View") -> bool:
    """A test is not what sources import; nothing is a stand-in for itself or for what lies below it."""
    path = view.layout.files.get(module, view.layout.folders.get(module, ""))
    if path == wanted.importer or module.startswith(f"{wanted.missing}."):
        return True
    return is_test(path) and not is_test(wanted.importer)


def _same_below(module: str, tail: int, wanted: Wanted, view: "View") -> bool:
    """True where a top-level name that the tree never had may be one of its packages all the same.

    It is called so in full, or most of the dotted name is the same, or all that is asked for below it is there.
    """
    if tail > 1 or tail == len(wanted.module.split(".")):
        return True
    asked = {demand.module for demand in view.demands.on(wanted.missing)} - {wanted.missing}
    base = module.removesuffix(wanted.module[len(wanted.missing) :])
    return len(asked) > 1 and all(view.layout.has(base + entry[len(wanted.missing) :]) for entry in asked)


def _renamed(wanted: Wanted, view: "View") -> list[Whereabouts]:
    """Modules of another name that define every name asked for."""
    if not view.is_ours(wanted.missing):
        return []
    if not wanted.names:
        return _alike(wanted, view)
    files = [set(view.offers.definers(name)) for name in wanted.names]
    common = set.intersection(*files) - {wanted.importer}
    asked = view.demands.names_on(wanted.module)
    found = []
    for path in sorted(common):
        module = view.layout.names[path]
        if _not_meant(module, wanted, view):
            continue
        others = sum(count for name, count in asked.items() if view.offers.has(module, name))
        rank = (0, 0, 0, others, nearness(module, _near(wanted, view)))
        says = (f"{path} defines {', '.join(wanted.names)}",)
        found.append(Whereabouts(module, 0.7 if len(common) == 1 else 0.5, says, rank))
    return found


def _alike(wanted: Wanted, view: "View") -> list[Whereabouts]:
    """The one module beside it whose name has its words, and that nothing in the tree speaks of."""
    package, _, last = wanted.module.rpartition(".")
    beside = [module for module in view.layout.files if module.rpartition(".")[0] == package]
    like = [module for module in beside if same_word(_last(module), last) or within(_last(module), last)]
    alone = [module for module in like if not _not_meant(module, wanted, view) and _unspoken(module, view)]
    if len(alone) != 1 or not package:
        return []
    says = (f"{_last(alone[0])} has the words of {last}, and nothing in the tree speaks of it",)
    return [Whereabouts(alone[0], 0.5, says, (0, 0, 0, 0, 0))]


def _unspoken(module: str, view: "View") -> bool:
    return set(view.index.saying(rf"\b{re.escape(_last(module))}\b")) <= {view.layout.files[module]}


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _moved(wanted: Wanted, view: "View") -> set[str]:
    """Modules that history knows to have been where the wanted one is looked for."""
    stem = view.expected_path(wanted)
    paths = (f"{stem}.py", f"{stem}/__init__.py")
    later = {new for path in paths for new in view.history.moved(path)}
    return {view.layout.names[path] for path in later if path in view.layout.names}


def _former_places(wanted: Wanted, view: "View") -> Counter[str]:
    """Module -> how many of the importing file's relative imports hold in a place where they also mean that module."""
    demand = wanted.demand
    if demand is None or not demand.level or not wanted.importer:
        return Counter()
    relative = [entry for entry in view.demands.of(wanted.importer) if entry.level]
    best: Counter[str] = Counter()
    for package in view.layout.folders:
        meant = _from(package, demand, view)
        if not meant or not view.layout.has(meant):
            continue
        holds = sum(1 for entry in relative if _holds(package, entry, view))
        best[meant] = max(best[meant], holds)
    return best


def all_hold_elsewhere(importer: str, here: str, view: "View") -> bool:
    """True where at least two relative imports of a file do not hold where it is, and all do in one other package."""
    relative = [entry for entry in view.demands.of(importer) if entry.level]
    lost = [entry for entry in relative if not _holds(here, entry, view)]
    return len(lost) > 1 and any(
        all(_holds(package, entry, view) for entry in relative) for package in view.layout.folders if package != here
    )


def _from(package: str, demand: Demand, view: "View") -> str:
    """What a relative import would mean in a module of `package`."""
    parts = package.split(".")
    kept = len(parts) - (demand.level - 1)
    return ".".join([*parts[:kept], *([demand.written] if demand.written else [])]) if kept > 0 else ""


def _holds(package: str, demand: Demand, view: "View") -> bool:
    meant = _from(package, demand, view)
    if not meant or not view.layout.has(meant):
        return False
    return demand.star or all(view.offers.announces(meant, name) for name in demand.names)


def _evidence(module: str, last: str, wanted: Wanted, former: int, history: bool) -> tuple[str, ...]:
    says = [f"it was moved to {module}"] if history else []
    if former:
        many = f"{former} relative imports" if former > 1 else "a relative import"
        says.append(f"{many} of {wanted.importer} would hold in another package")
    if wanted.names:
        says.append(f"{module} has {', '.join(wanted.names)}")
    return tuple(says or [f"{module} is called {last} too"])


def _near(wanted: Wanted, view: "View") -> str:
    return view.layout.names.get(wanted.importer, "") if wanted.demand and wanted.demand.level else wanted.module


def _common_tail(one: str, two: str) -> int:
    shared = 0
    for left, right in zip(reversed(one.split(".")), reversed(two.split(".")), strict=False):
        if left != right:
            break
        shared += 1
    return shared


def attributes_used(tree: ast.Module, name: str) -> tuple[str, ...]:
    """Attributes that a file takes from the module it binds to the dotted `name`."""
    found = {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node.value) == name
    }
    return tuple(sorted(found))
