"""The `__all__` of a module: finding it, and adding a name in its own order and layout."""

from collections.abc import Iterator, Sequence
from typing import cast

import libcst as cst

from grace_tui.healing.repair.operators.imports import sorted_position
from grace_tui.healing.repair.operators.layout import insert_between, insert_item
from grace_tui.healing.repair.operators.shapes import is_name

Names = cst.List | cst.Tuple


def add_export(module: cst.Module, name: str) -> cst.Module:
    """Add `name` to the module's literal `__all__`; unchanged where there is none or it is there already."""
    found = _literal(module)
    if found is None or name in _values(found.elements):
        return module
    values = _values(found.elements)
    at = sorted_position(values, name) if len(values) == len(found.elements) else len(found.elements)
    new = cst.Element(cst.SimpleString(f"{_quote(found.elements)}{name}{_quote(found.elements)}"))
    elements = cast("list[cst.Element]", list(found.elements))
    changed = _list(found, elements, new, at) if isinstance(found, cst.List) else _tuple(found, elements, new, at)
    return cst.ensure_type(module.deep_replace(found, changed), cst.Module)


def has_all(module: cst.Module) -> bool:
    return any(is_name(target, "__all__") for target, _ in _assignments(module))


def plain_reexports(module: cst.Module) -> bool:
    """True where the module already re-exports names by plain imports, without aliases."""
    imports = [node for node in _statements(module) if isinstance(node, cst.ImportFrom)]
    entries = [entry for node in imports if not isinstance(node.names, cst.ImportStar) for entry in node.names]
    return any(entry.asname is None for entry in entries)


def _literal(module: cst.Module) -> Names | None:
    """The list or tuple that `__all__` is set to, or the last one it is extended by."""
    found: Names | None = None
    for target, value in _assignments(module):
        if is_name(target, "__all__") and isinstance(value, cst.List | cst.Tuple):
            found = value
    return found


def _assignments(module: cst.Module) -> Iterator[tuple[cst.CSTNode, cst.CSTNode | None]]:
    for statement in _statements(module):
        if isinstance(statement, cst.Assign):
            yield statement.targets[0].target, statement.value
        elif isinstance(statement, cst.AugAssign | cst.AnnAssign):
            yield statement.target, statement.value


def _statements(module: cst.Module) -> Iterator[cst.BaseSmallStatement]:
    for line in module.body:
        if isinstance(line, cst.SimpleStatementLine):
            yield from line.body


def _values(elements: Sequence[cst.BaseElement]) -> list[str]:
    strings = [element.value for element in elements if isinstance(element.value, cst.SimpleString)]
    return [str(string.evaluated_value) for string in strings]


def _quote(elements: Sequence[cst.BaseElement]) -> str:
    for element in elements:
        if isinstance(element.value, cst.SimpleString):
            return element.value.quote
    return '"'


def _list(found: cst.List, elements: list[cst.Element], new: cst.Element, at: int) -> Names:
    opening, closing = found.lbracket.whitespace_after, found.rbracket.whitespace_before
    changed, closing = insert_between(opening, elements, new, at, closing)
    return found.with_changes(elements=changed, rbracket=found.rbracket.with_changes(whitespace_before=closing))


def _tuple(found: cst.Tuple, elements: list[cst.Element], new: cst.Element, at: int) -> Names:
    if not found.rpar:
        return found.with_changes(elements=insert_item(elements, new, at, cst.SimpleWhitespace("")))
    opening, last = found.lpar[0].whitespace_after, found.rpar[-1]
    changed, closing = insert_between(opening, elements, new, at, last.whitespace_before)
    rpar = [*found.rpar[:-1], last.with_changes(whitespace_before=closing)]
    return found.with_changes(elements=changed, rpar=rpar)
