"""Who leads to whom when modules are imported: the chains that make a cycle."""

from typing import TYPE_CHECKING

from grace_tui.healing.repair.imports.demands import Demand

if TYPE_CHECKING:
    from grace_tui.healing.repair.imports.view import View


def chain_to(source: str, target: str, view: "View", *, named: bool = True) -> tuple[str, ...]:
    """The modules by which importing `source` asks `target` for something before it is loaded; empty where none do.

    `import target` alone does not fail in a cycle, because nothing is asked of the module until later: it only counts
    where `named` is off.
    """
    if source == target:
        return (source,)
    waiting: list[tuple[str, tuple[str, ...]]] = [(source, (source,))]
    seen = {source}
    while waiting:
        module, chain = waiting.pop(0)
        for demand in _at_import(module, view):
            if asks(demand, target, view, named=named):
                return chain
            for following in reached(demand, view):
                if following != target and following not in seen:
                    seen.add(following)
                    waiting.append((following, (*chain, following)))
    return ()


def asks(demand: Demand, target: str, view: "View", *, named: bool = True) -> bool:
    """True where the statement needs `target` to have something already."""
    if demand.module == target:
        own = [name for name in demand.names if not view.layout.has(f"{target}.{name}")]
        return bool(own) or not named
    parent, _, last = target.rpartition(".")
    return not named and demand.module == parent and last in demand.names


def reached(demand: Demand, view: "View") -> list[str]:
    """Modules of the tree that the statement loads: what it names, and the packages above."""
    named = [f"{demand.module}.{name}" for name in demand.names if view.layout.has(f"{demand.module}.{name}")]
    parts = demand.module.split(".")
    above = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return [module for module in (*named, *reversed(above)) if module in view.layout.files]


def _at_import(module: str, view: "View") -> list[Demand]:
    path = view.layout.files.get(module, "")
    return [demand for demand in view.demands.of(path) if demand.at_import] if path else []
