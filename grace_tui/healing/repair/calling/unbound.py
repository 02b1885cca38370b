"""Names that a function uses and that nothing binds: what is left in the body of a parameter that was taken away."""

import ast
import builtins
import symtable
from collections.abc import Iterator

from grace_tui.healing.repair.index import FunctionNode, Index, defined_names

_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__", "__path__", "__spec__", "__package__", "__class__"}


def unbound_names(index: Index, path: str, node: FunctionNode) -> tuple[str, ...]:
    """In the order of their first use. Empty where the file cannot be parsed, or binds names that cannot be known."""
    try:
        module = symtable.symtable(index.text(path), path, "exec")
    except (SyntaxError, ValueError):
        return ()
    table = next((entry for entry in _tables(module) if _is_of(entry, node)), None)
    if table is None:
        return ()
    lost = _globals_used(table) - _BUILTINS - _module_names(index, path, module)
    uses = [use for use in ast.walk(node) if isinstance(use, ast.Name) and use.id in lost]
    return tuple(dict.fromkeys(use.id for use in sorted(uses, key=lambda use: (use.lineno, use.col_offset))))


def unbound_in_file(index: Index, path: str) -> frozenset[str]:
    """Names that anything in a file looks up in its module, and that nothing binds there."""
    try:
        module = symtable.symtable(index.text(path), path, "exec")
    except (SyntaxError, ValueError):
        return frozenset()
    read = {entry.get_name() for entry in module.get_symbols() if entry.is_referenced() and not entry.is_assigned()}
    return frozenset((read | _globals_used(module)) - _BUILTINS - _module_names(index, path, module))


def _is_of(table: symtable.SymbolTable, node: FunctionNode) -> bool:
    lines = {node.lineno, *(entry.lineno for entry in node.decorator_list)}
    return table.get_type() == "function" and table.get_name() == node.name and table.get_lineno() in lines


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _globals_used(table: symtable.SymbolTable) -> set[str]:
    """Names that this scope and those inside it look up in the module."""
    return {
        symbol.get_name()
        for scope in _tables(table)
        for symbol in scope.get_symbols()
        if symbol.is_global() and symbol.is_referenced() and not symbol.is_declared_global()
    }


def _module_names(index: Index, path: str, module: symtable.SymbolTable) -> set[str]:
    bound = {entry.get_name() for entry in module.get_symbols() if entry.is_assigned() or entry.is_imported()}
    bound |= {entry.get_name() for entry in module.get_symbols() if entry.is_namespace()}
    for scope in _tables(module):
        bound |= {entry.get_name() for entry in scope.get_symbols() if entry.is_declared_global()}
    return (bound - _only_in_scripts(index, path)) | _starred(index, path)


def _only_in_scripts(index: Index, path: str) -> set[str]:
    """Names that are bound under `if __name__ == "__main__"` alone: an import does not bind them."""
    parsed = index.parsed(path)
    body = parsed.body if parsed is not None else []
    scripts = [node for node in body if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)]
    rest = [node for node in body if node not in scripts]
    elsewhere = defined_names(rest) | {name for node in rest for name in _imported(node)}
    return {name for node in scripts for name in defined_names(node.body)} - elsewhere


def _imported(node: ast.stmt) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in part.names)


def _starred(index: Index, path: str) -> set[str]:
    """Names that `from module import *` brings from modules of the tree."""
    found: set[str] = set()
    for entry in index.imports(path):
        source = index.modules.get(entry.module) if entry.name == "*" else None
        parsed = index.parsed(source) if source and source != path else None
        if parsed is not None and source is not None:
            found |= defined_names(parsed.body) | {use.bound for use in index.imports(source)}
    return found
