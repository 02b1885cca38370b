"""Where a module uses its own global names: while it loads, or only in functions that run later."""

import symtable
from collections.abc import Iterator
from dataclasses import dataclass

_ANONYMOUS = frozenset({"lambda", "listcomp", "setcomp", "dictcomp", "genexpr"})


@dataclass(frozen=True, slots=True)
class Uses:
    at_import: frozenset[str]
    """Read while the module loads: at its top level, in class bodies, in annotations, defaults and decorators."""
    in_functions: dict[str, frozenset[str]]
    """Name -> qualified names of the functions that read it."""

    def anywhere(self, name: str) -> bool:
        return name in self.at_import or name in self.in_functions


def uses(text: str) -> Uses:
    """Raises SyntaxError."""
    at_import: set[str] = set()
    later: dict[str, set[str]] = {}
    for name, function in _read(symtable.symtable(text, "<source>", "exec"), ()):
        if function:
            later.setdefault(name, set()).add(function)
        else:
            at_import.add(name)
    return Uses(frozenset(at_import), {name: frozenset(found) for name, found in later.items()})


def _read(table: symtable.SymbolTable, path: tuple[str, ...], function: str = "") -> Iterator[tuple[str, str]]:
    """(global name, the function that reads it, empty for none)."""
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (top or symbol.is_global()):
            yield symbol.get_name(), function
    for inner in table.get_children():
        name = inner.get_name()
        deeper = (*path, name)
        named = inner.get_type() == "function" and name not in _ANONYMOUS
        yield from _read(inner, deeper, ".".join(deeper) if named else function)
